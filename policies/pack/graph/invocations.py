"""Which functions Secrets Manager may invoke, and for which secrets."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.edges import origin
from policies.pack.graph.patterns import Match, match
from policies.pack.graph.rotation import functions_of
from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import FUNCTION_ALIAS, SECRET
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Unknown, Value

if TYPE_CHECKING:
    from policies.pack.stack import Stack

PERMISSION = "aws:lambda/permission:Permission"

_SECRETS_MANAGER = "secretsmanager.amazonaws.com"
_INVOKE = "lambda:invokefunction"


@dataclass(frozen=True, eq=False)
class Invocation:
    """A lambda Permission that lets Secrets Manager invoke a function, or may."""

    resource: Resource
    certainty: Match
    _resources: Resources

    @property
    def urn(self) -> str:
        """URN of the permission: findings stand there."""
        return self.resource.urn

    @property
    def is_scoped(self) -> Match:
        """Tells whether it is for secrets of one account: else anybody's Secrets Manager may call."""
        account, arn = self.resource.read("sourceAccount"), self.resource.read("sourceArn")
        return max(self._narrows("sourceAccount", account, is_exact=_is_exact), self._narrows("sourceArn", arn, is_exact=_names_account))

    def serves(self, secret: Secret, qualifier: str | Unknown | None) -> Match:
        """Tells whether it counts when this secret rotates by the function under this alias or version."""
        return min(self.certainty, self._from_account_of(secret), self._from(secret), self._under(qualifier))

    def _narrows(self, name: str, value: Value, *, is_exact: Callable[[str], bool]) -> Match:
        if value is UNKNOWN:
            return Match.ALWAYS if self.resource.made_from(name) else Match.MAYBE
        return Match.ALWAYS if isinstance(value, str) and is_exact(value) else Match.NEVER

    def _from_account_of(self, secret: Secret) -> Match:
        account = self.resource.read("sourceAccount")
        if account is UNKNOWN:
            return Match.ALWAYS if self._is_made_from(secret, "sourceAccount") else Match.MAYBE
        if not isinstance(account, str) or not account:
            return Match.ALWAYS
        # Before it exists a secret has no account; nothing speaks against the one that is named.
        return Match.ALWAYS if secret.account in (None, account) else Match.NEVER

    def _from(self, secret: Secret) -> Match:
        arn = self.resource.read("sourceArn")
        if isinstance(arn, str) and arn:
            return secret.covered_by(arn)
        if arn is not UNKNOWN:
            return Match.ALWAYS
        made_from = origin(self.resource, "sourceArn", self._resources)
        named = {found.urn for found in made_from.of_type(SECRET)}
        if secret.urn in named:
            return Match.ALWAYS if len(named) == 1 else Match.MAYBE
        return Match.NEVER if named and made_from.is_complete else Match.MAYBE

    def _is_made_from(self, secret: Secret, name: str) -> bool:
        return any(found.urn == secret.urn for found in origin(self.resource, name, self._resources).of_type(SECRET))

    def _under(self, qualifier: str | Unknown | None) -> Match:
        own = _qualifier(self.resource, self._resources)
        if own is None:
            own = qualifier_in(self.resource, "function", self._resources)
        if isinstance(own, Unknown) or isinstance(qualifier, Unknown):
            return Match.MAYBE
        return Match.ALWAYS if own == qualifier else Match.NEVER


class Invocations:
    """The permissions of a stack by which Secrets Manager invokes functions."""

    def __init__(self, stack: "Stack") -> None:
        self.all: list[Invocation] = []
        self._by_function: defaultdict[str, list[Invocation]] = defaultdict(list)
        self._of_any: list[Invocation] = []
        for resource in stack.resources.of_type(PERMISSION):
            certainty = min(_is(resource.read("principal"), _SECRETS_MANAGER), _is(resource.read("action"), _INVOKE))
            if certainty:
                self._add(Invocation(resource, certainty, stack.resources), stack)

    def of(self, function: Resource) -> list[Invocation]:
        """Gives the permissions to invoke a function of the stack."""
        return [*self._by_function[function.urn], *self._of_any]

    def _add(self, invocation: Invocation, stack: "Stack") -> None:
        self.all.append(invocation)
        functions = functions_of(invocation.resource, "function", stack.resources)
        is_open = (
            invocation.resource.read("function") is UNKNOWN and not origin(invocation.resource, "function", stack.resources).is_complete
        )
        unsure = Invocation(invocation.resource, min(invocation.certainty, Match.MAYBE), stack.resources)
        for function in functions:
            self._by_function[function.urn].append(invocation if len(functions) == 1 else unsure)
        if not functions and is_open:
            self._of_any.append(unsure)


def qualifier_in(resource: Resource, property_name: str, resources: Resources) -> str | Unknown | None:
    """Gives the alias or version that a function's ARN in a property ends in; None for the function as it is."""
    value = resource.read(property_name)
    if isinstance(value, str):
        return ":".join(value.split(":")[7:]) or None
    aliases = origin(resource, property_name, resources).of_type(FUNCTION_ALIAS)
    return _name_of(aliases) if aliases and value is UNKNOWN else None


def _qualifier(resource: Resource, resources: Resources) -> str | Unknown | None:
    value = resource.read("qualifier")
    if value is UNKNOWN:
        return _name_of(origin(resource, "qualifier", resources).of_type(FUNCTION_ALIAS))
    return value if isinstance(value, str) and value else None


def _name_of(aliases: list[Resource]) -> str | Unknown:
    return (aliases[0].text("name") or UNKNOWN) if len(aliases) == 1 else UNKNOWN


def _is(value: Value, wanted: str) -> Match:
    if value is UNKNOWN:
        return Match.MAYBE
    return match(value.lower(), wanted) if isinstance(value, str) else Match.NEVER


def _is_exact(account: str) -> bool:
    return bool(account) and "*" not in account


def _names_account(arn: str) -> bool:
    parts = arn.split(":")
    return len(parts) > 5 and parts[4].isdecimal()
