"""Who may take a role, by its trust policy: each named caller once, and what names nobody in particular."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.graph.circle import Circle
from policies.pack.graph.documents import Statement
from policies.pack.graph.narrowing import all_single, demanded, demands, is_single
from policies.pack.graph.patterns import Match, match
from policies.pack.graph.principals import account_of, listed
from policies.pack.values import UNKNOWN, Value

_TAKING = ("sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml")
# Source: https://docs.github.com/en/actions/reference/security/oidc
_PULL_REQUEST = re.compile(r"repo:[^:]+:pull_request")
# Functions at the edge run as the role of the function that they are copies of.
_SAME_SERVICE = {"edgelambda": "lambda"}


@dataclass(frozen=True)
class Taker:
    """Somebody who may take a role."""

    party: str
    """What tells one caller from another; empty when it is nobody in particular."""
    who: str
    """In words, without quoting anything."""
    certainty: Match


@dataclass(frozen=True)
class Trust:
    """What a team lets pass."""

    circle: Circle
    allowed: tuple[str, ...]
    """Patterns of subjects and principals that do not count."""

    def takers(self, said: list[Statement]) -> Iterator[Taker]:
        """Gives whom the statements of a trust policy let take the role."""
        for statement in said:
            does = max(statement.done(_TAKING).values(), default=Match.NEVER)
            if statement.allows is False or not does:
                continue
            sure = min(does, Match.MAYBE if statement.allows is UNKNOWN else Match.ALWAYS)
            if statement.not_principals is not None:
                yield Taker("", "everybody but whom NotPrincipal names", sure)
            for kind, value in listed(statement.principals):
                for taker in self._named(kind, value, statement):
                    yield Taker(taker.party, taker.who, min(sure, taker.certainty))

    def _named(self, kind: str, value: Value, statement: Statement) -> Iterator[Taker]:
        if value is UNKNOWN:
            yield Taker("", "a principal that is not known yet", Match.MAYBE)
        elif not isinstance(value, str) or self._is_allowed(value):
            return
        elif kind == "Federated":
            yield from self._federated(value, statement)
        elif kind == "Service" and "*" not in value:
            label = value.partition(".")[0]
            yield Taker(f"service {_SAME_SERVICE.get(label, label)}", "a service of AWS", Match.ALWAYS)
        elif "*" in value or account_of(value):
            yield from self._many(value, statement)
        else:
            yield Taker(value, "a role or user", Match.ALWAYS)

    def _many(self, value: str, statement: Statement) -> Iterator[Taker]:
        """Gives whom `*` or an account means: those that a condition names, else all of them."""
        if demanded(statement, "aws:principalarn") is Match.ALWAYS:
            for key, values in demands(statement):
                if key == "aws:principalarn":
                    yield from (Taker(str(arn), "a role or user", Match.ALWAYS) for arn in values if not self._is_allowed(str(arn)))
            return
        account = account_of(value)
        if account is None:
            yield Taker("", "everybody", Match.ALWAYS)
            return
        invited = max(self.circle.keeps(statement), demanded(statement, "sts:externalid"), self.circle.has_account(account))
        if invited is Match.ALWAYS:
            yield Taker(f"account {account}", "whoever IAM lets in an account", Match.ALWAYS)
        else:
            yield Taker("", "another account, without sts:ExternalId or aws:PrincipalOrgID,", invited.opposite)

    def _federated(self, value: str, statement: Statement) -> Iterator[Taker]:
        issuer = value.partition(":oidc-provider/")[2] or value
        if ":saml-provider/" in value:
            issuer = "saml"
        elif (audience := demanded(statement, f"{issuer}:aud".lower())) is not Match.ALWAYS:
            yield Taker("", "whoever holds a token of the identity provider for any audience", audience.opposite)
        subjects = self._subjects(f"{issuer}:sub".lower(), statement)
        if subjects is None:
            is_open = Match.MAYBE if demanded(statement, "") else Match.ALWAYS
            yield Taker("", "any subject of an identity provider", is_open)
            return
        for subject in subjects:
            if isinstance(subject, str) and _PULL_REQUEST.fullmatch(subject):
                yield Taker("", "every pull request of a repository", Match.ALWAYS)
            elif isinstance(subject, str) and is_single(subject):
                yield Taker(_party(subject), "a subject of an identity provider", Match.ALWAYS)
            else:
                yield Taker("", "every subject that a wildcard covers", is_single(subject).opposite)

    def _subjects(self, key: str, statement: Statement) -> list[Value] | None:
        """Gives the subjects that a statement demands, without those that are allowed; None when it demands none."""
        demanded_here = [values for named, values in demands(statement) if named == key]
        if not demanded_here:
            return None
        narrowest = max(demanded_here, key=all_single)
        return [subject for subject in narrowest if not (isinstance(subject, str) and self._is_allowed(subject))]

    def _is_allowed(self, text: str) -> bool:
        return any(match(pattern, text) is Match.ALWAYS for pattern in self.allowed)


def _party(subject: str) -> str:
    """Gives who a subject is: a repository is one, of GitHub or GitLab, whichever branch or environment of it runs."""
    return ":".join(subject.split(":")[:2]) if subject.startswith(("repo:", "project_path:")) else subject
