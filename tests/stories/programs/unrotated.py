"""Nothing rotates the secret."""

from plain import database_secret, may_read, owned_key

key = owned_key()
secret = database_secret(key.arn)
may_read("billing", secret, key)
