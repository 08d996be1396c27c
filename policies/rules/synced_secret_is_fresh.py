"""A value that was rotated reaches the workload: it is fetched again in time, and the workload gets to see it.

An ExternalSecret is refreshed at least every `maxRefresh` (the operator's own default is one hour). It does not hold with a
`refreshInterval` of 0 or one that is too long, with `refreshPolicy` CreatedOnce or OnChange, and with an immutable target, unless
generators make all of it. The Secret belongs to the ExternalSecret alone: with `creationPolicy` Merge, CreateOrMerge or Orphan nobody
takes away what is fetched no more.

A workload that gets a synced Secret as environment variables, or file by file (`subPath`), keeps the old value until it is started
anew, so it has an annotation by which something does that. Mounted as a whole the files follow by themselves. Jobs begin anew each time.

A PushSecret writes what is in the cluster back to the store; those that are meant are named in `allowPush`.

The rule is advisory. What it does not see: whether what acts on the annotation runs in the cluster, and whether a program reads its
files again.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.durations import checked, seconds
from policies.pack.graph.external_secrets import ExternalSecrets
from policies.pack.graph.kubernetes import name_of, namespace_of
from policies.pack.graph.kubernetes_tokens import WORKLOADS
from policies.pack.graph.patterns import Match, match
from policies.pack.graph.place import server_of
from policies.pack.graph.synced_secret import SyncedSecret
from policies.pack.graph.workloads import copies
from policies.pack.resource import Resource
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Unknown, Value

_DEFAULT = "1h"
_ONCE = ("CreatedOnce", "OnChange")
_NOT_ITS_OWN = ("Merge", "CreateOrMerge", "Orphan")
_BEGIN_ANEW = ("Job", "CronJob", "PodTemplate")
_MEND_PUSH = "Let the rotation function write the secret. A PushSecret that has to be is named in `allowPush`."
_MEND_WORKLOAD = (
    "Mount the Secret as a volume and read the file anew, or annotate the workload (reloader.stakater.com/auto, or the annotation of "
    "what restarts it, named in `reloadAnnotations`)."
)


class Freshness(Settings):
    """How fresh what is synced has to be."""

    max_refresh: Annotated[str, AfterValidator(checked)] = _DEFAULT
    """Longest time between two fetches, e.g. `15m`. Default `1h`."""
    allow_push: tuple[str, ...] = ()
    """Names of PushSecrets that may write to a store; `*` is any text. Default none."""
    reload_annotations: tuple[str, ...] = (
        "reloader.stakater.com/auto",
        "secret.reloader.stakater.com/auto",
        "secret.reloader.stakater.com/reload",
        "reloader.stakater.com/search",
    )
    """Annotations of a workload, or of its pods, by which something starts it anew when a Secret changed. Default those of Reloader."""


class _Targets:
    """The Secrets that ExternalSecrets of the stack write."""

    def __init__(self, stack: Stack) -> None:
        self._by_place: defaultdict[tuple[str, str | None], list[str | Unknown]] = defaultdict(list)
        self._is_open: defaultdict[str, list[str | Unknown]] = defaultdict(list)
        for synced in stack.part(ExternalSecrets).synced:
            server = server_of(synced.resource)
            if isinstance(synced.namespace, Unknown):
                self._is_open[server].append(synced.target)
            else:
                self._by_place[server, synced.namespace].append(synced.target)

    def has(self, name: Value, workload: Resource, stack: Stack) -> Match:
        """Tells whether a Secret that a workload names is one of them."""
        namespace, server = namespace_of(workload, stack.resources), server_of(workload)
        everywhere = self._by_place.get((server, None), [])
        if isinstance(namespace, Unknown):
            others = [target for (cluster, _), targets in self._by_place.items() if cluster == server for target in targets]
            return min(Match.MAYBE, _among(name, [*others, *everywhere, *self._is_open[server]]))
        return max(
            _among(name, [*self._by_place.get((server, namespace), []), *everywhere]),
            min(Match.MAYBE, _among(name, self._is_open[server])),
        )


def _among(name: Value, targets: list[str | Unknown]) -> Match:
    if any(isinstance(target, str) and isinstance(name, str) and target == name for target in targets):
        return Match.ALWAYS
    return Match.MAYBE if targets and (name is UNKNOWN or any(target is UNKNOWN for target in targets)) else Match.NEVER


def _subjects(stack: Stack) -> list[SyncedSecret | Resource]:
    graph = stack.part(ExternalSecrets)
    workloads = (one for one in stack.resources.of_type(*WORKLOADS) if not one.type.removesuffix("Patch").endswith(_BEGIN_ANEW))
    return [*graph.synced, *graph.pushed, *graph.unreadable, *(workloads if graph.synced else ())]


@rule(
    id="synced-secret-is-fresh",
    title="What is synced into a cluster is renewed in time and reaches the workload",
    severity=Severity.MEDIUM,
    group=Group.EXTERNAL_SECRETS,
    level=Level.ADVISORY,
    undecided="advisory",
    settings=Freshness,
    mend="Leave refreshPolicy and creationPolicy as they are, and set a refreshInterval that is shorter than the time for which the value "
    "before stays valid.",
    references=["NIST 800-53 IA-5", "CIS Kubernetes 5.4.1"],
    of=_subjects,
)
def policy(subject: SyncedSecret | Resource, stack: Stack, settings: Freshness) -> Iterator[Finding]:
    """Looks at each ExternalSecret and PushSecret, and at each workload beside them."""
    if isinstance(subject, SyncedSecret):
        yield from _refreshed(subject, settings)
    elif subject.type in WORKLOADS:
        yield from _reloaded(subject, stack, settings)
    elif subject in stack.part(ExternalSecrets).unreadable:
        yield cannot_decide(subject.urn, f"what {subject.label} is is not known yet; it may be an ExternalSecret", property="kind")
    else:
        yield from _pushed(subject, settings)


def _refreshed(synced: SyncedSecret, settings: Freshness) -> Iterator[Finding]:
    label = synced.resource.label
    creation = synced.read("target", "creationPolicy")
    if creation is UNKNOWN:
        text = f"whose the Secret of {label} is is not known yet"
        yield cannot_decide(synced.urn, text, property=synced.at("target", "creationPolicy"))
    elif creation in _NOT_ITS_OWN:
        text = f"the Secret of {label} is not its own, so what is fetched no more stays in it"
        yield violated(synced.urn, text, property=synced.at("target", "creationPolicy"), mend="Use creationPolicy Owner.")
    references = list(synced.references)
    # What generators make is not fetched again: a second value would lock out who uses the first.
    is_certain = any(reference.how != "any" and not reference.is_many for reference in references)
    for finding in _stale(synced, settings) if references else ():
        yield finding if is_certain else cannot_decide(finding.urn, f"{finding.text}, if it fetches anything", property=finding.property)


def _stale(synced: SyncedSecret, settings: Freshness) -> Iterator[Finding]:
    label = synced.resource.label
    for name, bad, text in (
        (("refreshPolicy",), _ONCE, "is not fetched again when the value was rotated"),
        (("target", "immutable"), (True,), "cannot change its Secret when the value was rotated"),
    ):
        value = synced.read(*name)
        if value is UNKNOWN:
            yield cannot_decide(synced.urn, f"whether {label} follows a rotation is not known yet", property=synced.at(*name))
        elif value in bad:
            yield violated(synced.urn, f"{label} {text}", property=synced.at(*name))
    value, where = synced.read("refreshInterval"), synced.at("refreshInterval")
    if value is UNKNOWN:
        yield cannot_decide(synced.urn, f"how often {label} is fetched is not known yet", property=where)
        return
    every, longest = seconds(str(_DEFAULT if value is None else value)), seconds(settings.max_refresh) or 0.0
    if every is None:
        yield violated(synced.urn, f"the refreshInterval of {label} is no duration such as 30m", property=where)
    elif not every:
        yield violated(synced.urn, f"{label} is fetched once and never again", property=where)
    elif every > longest:
        yield violated(synced.urn, f"{label} is fetched more seldom than every {settings.max_refresh}", property=where)


def _pushed(push: Resource, settings: Freshness) -> Iterator[Finding]:
    name = name_of(push)
    if not settings.allow_push:
        yield violated(push.urn, f"{push.label} writes to a store, and no PushSecret may", property="metadata.name", mend=_MEND_PUSH)
    elif isinstance(name, Unknown):
        yield cannot_decide(push.urn, f"whether {push.label} may write to a store is not known yet", property="metadata.name")
    elif not any(match(pattern, name) is Match.ALWAYS for pattern in settings.allow_push):
        yield violated(push.urn, f"{push.label} writes to a store and is not allowed to", property="metadata.name", mend=_MEND_PUSH)


def _reloaded(workload: Resource, stack: Stack, settings: Freshness) -> Iterator[Finding]:
    uses = [(use, stack.part(_Targets).has(use.name, workload, stack)) for use in copies(workload)]
    use, found = max(uses, key=lambda one: one[1], default=(None, Match.NEVER))
    annotated = _annotated(workload, settings)
    if use is None or not found or annotated is True:
        return
    text = f"{workload.label} keeps the value of a synced Secret until something starts it anew"
    if found is Match.ALWAYS and annotated is False:
        yield violated(workload.urn, text, property=use.property, mend=_MEND_WORKLOAD)
    else:
        yield cannot_decide(workload.urn, f"{text}, or not: part of it is not known yet", property=use.property, mend=_MEND_WORKLOAD)


def _annotated(workload: Resource, settings: Freshness) -> bool | Unknown:
    answer: bool | Unknown = False
    for path in (("metadata",), (*WORKLOADS[workload.type], "metadata")):
        for name in settings.reload_annotations:
            value = workload.read(*path, "annotations", name)
            if value is UNKNOWN:
                answer = UNKNOWN
            elif value not in (None, "", "false"):
                return True
    return answer
