"""Reports reads billing's secret, too."""

from plain import may_read, rotated
from pulumi_aws import kms, secretsmanager

secret = secretsmanager.Secret("billing-database", kms_key_id=kms.Key("key").arn)
rotated(secret)
may_read("billing", secret)
may_read("reports", secret)
