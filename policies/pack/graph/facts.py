"""What stacks can have in common, as plain facts: secrets, reads, keys and roles of Vault, each with who has it."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Facts(BaseModel):
    """Plain facts, checked as a whole when they come from a file."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True
    )


class Fact(Facts):
    """Something that a stack has, and whose it is."""

    urn: str
    """URN of the resource that a person would change."""
    environment: str | None = None
    """Environment that it belongs to; missing when nothing says it."""
    service: str | None = None
    """Service that it belongs to; missing when nothing says it."""
    is_known: bool = True
    """Whether it is known, and may be shown, whose it is."""
    is_hidden: bool = Field(False, exclude=True)
    """Whether a part of it is marked secret."""

    def shown(self) -> Self:
        """Gives the fact without what may not be shown."""
        return self.model_copy(update={"environment": None, "service": None, "is_known": False}) if self.is_hidden else self


class SecretReader(Fact):
    """Somebody of a stack who reads one of its secrets."""

    label: str
    """How a message names it."""
    is_certain: bool
    """Whether it reads for certain."""


class HeldSecret(Fact):
    """A secret that a stack makes."""

    label: str
    """How a message names it."""
    name: str | None = None
    """Physical name; missing when it is not known yet, or secret."""
    arn: str | None = None
    """ARN; missing when it is not known yet, or secret."""
    account: str | None = None
    """Account that it is in; missing when it is not known yet."""
    region: str | None = None
    """Region that it is in; missing when it is not known yet."""
    readers: tuple[SecretReader, ...] = ()
    """Who of the stack reads it."""

    def shown(self) -> Self:
        """Gives the fact without what may not be shown."""
        hidden = {"name": None, "arn": None} if self.is_hidden else {}
        return super().shown().model_copy(update={**hidden, "readers": tuple(reader.shown() for reader in self.readers)})


class Read(Fact):
    """A read of a secret that the stack does not make."""

    property: str
    """Property that names the secret."""
    label: str
    """How a message names who reads."""
    text: str | None = None
    """ARN, pattern of ARNs or name; missing when it is not known yet, or secret."""
    is_certain: bool = True
    """Whether what the text means is read for certain."""
    is_quotable: bool = Field(True, exclude=True)
    """Whether a message may show the text."""

    def shown(self) -> Self:
        """Gives the fact without what may not be shown."""
        return super().shown() if self.is_quotable else super().shown().model_copy(update={"text": None})


class UsedKey(Fact):
    """A KMS key that encrypts a secret of a stack."""

    label: str
    """How a message names the secret."""
    key: str | None = None
    """ARN, id or alias; missing when it is not known yet, or secret."""

    def shown(self) -> Self:
        """Gives the fact without what may not be shown."""
        return super().shown().model_copy(update={"key": None}) if self.is_hidden else self


class VaultRole(Fact):
    """A role by which something logs in to Vault."""

    label: str
    """How a message names it."""
    name: str | None = None
    """Path in Vault, e.g. `auth/kubernetes/role/billing`; missing when it is not known yet, or secret."""
    server: str | None = None
    """Address and namespace of the server; missing when nobody can tell."""
    is_server_quotable: bool = Field(True, exclude=True)
    """Whether a message may show the server."""

    def shown(self) -> Self:
        """Gives the fact without what may not be shown."""
        hidden = {"name": None, "server": None} if self.is_hidden else {} if self.is_server_quotable else {"server": None}
        return super().shown().model_copy(update=hidden)
