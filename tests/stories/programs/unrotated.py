"""Nothing rotates the secret."""

from plain import may_read
from pulumi_aws import kms, secretsmanager

secret = secretsmanager.Secret("billing-database", kms_key_id=kms.Key("key").arn)
may_read("billing", secret)
