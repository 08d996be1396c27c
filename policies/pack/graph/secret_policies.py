"""Whom the resource policy of a secret lets read, and whom it keeps out."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from policies.pack.graph.conditions import holds_for
from policies.pack.graph.documents import MalformedDocumentError, Statement, selected, statements
from policies.pack.graph.edges import origin
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.patterns import ANY_TEXT, Match, is_exact, match
from policies.pack.graph.readers import MEND_MALFORMED, MEND_UNKNOWN, Reader, Unreadable
from policies.pack.graph.secret import Secret, SecretIndex
from policies.pack.graph.targets import targets
from policies.pack.graph.tokens import ROLE, SECRET_POLICY, USER
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Value, elements

_ROLE_OR_USER = re.compile(r"arn:[^:]+:iam::[^:]*:(role|user)/.+")
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_PRINCIPAL_ARN = "aws:principalarn"

_EVERYBODY = Identity("*", "everybody", ANY_TEXT, is_many=True)


class SecretPolicies:
    """The resource policies of the stack's secrets, as they concern one action."""

    def __init__(
        self, resources: Resources, identities: Identities, secrets: Mapping[str, Secret], index: SecretIndex, action: str
    ) -> None:
        self._action = action
        self._resources = resources
        self._identities = identities
        self._readers: defaultdict[str, list[Reader]] = defaultdict(list)
        self._denials: defaultdict[str, list[Statement]] = defaultdict(list)
        self.unreadable: list[Unreadable] = []
        for secret in secrets.values():
            self._add(secret, Match.ALWAYS, secret.resource)
        for resource in resources.of_type(SECRET_POLICY):
            for secret, certainty in targets(resource, "secretArn", resources, secrets, index):
                self._add(secret, certainty, resource)

    def readers_of(self, secret: Secret) -> list[Reader]:
        """Gives whom the secret's own policies let in."""
        return self._readers[secret.urn]

    def denies(self, secret: Secret, identity: Identity) -> Match:
        """Tells whether the secret's own policies keep an identity out."""
        return max(
            (
                min(statement.does(self._action), _names(statement, identity), holds_for(statement, identity, secret))
                for statement in self._denials[secret.urn]
            ),
            default=Match.NEVER,
        )

    def _add(self, secret: Secret, certainty: Match, resource: Resource) -> None:
        try:
            said = statements(resource.read("policy"))
        except MalformedDocumentError:
            self._add_unreadable(resource, "its text is no policy document", MEND_MALFORMED)
            return
        if isinstance(said, list):
            for statement in said:
                # A policy that may belong to another secret keeps nobody out for certain.
                if statement.allows is not False:
                    self._add_readers(secret, certainty, resource, statement)
                elif certainty is Match.ALWAYS:
                    self._denials[secret.urn].append(statement)
            return
        made_from = origin(resource, "policy", self._resources)
        named = made_from.of_type(ROLE, USER)
        if not named or not made_from.is_complete:
            self._add_unreadable(resource, "its document is not known yet, nor whom it names", MEND_UNKNOWN)
        for somebody in named:
            identity = self._identities.at(somebody.urn)
            if identity is not None:
                self._readers[secret.urn].append(Reader(identity, Match.MAYBE, resource.label))

    def _add_readers(self, secret: Secret, certainty: Match, resource: Resource, statement: Statement) -> None:
        about = Match.ALWAYS
        if statement.resources is not None or statement.not_resources is not None:
            about = selected(statement.resources, statement.not_resources, secret.covered_by)
        sure = min(certainty, statement.does(self._action), about, Match.MAYBE if statement.allows is UNKNOWN else Match.ALWAYS)
        for identity, named in self._principals(statement, secret, hidden=resource.hides("policy")):
            if least := min(sure, named, holds_for(statement, identity, secret)):
                self._readers[secret.urn].append(Reader(identity, least, resource.label))

    def _principals(self, statement: Statement, secret: Secret, *, hidden: bool) -> Iterator[tuple[Identity, Match]]:
        if statement.not_principals is not None:
            yield _EVERYBODY, Match.ALWAYS
        for kind, value in _listed(statement.principals):
            if value is UNKNOWN:
                yield Identity(f"{secret.urn}#policy", "a principal that is not known yet", ANY_TEXT, UNKNOWN), Match.MAYBE
            elif not isinstance(value, str):
                continue
            elif kind == "AWS" and value == "*":
                yield from self._narrowed(statement, _EVERYBODY, hidden=hidden)
            elif kind == "AWS" and (role_or_user := _ROLE_OR_USER.fullmatch(value)):
                yield self._identities.named(value, role_or_user[1], hidden=hidden), Match.ALWAYS
            elif kind == "AWS" and (account := _ACCOUNT.fullmatch(value)):
                # Inside its own account this only says that IAM decides, and IAM's documents are judged by themselves.
                if account[1] != secret.account:
                    shown = "an account" if hidden else f"account {account[1]}"
                    certainty = Match.ALWAYS if secret.account else Match.MAYBE
                    for identity, named in self._narrowed(statement, Identity(account[1], shown, ANY_TEXT, is_many=True), hidden=hidden):
                        yield identity, min(named, certainty)
            else:
                shown = "a principal" if hidden or not re.fullmatch(r"[\w.:/@-]{1,200}", value) else f"principal {value}"
                yield Identity(value, shown, value), Match.ALWAYS

    def _narrowed(self, statement: Statement, many: Identity, *, hidden: bool) -> Iterator[tuple[Identity, Match]]:
        """Gives whom `*` or an account means: the ARNs that a condition lists, else all of them."""
        named = (
            [values for _, key, values in statement.conditions if key.lower() == _PRINCIPAL_ARN] if statement.condition is not None else []
        )
        arns = [value for value in named[0] if isinstance(value, str)] if len(named) == 1 else []
        known = [role_or_user for arn in arns if is_exact(arn) and (role_or_user := _ROLE_OR_USER.fullmatch(arn))]
        if named and len(known) == len(named[0]):
            yield from ((self._identities.named(found[0], found[1], hidden=hidden), Match.ALWAYS) for found in known)
        else:
            yield many, Match.ALWAYS if statement.condition is None else Match.MAYBE

    def _add_unreadable(self, resource: Resource, why: str, mend: str) -> None:
        self.unreadable.append(Unreadable(resource, "policy", "its principals", why, mend))


def _listed(principals: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(principals, dict):
        for kind, values in principals.items():
            yield from ((kind, value) for value in elements(values))
    else:
        yield from (("AWS", value) for value in elements(principals))


def _names(statement: Statement, identity: Identity) -> Match:
    if statement.not_principals is not None:
        # Deny with NotPrincipal spares whom it names; who else it spares (sessions, accounts) is not told here.
        return Match.NEVER
    named = Match.NEVER
    for _, value in _listed(statement.principals):
        if value is UNKNOWN:
            named = max(named, Match.MAYBE)
        elif isinstance(value, str):
            named = max(named, Match.ALWAYS if value == "*" else match(value, identity.arn))
    return named
