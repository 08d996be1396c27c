"""Reports reads billing's secret, too."""

from plain import database_secret, may_read, owned_key, rotated

key = owned_key()
secret = database_secret(key.arn)
rotated(secret, key)
may_read("billing", secret, key)
may_read("reports", secret, key)
