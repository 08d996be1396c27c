"""Tags by which people, reports and rules find what belongs to whom."""

from keyturn.catalogue import Kind, sensitivity_of
from keyturn.names import SecretName


def owner_tags(environment: str, service: str) -> dict[str, str]:
    """Gives the tags of a role or function."""
    return {"keyturn:environment": environment, "keyturn:service": service}


def secret_tags(name: SecretName, kind: Kind, rotation: str) -> dict[str, str]:
    """Gives the tags of a secret."""
    return {
        **owner_tags(name.environment, name.service),
        "keyturn:secret": name.secret,
        "keyturn:kind": kind,
        "keyturn:sensitivity": sensitivity_of(kind),
        "keyturn:rotation": rotation,
    }
