"""The rotation function: makes the next credential, sets it, proves that it works, and only then publishes it."""
