"""Whom the principals of a resource policy mean: of a secret, of a key."""

import re
from collections.abc import Iterator

from policies.pack.graph.documents import Statement
from policies.pack.graph.identity import Identities, Identity
from policies.pack.graph.narrowing import demands
from policies.pack.graph.patterns import ANY_TEXT, Match, is_exact, match
from policies.pack.values import UNKNOWN, Value, elements

ROLE_OR_USER = re.compile(r"arn:[^:]+:iam::[^:]*:(role|user)/.+")
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_PRINCIPAL_ARN = "aws:principalarn"

_EVERYBODY = Identity("*", "everybody", ANY_TEXT, is_many=True)


def principals(
    statement: Statement, identities: Identities, *, owner: str | None, policy: str, hidden: bool
) -> Iterator[tuple[Identity, Match]]:
    """Gives whom a statement names: the owner's own account lets nobody in by itself, and is left out.

    Args:
        statement: a statement of a resource policy.
        identities: the identities of the stack.
        owner: account that owns the resource; None when it is not known yet.
        policy: what tells one resource policy from another.
        hidden: whether the document is marked secret, so that nothing of it may be quoted.
    """
    if statement.not_principals is not None:
        yield _EVERYBODY, Match.ALWAYS
    for kind, value in listed(statement.principals):
        if value is UNKNOWN:
            yield Identity(policy, "a principal that is not known yet", ANY_TEXT, UNKNOWN), Match.MAYBE
        elif not isinstance(value, str):
            continue
        elif kind == "AWS" and value == "*":
            yield from _narrowed(statement, _EVERYBODY, identities, hidden=hidden)
        elif kind == "AWS" and (role_or_user := ROLE_OR_USER.fullmatch(value)):
            yield identities.named(value, role_or_user[1], hidden=hidden), Match.ALWAYS
        elif kind == "AWS" and (account := account_of(value)):
            # Inside its own account this only says that IAM decides, and IAM's documents are judged by themselves.
            if account != owner:
                shown = "an account" if hidden else f"account {account}"
                certainty = Match.ALWAYS if owner else Match.MAYBE
                for identity, named in _narrowed(statement, Identity(account, shown, ANY_TEXT, is_many=True), identities, hidden=hidden):
                    yield identity, min(named, certainty)
        else:
            shown = "a principal" if hidden or not re.fullmatch(r"[\w.:/@-]{1,200}", value) else f"principal {value}"
            yield Identity(value, shown, value), Match.ALWAYS


def names(statement: Statement, identity: Identity) -> Match:
    """Tells whether a statement names an identity: as everybody, by its account, or by its ARN."""
    if statement.not_principals is not None:
        # Deny with NotPrincipal spares whom it names; who else it spares (sessions, accounts) is not told here.
        return Match.NEVER
    named = Match.NEVER
    for _, value in listed(statement.principals):
        if value is UNKNOWN:
            named = max(named, Match.MAYBE)
        elif isinstance(value, str):
            account = account_of(value)
            named = max(named, Match.ALWAYS if value == "*" else match(f"arn:*:iam::{account}:*" if account else value, identity.arn))
    return named


def account_of(principal: str) -> str | None:
    """Gives the account that a principal means as a whole: its number, or its root."""
    account = _ACCOUNT.fullmatch(principal)
    return account[1] if account else None


def listed(principals: Value) -> Iterator[tuple[str, Value]]:
    """Gives each principal with its kind; `*` alone is one of kind AWS."""
    if isinstance(principals, dict):
        for kind, values in principals.items():
            yield from ((kind, value) for value in elements(values))
    else:
        yield from (("AWS", value) for value in elements(principals))


def _narrowed(statement: Statement, many: Identity, identities: Identities, *, hidden: bool) -> Iterator[tuple[Identity, Match]]:
    """Gives whom `*` or an account means: the ARNs that a condition lists, else all of them."""
    named = [values for key, values in demands(statement) if key == _PRINCIPAL_ARN]
    arns = [value for value in named[0] if isinstance(value, str)] if len(named) == 1 else []
    known = [role_or_user for arn in arns if is_exact(arn) and (role_or_user := ROLE_OR_USER.fullmatch(arn))]
    if named and len(known) == len(named[0]):
        yield from ((identities.named(found[0], found[1], hidden=hidden), Match.ALWAYS) for found in known)
    else:
        yield many, Match.ALWAYS if statement.condition is None else Match.MAYBE
