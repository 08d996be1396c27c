"""The secret is encrypted with the key that AWS manages for the whole account."""

from plain import may_read, rotated
from pulumi_aws import secretsmanager

secret = secretsmanager.Secret("billing-database", kms_key_id="alias/aws/secretsmanager")
rotated(secret)
may_read("billing", secret)
