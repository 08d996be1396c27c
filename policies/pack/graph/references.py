"""Where a program names secrets by text: in documents, deliveries, declarations and resources that are about one secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyturn.names import InvalidNameError, parse
from policies.pack.graph.documents import READ, MalformedDocumentError, Statement, statements
from policies.pack.graph.edges import origin
from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.identity import Identity
from policies.pack.graph.intent import Service, service_declared, service_of
from policies.pack.graph.patterns import Match
from policies.pack.graph.task_definitions import container_secrets
from policies.pack.graph.tokens import (
    FUNCTION,
    ROLE,
    SECRET,
    SECRET_POLICY,
    SECRET_ROTATION,
    SECRET_VERSION,
    SERVICE_ACCESS,
    TASK_DEFINITION,
)
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, Value, at, elements, has_mark, plain

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_ABOUT_ONE_SECRET = {
    SECRET_POLICY: "secretArn",
    SECRET_ROTATION: "secretId",
    SECRET_VERSION: "secretId",
}


@dataclass(frozen=True, eq=False)
class Reference:
    """A text by which something means secrets, or may mean some while the text is not known yet."""

    resource: Resource
    """The resource that a person has to change."""
    property_name: str
    text: str | Unknown
    """An ARN, a pattern of ARNs or a name. UNKNOWN when nobody can tell; `made_from` says what it may be."""
    user: Resource
    """What uses the secret by it: its environment counts."""
    by: str
    """How a message names who uses it."""
    service: Service | Unknown | None = None
    """The service that uses it."""
    reads: Match = Match.NEVER
    """Whether the value is read by it."""
    is_hidden: bool = False
    """Whether it comes from a property that is marked secret, so that nothing of it may be quoted."""
    made_from: tuple[Resource, ...] = ()
    """Secrets of the stack that a text which is not known yet was made from."""
    is_open: bool = False
    """Whether a text which is not known yet may mean something that the stack does not show."""
    is_path: bool = False
    """Whether it is a path in Vault."""

    @property
    def urn(self) -> str:
        """URN of the resource: findings stand there."""
        return self.resource.urn

    @property
    def shown(self) -> str:
        """How a message names what is meant."""
        return "a secret" if self.is_hidden or not isinstance(self.text, str) else f'"{name_in(self.text)}"'


class References:
    """Every such text of a stack. Words of a document that denies name nothing."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self.all: tuple[Reference, ...] = (
            *self._granted(),
            *self._declared(),
            *self._about_one_secret(),
            *self._of_tasks(),
            *self._of_functions(),
            *self._synced(),
        )

    def _granted(self) -> Iterator[Reference]:
        for holding in self._stack.holdings:
            identity, holder = holding.identity, holding.holder
            hidden = holding.origin.hides(holding.property) or has_mark(holding.document)
            if holding.is_elsewhere:
                # A policy that AWS or another stack keeps under a known ARN names no secret of ours by text.
                if any(arn is UNKNOWN for arn in elements(holder.read(holding.property))):
                    yield self._by_identity(identity, holder, holding.property, UNKNOWN, Match.MAYBE, hidden=hidden, is_open=True)
                continue
            try:
                said = statements(holding.document)
            except MalformedDocumentError:
                continue
            if isinstance(said, list):
                for text, reads in _named_by(said):
                    yield self._by_identity(identity, holder, holding.property, text, reads, hidden=hidden, is_open=text is UNKNOWN)
            else:
                made_from = origin(holding.origin, holding.property, self._stack.resources)
                secrets, is_open = tuple(made_from.of_type(SECRET)), not made_from.is_complete
                if secrets or is_open:
                    yield self._by_identity(
                        identity, holder, holding.property, UNKNOWN, Match.MAYBE, hidden=hidden, made_from=secrets, is_open=is_open
                    )

    def _by_identity(
        self,
        identity: Identity,
        holder: Resource,
        property_name: str,
        text: str | Unknown,
        reads: Match,
        *,
        hidden: bool,
        made_from: tuple[Resource, ...] = (),
        is_open: bool = False,
    ) -> Reference:
        user = identity.resource or holder
        return Reference(holder, property_name, text, user, identity.label, identity.service, reads, hidden, made_from, is_open)

    def _declared(self) -> Iterator[Reference]:
        for component in self._stack.resources.of_type(SERVICE_ACCESS):
            for name in elements(component.read("reads")):
                yield from self._of(component, "reads", name, reads=Match.ALWAYS)

    def _about_one_secret(self) -> Iterator[Reference]:
        for token, property_name in _ABOUT_ONE_SECRET.items():
            for resource in self._stack.resources.of_type(token):
                yield from self._of(resource, property_name, resource.read(property_name))

    def _of_tasks(self) -> Iterator[Reference]:
        """Gives what ECS puts into containers; the execution role reads it."""
        for task in self._stack.resources.of_type(TASK_DEFINITION):
            role = next(self._stack.identities.named_by(task, "executionRoleArn", ROLE), None)
            for value in container_secrets(task):
                yield from self._of(task, "containerDefinitions", value, reads=Match.ALWAYS, role=role)

    def _of_functions(self) -> Iterator[Reference]:
        """Gives what names a secret in a function's environment: a way to find it, and no right to read it."""
        for function in self._stack.resources.of_type(FUNCTION):
            variables = function.read("environment", "variables")
            values = [plain(value) for value in variables.values()] if isinstance(variables, dict) else [variables]
            if any(value is UNKNOWN for value in values):
                yield from self._of(function, "environment", UNKNOWN)
            for value in values:
                if isinstance(value, str) and (_is_of_a_secret(value) or is_keyturns(value)):
                    yield from self._of(function, "environment", value)

    def _synced(self) -> Iterator[Reference]:
        external = self._stack.part(ExternalSecrets)
        for synced in external.synced:
            for reference in synced.references:
                key = at(reference.search, "path") if reference.how == "find" else reference.key
                stores = external.stores_of(reference)
                prefix = stores[0][0].prefix if len(stores) == 1 else ""
                text = UNKNOWN if key is UNKNOWN or prefix is UNKNOWN else f"{prefix}{key}" if isinstance(key, str) else None
                yield from self._of(synced.resource, "spec", text, reads=Match.ALWAYS)

    def _of(
        self, resource: Resource, property_name: str, value: Value, *, reads: Match = Match.NEVER, role: Identity | None = None
    ) -> Iterator[Reference]:
        text = plain(value)
        if not isinstance(text, str | Unknown):
            return
        made_from = origin(resource, property_name, self._stack.resources) if text is UNKNOWN else None
        secrets = tuple(made_from.of_type(SECRET)) if made_from else ()
        is_open = made_from is not None and not made_from.is_complete
        if text is UNKNOWN and not secrets and not is_open:
            return
        if role is not None and role.resource is not None:
            by, service = role.label, role.service
        else:
            by, service = resource.label, self._service(resource)
        hidden = resource.hides(property_name)
        yield Reference(resource, property_name, text, resource, by, service, reads, hidden, secrets, is_open)

    def _service(self, resource: Resource) -> Service | Unknown | None:
        return service_declared(resource) if resource.type == SERVICE_ACCESS else service_of(resource, self._stack.resources)


def name_in(text: str) -> str:
    """Gives the name in an ARN, or in a pattern of ARNs, of a secret or a parameter; other text is the name itself."""
    parts = text.split(":", 6)
    if len(parts) == 7 and parts[2] == "secretsmanager":
        return parts[6]
    return parts[5].removeprefix("parameter") if len(parts) == 6 and parts[2] == "ssm" else text


def _named_by(said: list[Statement]) -> Iterator[tuple[str | Unknown, Match]]:
    for statement in said:
        if statement.allows is False:
            continue
        reads = statement.does(READ)
        for pattern in elements(statement.resources):
            if pattern is UNKNOWN:
                yield UNKNOWN, reads
            elif isinstance(pattern, str) and _is_of_a_secret(pattern):
                yield pattern, reads


def _is_of_a_secret(pattern: str) -> bool:
    """Tells whether a pattern names secrets or parameters; `*` alone names nothing, and another rule refuses it."""
    parts = pattern.split(":", 5)
    return len(parts) == 6 and (parts[2] == "secretsmanager" or (parts[2] == "ssm" and parts[5].startswith("parameter/")))


def is_keyturns(name: str) -> bool:
    """Tells whether a name is of the form that Keyturn gives."""
    try:
        parse(name)
    except InvalidNameError:
        return False
    return True
