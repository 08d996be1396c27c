"""Which functions Secrets Manager may invoke, and for which secrets."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.pack.graph.edges import origin
from policies.pack.graph.functions import functions_of, name_among, qualifier_in
from policies.pack.graph.patterns import Match, match
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
_ANY_FUNCTION = ""


@dataclass(frozen=True, eq=False)
class Invocation:
    """A lambda Permission that lets Secrets Manager invoke a function, or may."""

    resource: Resource
    certainty: Match
    qualifier: str | Unknown | None
    """The alias or version that it is for; None for the function as it is."""

    @property
    def urn(self) -> str:
        """URN of the permission: findings stand there."""
        return self.resource.urn

    @property
    def is_scoped(self) -> Match:
        """Tells whether it is for secrets of one account: else anybody's Secrets Manager may call."""
        return max(self._narrows("sourceAccount", _is_exact), self._narrows("sourceArn", _names_account))

    def _narrows(self, name: str, is_narrow: Callable[[str], bool]) -> Match:
        value = self.resource.read(name)
        if value is UNKNOWN:
            return Match.ALWAYS if self.resource.made_from(name) else Match.MAYBE
        return Match.ALWAYS if isinstance(value, str) and is_narrow(value) else Match.NEVER


class Invocations:
    """The permissions of a stack by which Secrets Manager invokes functions."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self.all: list[Invocation] = []
        # One function may have a permission for each of thousands of secrets: they are found without asking each.
        self._of_one: defaultdict[tuple[str, str], list[tuple[Invocation, Match]]] = defaultdict(list)
        self._of_any: defaultdict[str, list[tuple[Invocation, Match]]] = defaultdict(list)
        self._invoked: set[str] = set()
        for resource in stack.resources.of_type(PERMISSION):
            certainty = min(_is(resource.read("principal"), _SECRETS_MANAGER), _is(resource.read("action"), _INVOKE))
            if certainty:
                invocation = Invocation(resource, certainty, _qualifier(resource, stack.resources))
                self.all.append(invocation)
                self._add(invocation)

    def serves(self, function: Resource, secret: Secret, qualifier: str | Unknown | None) -> Match:
        """Tells whether Secrets Manager may invoke a function of the stack, under an alias or version, to rotate a secret."""
        own, any_secret, any_function = (
            self._of_one.get((function.urn, secret.urn), ()),
            self._of_any.get(function.urn, ()),
            self._of_any.get(_ANY_FUNCTION, ()),
        )
        return max(
            (
                min(invocation.certainty, certainty, _agree(invocation.qualifier, qualifier), self._from_account_of(secret, invocation))
                for invocation, certainty in (*own, *any_secret, *any_function)
            ),
            default=Match.NEVER,
        )

    def has_any(self, function: Resource) -> bool:
        """Tells whether Secrets Manager may invoke a function for any secret."""
        return not self._invoked.isdisjoint((function.urn, _ANY_FUNCTION))

    def _add(self, invocation: Invocation) -> None:
        resource, resources = invocation.resource, self._stack.resources
        functions = functions_of(resource, "function", resources)
        sure = Match.ALWAYS if len(functions) == 1 else Match.MAYBE
        secrets, others = self._sources(resource)
        for function in functions:
            self._invoked.add(function.urn)
            for secret, certainty in secrets.items():
                self._of_one[function.urn, secret].append((invocation, min(sure, certainty)))
            if others:
                self._of_any[function.urn].append((invocation, min(sure, others)))
        if not functions and resource.read("function") is UNKNOWN and not origin(resource, "function", resources).is_complete:
            self._invoked.add(_ANY_FUNCTION)
            self._of_any[_ANY_FUNCTION].append((invocation, Match.MAYBE))

    def _sources(self, permission: Resource) -> tuple[dict[str, Match], Match]:
        """Gives the secrets that a permission names, and whether it is for the others, too."""
        arn = permission.read("sourceArn")
        if isinstance(arn, str) and arn:
            return {secret.urn: certainty for secret, certainty in self._stack.secret_index.covered_by(arn)}, Match.NEVER
        if arn is not UNKNOWN:
            return {}, Match.ALWAYS
        made_from = origin(permission, "sourceArn", self._stack.resources)
        named = made_from.of_type(SECRET)
        certainty = Match.ALWAYS if len(named) == 1 else Match.MAYBE
        return {secret.urn: certainty for secret in named}, Match.NEVER if named and made_from.is_complete else Match.MAYBE

    def _from_account_of(self, secret: Secret, invocation: Invocation) -> Match:
        account = invocation.resource.read("sourceAccount")
        if account is UNKNOWN:
            made_from = origin(invocation.resource, "sourceAccount", self._stack.resources).of_type(SECRET)
            return Match.ALWAYS if any(found.urn == secret.urn for found in made_from) else Match.MAYBE
        if not isinstance(account, str) or not account:
            return Match.ALWAYS
        # Before it exists a secret has no account; nothing speaks against the one that is named.
        return Match.ALWAYS if secret.account in (None, account) else Match.NEVER


def _qualifier(permission: Resource, resources: Resources) -> str | Unknown | None:
    value = permission.read("qualifier")
    if value is UNKNOWN:
        return name_among(origin(permission, "qualifier", resources).of_type(FUNCTION_ALIAS))
    return value if isinstance(value, str) and value else qualifier_in(permission, "function", resources)


def _agree(some: str | Unknown | None, other: str | Unknown | None) -> Match:
    if isinstance(some, Unknown) or isinstance(other, Unknown):
        return Match.MAYBE
    return Match.ALWAYS if some == other else Match.NEVER


def _is(value: Value, wanted: str) -> Match:
    if value is UNKNOWN:
        return Match.MAYBE
    return match(value.lower(), wanted) if isinstance(value, str) else Match.NEVER


def _is_exact(account: str) -> bool:
    return bool(account) and "*" not in account


def _names_account(arn: str) -> bool:
    parts = arn.split(":")
    return len(parts) > 5 and parts[4].isdecimal()
