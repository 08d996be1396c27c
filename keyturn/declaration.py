"""The declaration of one environment: which service owns which secret. It is checked as a whole before anything is created."""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from keyturn import _checks as checks
from keyturn._part import Part
from keyturn._stackfile import read
from keyturn._surroundings import Surroundings
from keyturn.catalogue import Identity
from keyturn.logins import SHAPES, AnyLogin, RedisLogin, SqlLogin
from keyturn.names import SecretName, parse
from keyturn.problems import Path as KeyPath
from keyturn.problems import Problems, refusal


class PlainIdentity(Part):
    """A service of AWS that runs the code: its trust needs no further word."""

    type: Literal[Identity.LAMBDA, Identity.ECS, Identity.EC2]


class KubernetesIdentity(Part):
    """A service account of a cluster, known to AWS by the cluster's OIDC provider."""

    type: Literal[Identity.KUBERNETES]
    namespace: Annotated[str, AfterValidator(checks.label)]
    service_account: Annotated[str, AfterValidator(checks.label)]


class RoleIdentity(Part):
    """A role or user that exists and may take the service's role."""

    type: Literal[Identity.ROLE]
    principal: Annotated[str, AfterValidator(checks.principal)]


AnyIdentity = Annotated[PlainIdentity | KubernetesIdentity | RoleIdentity, Field(discriminator="type")]


class Read(Part):
    """Another service's secret that this service reads: why, and until when."""

    secret: Annotated[str, AfterValidator(checks.foreign_secret)]
    reason: Annotated[str, AfterValidator(checks.reason)]
    until: Annotated[str, BeforeValidator(checks.until)]
    """ISO date of the last day."""


class Service(Part):
    """What one service runs as, owns and reads."""

    identity: Annotated[AnyIdentity, BeforeValidator(checks.identity)]
    secrets: dict[Annotated[str, AfterValidator(checks.secret_name)], AnyLogin] = Field(default_factory=dict[str, AnyLogin])
    reads: tuple[Read, ...] = ()
    deliver: Annotated[tuple[str, ...], AfterValidator(checks.deliver)] = ()

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if not self.secrets and not self.reads:
            raise refusal("has neither `secrets` nor `reads`: declare one, or remove the service")
        return self


class Kubernetes(Part):
    """The cluster that services with a Kubernetes identity run in."""

    oidc_provider_arn: Annotated[str, AfterValidator(checks.oidc_provider)]


class Vpc(Part):
    """Where rotation functions run, to reach databases without a public address."""

    subnet_ids: Annotated[tuple[str, ...], Field(min_length=1)]
    security_group_ids: Annotated[tuple[str, ...], Field(min_length=1)]


class Declaration(Part):
    """One environment, whole and checked."""

    environment: Annotated[str, AfterValidator(checks.environment)]
    services: Annotated[dict[Annotated[str, AfterValidator(checks.service_name)], Service], Field(min_length=1)]
    alerts: Annotated[tuple[Annotated[str, AfterValidator(checks.alert)], ...], AfterValidator(checks.alerts)] = Field(
        default=(), validate_default=True
    )
    recovery_days: Annotated[int, AfterValidator(checks.recovery_days)] = 30
    kubernetes: Annotated[Kubernetes | None, BeforeValidator(checks.given)] = None
    vpc: Annotated[Vpc | None, BeforeValidator(checks.given)] = None

    @model_validator(mode="after")
    def _reads_are_of_others_and_said_once(self) -> Self:
        for service, declared in self.services.items():
            said = [read.secret for read in declared.reads]
            for index, secret in enumerate(said):
                if parse(secret).service == service:
                    raise refusal(
                        "is the service's own secret, which it reads anyway; remove the entry", "services", service, "reads", index
                    )
                if secret in said[:index]:
                    raise refusal("is given twice; keep one reason and one end", "services", service, "reads", index)
        return self

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, object],
        *,
        directory: Path,
        secret_keys: Collection[str] = (),
        variables: Mapping[str, str] = os.environ,
    ) -> Self:
        """Gives the declaration that a stack's configuration holds; paths in it are relative to `directory`.

        Raises:
            DeclarationError: with every problem, each with its key; nothing of the configuration's values is in it.
        """
        problems = Problems()
        plain = read(config, secret_keys, variables, problems)
        try:
            declaration = cls.model_validate(plain, context=Surroundings.of(plain, directory))
        except ValidationError as error:
            problems.add_all(error, _keys_at)
            raise problems.error() from None
        if problems:
            raise problems.error()
        return declaration

    def secrets(self) -> dict[SecretName, SqlLogin | RedisLogin]:
        """Gives every secret that is declared, by name."""
        return {name: database for service in self.services for name, database in self._secrets_of(service).items()}

    def rotations(self) -> Iterator[tuple[str, str, dict[SecretName, SqlLogin | RedisLogin]]]:
        """Gives what one rotation function each looks after: service, engine and the secrets."""
        for service in self.services:
            mine = self._secrets_of(service)
            for engine in sorted({database.engine for database in mine.values()}):
                yield service, engine, {name: database for name, database in mine.items() if database.engine == engine}

    def readable_by(self, service: str) -> list[str]:
        """Gives the physical names of what a service reads: its own secrets, and others' with a reason and an end."""
        return [*map(str, self._secrets_of(service)), *(read.secret for read in self.services[service].reads)]

    def admins(self) -> dict[str, str]:
        """Gives the admin secrets that are referred to, by name or ARN; each under the key that does."""
        return {
            f"keyturn:services.{name.service}.secrets.{name.secret}.admin": database.admin
            for name, database in self.secrets().items()
            if database.admin
        }

    def access_matrix(self) -> dict[str, dict[str, str]]:
        """Gives who may do what with which secret: `read`, `rotate` or `none`. A row is a service, or the rotation of its secrets."""
        names = self.secrets()
        matrix: dict[str, dict[str, str]] = {}
        for service in self.services:
            readable = set(self.readable_by(service))
            matrix[service] = {str(name): "read" if str(name) in readable else "none" for name in names}
        for service, engine, rotated in self.rotations():
            matrix[f"{service}/rotation/{engine}"] = {str(name): "rotate" if name in rotated else "none" for name in names}
        return matrix

    def _secrets_of(self, service: str) -> dict[SecretName, SqlLogin | RedisLogin]:
        return {SecretName(self.environment, service, secret): given for secret, given in self.services[service].secrets.items()}


def _keys_at(path: KeyPath) -> Collection[str]:
    match path:
        case ():
            part: type[Part] = Declaration
        case ("services", _):
            part = Service
        case ("services", _, "secrets", _, shape):
            part = SHAPES[str(shape)]
        case ("services", _, "reads", int()):
            part = Read
        case ("services", _, "identity", Identity.KUBERNETES):
            part = KubernetesIdentity
        case ("services", _, "identity", Identity.ROLE):
            part = RoleIdentity
        case ("services", _, "identity", _):
            part = PlainIdentity
        case ("kubernetes",):
            part = Kubernetes
        case _:
            part = Vpc
    return [to_camel(field) for field in part.model_fields]
