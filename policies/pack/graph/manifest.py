"""The facts of one Pulumi stack that others are compared with: its secrets and who reads them, what it reads of others, its keys."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from policies.pack.graph.fact_finding import FactFinding
from policies.pack.graph.facts import Facts, HeldSecret, Read, UsedKey, VaultRole

if TYPE_CHECKING:
    from policies.pack.stack import Stack


class InvalidManifestError(ValueError):
    """The JSON is no manifest. The message names the fields that are wrong, and no value."""


class StackFacts(Facts):
    """What a stack shares with others, or could. No value, and nothing of a property that is marked secret, leaves it as JSON."""

    version: Literal[1] = 1
    """Version of this form."""
    project: str
    """Pulumi's name of the project."""
    stack: str
    """Pulumi's name of the stack."""
    environment: str | None = None
    """Environment that its configuration names."""
    secrets: tuple[HeldSecret, ...] = ()
    """Secrets that it makes."""
    reads: tuple[Read, ...] = ()
    """Secrets of others that it reads."""
    keys: tuple[UsedKey, ...] = ()
    """Keys that encrypt its secrets."""
    vault_roles: tuple[VaultRole, ...] = ()
    """Roles that it makes in Vault."""

    def as_json(self) -> dict[str, Any]:
        """Gives the facts as JSON, without what may not be shown."""
        shown = {
            "secrets": tuple(secret.shown() for secret in self.secrets),
            "reads": tuple(read.shown() for read in self.reads),
            "keys": tuple(key.shown() for key in self.keys),
            "vault_roles": tuple(role.shown() for role in self.vault_roles),
        }
        # The engine takes what is left out for missing, and null for a value of a wrong type.
        return self.model_copy(update=shown).model_dump(mode="json", by_alias=True, exclude_none=True)

    @staticmethod
    def from_json(given: Mapping[str, Any] | str) -> "StackFacts":
        """Gives the facts that JSON describes.

        Args:
            given: what `as_json` gave, or its text.

        Raises:
            InvalidManifestError: it is no manifest.
        """
        try:
            return StackFacts.model_validate_json(given if isinstance(given, str) else json.dumps(given))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}" for one in error.errors(include_input=False))
            raise InvalidManifestError(f"this is no manifest of a stack: {wrong}") from None
        except (TypeError, ValueError, RecursionError):
            raise InvalidManifestError("this is no manifest of a stack: it is no JSON") from None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the facts of other stacks."""
        return self.project, self.stack

    @property
    def label(self) -> str:
        """How a message names the stack."""
        return f'stack "{self.project}/{self.stack}"'


class Manifest(StackFacts):
    """The facts of a stack that is judged alone. Of several stacks that are judged together, `manifests` gives one each."""

    def __init__(self, stack: "Stack") -> None:
        super().__init__(**_facts(stack, *names_of(stack)[0]))


def manifests(stack: "Stack") -> list[StackFacts]:
    """Gives the facts of each Pulumi stack that is judged: of one, or of several when exported states are judged together."""
    return [StackFacts(**_facts(stack, *name)) for name in names_of(stack)]


def names_of(stack: "Stack") -> list[tuple[str, str]]:
    """Gives project and name of each Pulumi stack that is judged."""
    return sorted({(resource.project, resource.stack) for resource in stack.resources}) or [("", "")]


def _facts(stack: "Stack", project: str, name: str) -> dict[str, Any]:
    facts = FactFinding(stack, project, name)
    return {
        "project": project,
        "stack": name,
        "environment": stack.environment,
        "secrets": tuple(facts.secrets()),
        "reads": tuple(facts.reads()),
        "keys": tuple(facts.keys()),
        "vault_roles": tuple(facts.vault_roles()),
    }
