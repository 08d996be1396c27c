"""The `aws` stand-in: the resource types of Keyturn's stacks, by boto3, on the local cloud and nowhere else."""
