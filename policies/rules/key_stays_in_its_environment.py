"""A customer managed key encrypts secrets of one environment only.

Who may use a key of one environment could otherwise decrypt what leaks from another, and disabling it would end both. The rule groups
secrets, replicas included, by the key that encrypts them: a key of the stack, by what `kmsKeyId` was made from as long as its ARN is not
known, or another's by its id, ARN or alias. The environment of a secret is told by Keyturn's components, tags and configuration, that of a
key also by its alias (`alias/keyturn/<environment>`, `alias/<environment>/...`) and, where `environments` says so, by its account. With
`keyScope: service` each service has a key of its own, too.

Where nothing says to which environment a secret belongs, there is nothing to judge. About a key that another stack brings in, and that is
not known yet, nobody can decide.

What it does not see: one key that the program calls by its alias here and by its id there, unless it is a key of the stack; what stacks
have in common, which secret-is-not-shared-across-stacks compares; keys of anything else than secrets.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.environments import Belongings, Environments
from policies.pack.graph.intent import Service
from policies.pack.graph.key import Key
from policies.pack.graph.keys import Keys
from policies.pack.graph.patterns import Match
from policies.pack.graph.secret import Secret
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Unknown

_ALIAS = re.compile(r"(?:arn:[^:]+:kms:[^:]*:[^:]*:)?alias/(?:keyturn/)?(.+)")
_ACCOUNT = re.compile(r"arn:[^:]+:kms:[^:]*:(\d{12}):.+")

Whose = Hashable | Unknown | None
"""An environment, or a service of one; UNKNOWN when it is not known yet, None when nothing says it."""


class KeyScope(Settings):
    """How far a key may reach."""

    key_scope: Literal["environment", "service"] = "environment"
    """What has a key of its own: each environment, or each service of each environment."""
    environments: dict[str, Belongings] = Field(default_factory=dict[str, Belongings])
    """By name of the environment: its stacks, accounts, and prefixes of aliases. Default what Keyturn's names and tags say."""


@dataclass(frozen=True)
class _Secrets:
    """The secrets of a stack: which key encrypts which is a question about all of them."""

    all: tuple[Secret, ...]

    @property
    def urn(self) -> str:
        """URN of the first: an error of the rule stands there."""
        return self.all[0].urn


@dataclass(eq=False)
class _Use:
    """A key with what it encrypts."""

    own: Whose = None
    """To whom the key itself belongs."""
    secrets: list[tuple[Secret, Match]] = field(default_factory=list[tuple[Secret, Match]])


@rule(
    id="key-stays-in-its-environment",
    title="A key encrypts secrets of one environment only",
    severity=Severity.HIGH,
    group=Group.SHARING,
    mend="Make a customer managed key for each environment, as SecretEnvironment does, and let kmsKeyId name it.",
    references=["NIST 800-53 SC-12", "NIST 800-53 AC-4", "PCI DSS 6.5.3", "ISO 27001 A.8.24", "ISO 27001 A.8.31"],
    of=lambda stack: [_Secrets(stack.secrets)] if stack.secrets else [],
    settings=KeyScope,
)
def policy(subject: _Secrets, stack: Stack, settings: KeyScope) -> Iterator[Finding]:
    """Groups the secrets by key and compares whose they are."""
    known, keys = Environments(stack, settings.environments), stack.part(Keys)
    by_service = settings.key_scope == "service"
    uses: defaultdict[str, _Use] = defaultdict(_Use)
    for secret in subject.all:
        for key, certainty in keys.of(secret):
            uses[key.urn].own = _whose(key, known, by_service=by_service)
            uses[key.urn].secrets.append((secret, certainty))
        for text in keys.foreign(secret):
            if isinstance(text, str):
                uses[_id_of(text)].own = None if by_service else _told(text, known)
                uses[_id_of(text)].secrets.append((secret, Match.ALWAYS))
            elif _whose(secret, known, by_service=by_service) is not None:
                said = f"the key of {secret.resource.label} is not known yet, and may be of another {settings.key_scope}"
                yield cannot_decide(secret.urn, said, property="kmsKeyId")
    for use in uses.values():
        yield from _one_key(use, known, by_service=by_service)


def _one_key(use: _Use, known: Environments, *, by_service: bool) -> Iterator[Finding]:
    """Gives a finding for each environment beside that of the key, or of its first secret."""
    first: Whose = use.own
    told: set[Hashable] = set()
    for secret, certainty in sorted(use.secrets, key=lambda one: (-one[1], one[0].urn)):
        whose = _whose(secret, known, by_service=by_service)
        if first is None:
            first = whose
        if whose is None or first is None:
            continue
        what = f"the key of {secret.resource.label} encrypts secrets of another {'service' if by_service else 'environment'}, too"
        if isinstance(whose, Unknown) or isinstance(first, Unknown):
            if len(use.secrets) > 1 or use.own is not None:
                yield cannot_decide(secret.urn, f"{what}, or not: whose they are is not known yet", property="tags")
        elif whose != first and whose not in told:
            told.add(whose)
            if certainty is Match.ALWAYS:
                yield violated(secret.urn, what, property="kmsKeyId")
            else:
                yield cannot_decide(secret.urn, f"{what}, or not: which key it is is not known yet", property="kmsKeyId")


def _whose(thing: Secret | Key, known: Environments, *, by_service: bool) -> Whose:
    environment = known.of(thing.resource)
    if not by_service or isinstance(environment, Unknown):
        return environment
    if thing.owner is UNKNOWN:
        return UNKNOWN
    return (thing.owner.environment or environment, thing.owner.name) if isinstance(thing.owner, Service) else None


def _told(text: str, known: Environments) -> str | None:
    """Gives the environment that the name or the account of a key speaks of."""
    alias, account = _ALIAS.fullmatch(text), _ACCOUNT.fullmatch(text)
    by_name = known.of_name(f"{alias[1]}/") if alias else None
    return by_name or (known.of_account(account[1]) if account else None)


def _id_of(text: str) -> str:
    """Gives what tells a key from others: its id, which no other key has, or its alias."""
    return text if "alias/" in text else text.rpartition("/")[2]
