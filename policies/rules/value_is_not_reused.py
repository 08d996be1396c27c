"""Each secret has a value of its own.

Two secrets hold one value when one generator makes both (RandomPassword, PrivateKey, an access key and the like), when one is a copy of
the other, or when the program writes the same text into both: as a whole, or as the field of a JSON object that is called like a
password, key or token. Secrets are those of Secrets Manager, SecureString parameters, the KV engines of Vault and OpenBao, and Secrets of
Kubernetes; two versions are of one secret. Values are compared and never shown.

Before the first deployment values are unknown, and the rule goes by what they are made from: the one generator of a value makes what is
secret in it. Where a value is made from several, or from a resource that has public answers, too (a public key), nobody can decide until
the values are known; the same goes for what another stack brings.

What it does not see: equal texts of less than eight characters, words and placeholders; a text that is written beside something unknown,
before the first deployment; values that the engine may not show, as in a state that is judged without its passphrase, where nobody can
decide; values that a person sets later (`ignoreChanges`); values of other stacks.
"""

from collections.abc import Iterator

from pydantic import Field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.patterns import Match, match
from policies.pack.graph.reuse import Group as Reused
from policies.pack.graph.reuse import Reuse
from policies.pack.graph.stored_values import Stored
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Said, Settings
from policies.pack.stack import Stack


class Reuses(Settings):
    """What may have the value of another."""

    allow: dict[str, Said] = Field(default_factory=dict[str, Said])
    """Secrets that may hold the value of another, by name (`*` is any text), each with the reason. Default none."""


@rule(
    id="value-is-not-reused",
    title="Each secret has a value of its own",
    severity=Severity.HIGH,
    group=Group.SHARING,
    mend="Make a value for each secret: with a generator of its own, or better with a rotation, which mints it unseen by Pulumi. "
    "Whoever leaks one then leaks only that one. What is meant to be equal, as a public bundle, goes into allow with the reason.",
    references=["NIST 800-53 IA-5", "PCI DSS 8.2.2", "ISO 27001 A.5.17", "SOC 2 CC6.1"],
    of=lambda stack: [*stack.part(Reuse).groups, *stack.part(Reuse).open],
    settings=Reuses,
)
def policy(subject: Reused | Stored, stack: Stack, settings: Reuses) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the stack
    """Looks at what has one origin or one text, and at what cannot be compared."""
    if isinstance(subject, Stored):
        if not _is_allowed(subject, settings):
            shown = (
                f"what {subject.resource.label} holds cannot be compared: it is not known yet, or not shown, and does not say its origin"
            )
            yield cannot_decide(subject.urn, shown, property=subject.property_name)
        return
    members = [member for member in subject.members if not _is_allowed(member[0], settings)]
    for stored, certainty in members[1:]:
        first, surest = members[0]
        # What has no name yet may get one that is allowed.
        is_named = not settings.allow or None not in (stored.name, first.name)
        if min(certainty, surest) is Match.ALWAYS and is_named:
            text = f"{stored.resource.label} holds the value of {first.resource.label}: it {subject.why}"
            yield violated(stored.urn, text, property=stored.property_name)
        else:
            text = f"{stored.resource.label} may hold the value of {first.resource.label}: it {subject.why}"
            yield cannot_decide(stored.urn, text, property=stored.property_name)


def _is_allowed(stored: Stored, settings: Reuses) -> bool:
    return any(match(pattern, name) for pattern in settings.allow for name in (stored.name, stored.resource.name) if name)
