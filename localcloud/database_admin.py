"""What RDS does and nobody else: the database's master password goes into Secrets Manager, minted here and written nowhere else."""

import json
import secrets
from typing import Any

from localcloud.postgres import ADMINISTRATOR, DATABASE, HOST, PostgreSQL

NAME = "local/platform/database-admin"


def keep_current(client: Any, server: PostgreSQL, port: int) -> bool:
    """Writes the credential of the master user into its secret if it is missing there or no longer right; tells whether it did.

    Args:
        client: Secrets Manager, as administrator.
        server: the running server.
        port: where it listens; a server that moved makes the secret stale.
    """
    where = {"engine": "postgres", "host": HOST, "port": port, "dbname": DATABASE, "username": ADMINISTRATOR}
    known = _value(client)
    password = known.get("password")
    if isinstance(password, str) and server.accepts(port, password):
        if known == {**where, "password": password}:
            return False
    else:
        # First the server, then the secret: after a kill in between the secret does not open the database, which is seen next time.
        password = secrets.token_urlsafe(32)
        server.set_password(port, password)
    client.put_secret_value(SecretId=NAME, SecretString=json.dumps({**where, "password": password}))
    return True


def _value(client: Any) -> dict[str, Any]:
    """Gives what the secret holds; makes it if there is none, and takes it back when somebody deleted it."""
    try:
        if "DeletedDate" in client.describe_secret(SecretId=NAME):
            client.restore_secret(SecretId=NAME)
        held = json.loads(client.get_secret_value(SecretId=NAME)["SecretString"])
    except client.exceptions.ResourceNotFoundException:
        _create(client)
        return {}
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def _create(client: Any) -> None:
    try:
        client.create_secret(Name=NAME, Description="Master user of the local PostgreSQL; the local cloud keeps it, as RDS does its own.")
    except client.exceptions.ResourceExistsException:
        return  # it is there, without a value yet
