"""Brings back a secret that is scheduled for deletion, with all its versions."""

from keyturn.names import SecretName
from keyturn.operations.account import Account
from keyturn.operations.secret import Secret


def restore(account: Account, name: SecretName) -> tuple[Secret, bool]:
    """Gives the secret, and whether its deletion had to be cancelled; one that is not being deleted stays as it is.

    Raises:
        NotFoundError: there is no such secret, or its recovery window is over.
    """
    secret = account.describe(str(name))
    if not secret.deleted:
        return secret, False
    account.restore(secret)
    return secret, True


def keep_key_command(key: str) -> str:
    """Gives the line that keeps the secret's key: `pulumi destroy` lets it wait for deletion, and no version can be read meanwhile."""
    return f"aws kms cancel-key-deletion --key-id {key} && aws kms enable-key --key-id {key}"


def import_command(name: SecretName, arn: str) -> str:
    """Gives the line that takes the secret into the environment's stack, as the child that its component expects.

    The component has to be in the state: a `pulumi up` that stopped at the secret's name has left it there.
    """
    logical = f"{name.service}/{name.secret}"
    parent = f"urn:pulumi:{name.environment}::keyturn::keyturn:index:DatabaseCredential::{logical}"
    # Unprotected, because the stack declares it so; the program that declares it exists, so none is generated.
    options = f"--stack {name.environment} --parent 'credential={parent}' --protect=false --generate-code=false"
    return f"pulumi import {options} aws:secretsmanager/secret:Secret {logical} {arn}"
