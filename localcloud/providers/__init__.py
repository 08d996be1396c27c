"""Stand-ins for released provider plugins: they speak Pulumi's provider protocol to the local cloud."""
