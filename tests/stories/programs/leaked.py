"""Billing's password goes into a function's environment and into a manifest instead of being read from its secret."""

import pulumi
from plain import role
from pulumi_aws import lambda_
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_random import RandomPassword

password = RandomPassword("billing-database", length=32).result
lambda_.Function(
    "billing",
    role=role("billing").arn,
    runtime="python3.13",
    handler="function.handler",
    code=pulumi.FileArchive("rotation"),
    environment={"variables": {"DATABASE_PASSWORD": password}},
)
ConfigMap("billing", metadata={"name": "billing"}, data={"password": password})
