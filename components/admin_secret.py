"""Finds admin secrets that are made elsewhere, by RDS or a DBA: where they are and which key they have, never what is in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_aws import kms, secretsmanager

# Engine and SDK each put the name of the call before what the provider says.
_ENGINES_WORDS = re.compile(r"^.*:get(Secret|Key)( failed| returned an error)?: ")

_HEADLINE = (
    "an admin secret is missing; nothing was created. It is made elsewhere: let RDS manage the master user's password,"
    " or have a DBA write it; then name it here by its name or ARN."
)


class AdminSecretError(Exception):
    """Admin secrets that cannot be found, each with the key that refers to it."""


@dataclass(frozen=True)
class AdminSecret:
    """An admin secret that exists."""

    arn: str
    """ARN of the secret."""
    kms_key_arn: str | None
    """ARN of its key; None for the AWS managed key, which needs no permission."""


def find_all(references: Mapping[str, str]) -> dict[str, AdminSecret]:
    """Gives the admin secrets by name or ARN, as they are referred to; `references` has who refers to which, by key.

    Raises:
        AdminSecretError: with each that does not exist or may not be looked at.
    """
    found: dict[str, AdminSecret] = {}
    problems: dict[str, str] = {}
    for reference in sorted(set(references.values())):
        try:
            found[reference] = _find(reference)
        except Exception as error:  # the SDK raises nothing narrower when an invoke fails
            problems[reference] = _ENGINES_WORDS.sub("", (str(error).strip().splitlines() or [type(error).__name__])[0])
    if problems:
        lines = [
            f"  {key}: {reference} cannot be found: {problems[reference]}" for key, reference in references.items() if reference in problems
        ]
        raise AdminSecretError("\n".join([_HEADLINE, *lines]))
    return found


def _find(reference: str) -> AdminSecret:
    found = secretsmanager.get_secret(arn=reference) if reference.startswith("arn:") else secretsmanager.get_secret(name=reference)
    return AdminSecret(arn=found.arn, kms_key_arn=_key_arn(found.kms_key_id))


def _key_arn(key: str | None) -> str | None:
    """A secret names its key by ARN, id or alias, but a permission needs the ARN."""
    if not key or key.endswith("alias/aws/secretsmanager"):
        return None
    return key if ":key/" in key else kms.get_key(key_id=key).arn
