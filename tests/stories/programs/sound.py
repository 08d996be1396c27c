"""One reader, a rotation, a key of the customer's."""

from plain import may_read, rotated
from pulumi_aws import kms, secretsmanager

secret = secretsmanager.Secret("billing-database", kms_key_id=kms.Key("key").arn)
rotated(secret)
may_read("billing", secret)
