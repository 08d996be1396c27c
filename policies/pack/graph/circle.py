"""Conditions that keep a statement to known callers, whomever its principals name: an organization, accounts, named roles, a network."""

from dataclasses import dataclass

from policies.pack.graph.documents import Statement
from policies.pack.graph.narrowing import all_single, demands, is_single
from policies.pack.graph.patterns import Match
from policies.pack.graph.principals import listed
from policies.pack.values import UNKNOWN, Value

_INEQUALITY = ("stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike")
_ORGANIZATIONS = ("aws:principalorgid", "aws:sourceorgid")
_PATHS = ("aws:principalorgpaths", "aws:sourceorgpaths")
_ACCOUNTS = ("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount")
_ARNS = ("aws:principalarn", "aws:sourcearn")
_NETWORKS = ("aws:sourcevpc", "aws:sourcevpce")


@dataclass(frozen=True)
class Circle:
    """Who may be let in: the own account and whom a team trusts."""

    own: str | None
    """The account that owns the resource; None when it is not known yet."""
    accounts: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    """Ids of organizations. Without any, every organization that is named counts."""

    def has_account(self, account: Value) -> Match:
        """Tells whether an account is in the circle."""
        if account is UNKNOWN:
            return Match.MAYBE
        if not isinstance(account, str):
            return Match.NEVER
        if account in (self.own, *self.accounts):
            return Match.ALWAYS
        return Match.MAYBE if self.own is None and is_single(account) else Match.NEVER

    def keeps(self, statement: Statement) -> Match:
        """Tells whether the conditions of a statement keep everybody else out."""
        return max((self._demands(key, values) for key, values in demands(statement)), default=Match.NEVER)

    def closes(self, denial: Statement) -> Match:
        """Tells whether a denial to everybody spares the circle only: its one condition is that somebody is not of it."""
        tests = list(denial.conditions) if denial.condition is not None else []
        everybody = any(kind == "AWS" and value == "*" for kind, value in listed(denial.principals) if value is not UNKNOWN)
        if not everybody or len(tests) != 1 or tests[0][0].removesuffix("ifexists") not in _INEQUALITY:
            return Match.NEVER
        [(_, key, values)] = tests
        return self._demands(key.lower(), values)

    def _demands(self, key: str, values: list[Value]) -> Match:
        if not key:
            return Match.MAYBE
        if key in _ORGANIZATIONS:
            return min(map(self._has_organization, values), default=Match.NEVER)
        if key in _PATHS:
            firsts = [value.split("/")[0] if isinstance(value, str) else value for value in values]
            return min(map(self._has_organization, firsts), default=Match.NEVER)
        if key in _ACCOUNTS:
            return min(map(self.has_account, values), default=Match.NEVER)
        if key in _ARNS:
            return min(map(self._has_arn, values), default=Match.NEVER)
        return all_single(values) if key in _NETWORKS else Match.NEVER

    def _has_organization(self, organization: Value) -> Match:
        known = is_single(organization)
        if known is Match.ALWAYS and self.organizations and organization not in self.organizations:
            return Match.NEVER
        return known

    def _has_arn(self, arn: Value) -> Match:
        if not isinstance(arn, str) or is_single(arn) is Match.ALWAYS:
            return is_single(arn)
        return self.has_account(arn.split(":")[4]) if arn.count(":") >= 5 else Match.NEVER
