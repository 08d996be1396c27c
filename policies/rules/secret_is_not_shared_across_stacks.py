"""No two Pulumi stacks make or read one secret, log in by one role of Vault, or use one key in two environments.

It compares the stack with the manifests of others (`others`: each preview of the gate writes one), and stacks with one another when
exported states are judged together. A manifest names secrets, readers, keys and roles, and no value.

Two stacks share a secret when both make it (same name, account and region), when one reads what belongs to another service of the other,
or reads it beside somebody else, and when two that do not make it read it for two services. A stack that makes the secrets of a service
and another that lets just this service read them share nothing. One key in stacks of one environment is no sharing either. What is meant
to be shared stands in `sharedAllow`, with a reason and a last day.

What it does not see: stacks without a manifest; what a document that is wholly unknown before the first deployment reads by a name
written by hand, beside resources of the stack; a key that one stack calls by its alias and another by its ARN; patterns that begin with
a wildcard, which grant-names-exact-secrets refuses; equal values, which no manifest holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.comparison import Allowed, shared
from policies.pack.graph.manifest import StackFacts, manifests, names_of
from policies.pack.graph.stacks import urn_of_stack
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack


class AcrossStacks(Settings):
    """Whom the stack is compared with."""

    others: tuple[StackFacts, ...] = ()
    """Manifests of other stacks, as the record of their previews holds them; one of the stack itself does not count. Default none."""
    shared_allow: tuple[Allowed, ...] = ()
    """What stacks share on purpose: name, stacks, reason and last day. Default nothing."""


@dataclass(frozen=True)
class _Stacks:
    """The Pulumi stacks that are judged, by project and name."""

    names: tuple[tuple[str, str], ...]

    @property
    def urn(self) -> str:
        """URN of the first stack: an error of the rule stands there."""
        return urn_of_stack(*self.names[0])


@rule(
    id="secret-is-not-shared-across-stacks",
    title="Stacks share no secret, key or Vault role",
    severity=Severity.HIGH,
    group=Group.SHARING,
    mend="Give each stack a secret, key and role of its own. If the reader is the owner's own service, say so by the tags "
    "keyturn:environment and keyturn:service on both. What is shared on purpose goes into sharedAllow, with a reason and a last day.",
    references=["NIST 800-53 AC-4", "NIST 800-53 AC-6", "ISO 27001 A.8.31", "SOC 2 CC6.1"],
    of=lambda stack: [_Stacks(tuple(names_of(stack)))],
    settings=AcrossStacks,
)
def policy(subject: _Stacks, stack: Stack, settings: AcrossStacks) -> Iterator[Finding]:
    """Looks at everything that one of the stacks has in common with another."""
    if not settings.others and len(subject.names) == 1:
        return
    for sharing in shared((*manifests(stack), *settings.others), settings.shared_allow, today=stack.today):
        here = next((place for place in sharing.places if place.stack in subject.names), None)
        if here is None:
            continue
        if sharing.is_certain:
            yield violated(here.urn, sharing.text, property=here.property)
        else:
            yield cannot_decide(here.urn, sharing.text, property=here.property)
