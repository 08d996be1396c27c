"""The gate in front of a pull request: runs the pack on several stacks and says what it found where people look."""
