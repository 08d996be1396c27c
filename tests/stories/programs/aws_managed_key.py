"""The secret is encrypted with the key that AWS manages for the whole account."""

from plain import database_secret, may_read, owned_key, rotated

key = owned_key()
secret = database_secret("alias/aws/secretsmanager")
rotated(secret, key)
may_read("billing", secret, key)
