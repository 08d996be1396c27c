"""One reader, a rotation, a key of the customer's, and somebody who hears when something goes wrong."""

from plain import database_secret, may_read, owned_key, rotated

key = owned_key()
secret = database_secret(key.arn)
rotated(secret, key)
may_read("billing", secret, key)
