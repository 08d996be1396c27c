"""The judgement as a comment on a pull request."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from policies.gate.access import Line, compared
from policies.gate.escaping import code, inline
from policies.gate.judgement import Judgement
from policies.gate.pages import Pages
from policies.gate.record import Finding
from policies.gate.sections import Section, fitted
from policies.pack.graph.matrix import ANY_SECRET

MARKER = "<!-- keyturn-gate -->"
"""The first line of every comment: by it a bot finds its own and updates it."""

LONGEST = 65_536
"""Characters that code hosts take in one comment."""

_SEVERITIES = ("critical", "high", "medium", "low")
_CHANGES = {"added": "🟢 new", "removed": "🔴 gone", "changed": "🟡 changed", "kept": ""}
_FINDING_COLUMNS = ("stack", "rule", "severity", "resource", "property", "what", "way out")

Told = tuple[str, Finding]


def comment(judgement: Judgement, before: Judgement | None = None, pages: Pages | None = None) -> str:
    """Gives the comment: verdict first, then what a person has to do, then what to know. Never longer than `LONGEST`.

    Args:
        judgement: what to tell.
        before: the judgement of the base branch, to show what the change does to access. Default the matrix as it is.
        pages: where the rules' pages are. Default no links.
    """
    head = f"{MARKER}\n## {_verdict(judgement)}\n{' · '.join(_summary(judgement, before))}\n\n"
    packs = sorted({f"{record.pack} {record.pack_version}" for record in judgement.records})
    foot = f"<sub>{' · '.join(map(inline, packs))}</sub>\n" if packs else ""
    return head + fitted(list(_sections(judgement, before, pages or Pages())), LONGEST - len(head) - len(foot)) + foot


def _verdict(judgement: Judgement) -> str:
    stopping = sum(finding.stops for _, finding in judgement.findings)
    if stopping:
        return f"❌ Secrets: {counted(stopping, 'finding')} {'stops' if stopping == 1 else 'stop'} this change"
    if judgement.verdict == "not judged":
        return "⚠️ Secrets: the rules could not look at everything, so nothing is said to be right"
    return "✅ Secrets: nothing stops this change"


def _summary(judgement: Judgement, before: Judgement | None) -> Iterator[str]:
    every = [finding for _, finding in judgement.findings]
    yield counted(len(judgement.records), "stack")
    doubts = sum(finding.status == "open" and finding.answer == "cannot decide" for finding in every)
    if doubts:
        yield f"{doubts} cannot be decided yet"
    if advisory := sum(finding.counts_as == "advisory" and finding.answer == "violated" for finding in every):
        yield f"{advisory} advisory"
    if days := [finding.exemption.days_left for finding in every if finding.status == "exempt" and finding.exemption]:
        yield f"{len(days)} exempt, the first has {counted(min(days), 'day')} left"
    if known := sum(finding.status == "baseline" for finding in every):
        yield f"{known} in the baseline"
    if off := judgement.switched_off:
        yield f"{counted(len(off), 'rule')} switched off by the configuration: {', '.join(map(code, off))}"
    if before is not None and before.not_judged:
        yield "what the base could not judge is not compared"
    elif before is not None and all(line.change == "kept" for line in compared(judgement.records, before)):
        yield "access does not change"


def _sections(judgement: Judgement, before: Judgement | None, pages: Pages) -> Iterator[Section]:
    every = list(judgement.findings)
    opened = [(stack, finding) for stack, finding in every if finding.status == "open"]
    violated = [told for told in opened if told[1].answer == "violated"]
    undecided = [told for told in opened if told[1].answer == "cannot decide"]
    stopping = [told for told in violated if told[1].stops]
    advisory = [told for told in violated if not told[1].stops]
    open_doubt = any(finding.stops for _, finding in undecided)
    exempt = [told for told in every if told[1].status == "exempt"]
    changes = compared(judgement.records, before)

    sections = (
        Section("Not judged", ("stack", "why"), [(inline(one.stack), inline(one.why)) for one in judgement.not_judged]),
        Section("What stops it", _FINDING_COLUMNS, _finding_rows(stopping, pages)),
        Section("Cannot be decided yet", (*_FINDING_COLUMNS, "counts as"), _undecided_rows(undecided, pages), folded=not open_doubt),
        _access([line for line in changes if before is not None and line.change != "kept"], "What the change does to access"),
        Section("Exempt", ("stack", "rule", "resource", "property", "why", "who answers", "days left"), _exempt_rows(exempt, pages)),
        Section("Advisory", _FINDING_COLUMNS, _finding_rows(advisory, pages), folded=True),
        Section("Stacks", ("stack", "environment", "stops", "advisory", "exempt", "in the baseline"), _stack_rows(judgement), folded=True),
        _access([line for line in changes if before is None or line.change == "kept"], _matrix_title(before), folded=True),
    )
    return (section for section in sections if section.rows)


def _matrix_title(before: Judgement | None) -> str:
    return "Who may do what" if before is None else "Who may do what as before"


def _finding_rows(told: Sequence[Told], pages: Pages) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    mended: set[tuple[str, str]] = set()
    for stack, finding in in_order(told):
        way_out = "as above" if (finding.rule, finding.mend) in mended else inline(finding.mend)
        mended.add((finding.rule, finding.mend))
        where = (inline(stack or "several"), _rule(finding, pages), finding.severity, inline(finding.resource), code(finding.property_name))
        rows.append((*where, inline(finding.sentence if finding.answer == "violated" else finding.text), way_out))
    return rows


def _undecided_rows(told: Sequence[Told], pages: Pages) -> list[tuple[str, ...]]:
    return [(*row, finding.level) for row, (_, finding) in zip(_finding_rows(told, pages), in_order(told), strict=True)]


def _exempt_rows(told: Sequence[Told], pages: Pages) -> list[tuple[str, ...]]:
    rows: list[tuple[int, tuple[str, ...]]] = []
    for stack, finding in in_order(told):
        exemption = finding.exemption
        days, why, who = (0, "", "") if exemption is None else (exemption.days_left, exemption.reason, exemption.owner)
        where = (inline(stack or "several"), _rule(finding, pages), inline(finding.resource), code(finding.property_name))
        rows.append((days, (*where, inline(why), inline(who), str(days))))
    return [row for _, row in sorted(rows)]


def _stack_rows(judgement: Judgement) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for record in sorted(judgement.records, key=lambda record: record.name):
        kinds = Counter(finding.counts_as for finding in record.findings)
        numbers = (str(kinds[kind]) for kind in ("stops", "advisory", "exempt", "baseline"))
        rows.append((inline(record.name), inline(record.environment or "not known"), *numbers))
    return rows


def _access(lines: Iterable[Line], title: str, *, folded: bool = False) -> Section:
    rows: list[tuple[str, ...]] = []
    for line in lines:
        access = line.entry.access if line.certain else f"may {line.entry.access}"
        thing = "any" if line.entry.secret == ANY_SECRET else code(line.entry.secret)
        through = inline("; ".join(line.through))
        rows.append((_CHANGES[line.change], inline(line.entry.stack), inline(line.entry.who), access, thing, through))
    return Section(title, ("", "stack", "who", "access", "secret", "through"), rows, folded=folded)


def _rule(finding: Finding, pages: Pages) -> str:
    link = pages.address(finding.page)
    return f"[{code(finding.rule)}]({link})" if link else code(finding.rule)


def in_order(told: Iterable[Told]) -> list[Told]:
    """Gives findings: what stops the change first, then the gravest, and those of one rule together."""

    def rank(one: Told) -> tuple[bool, int, str, str, str, str, str]:
        stack, finding = one
        gravity = _SEVERITIES.index(finding.severity)
        return not finding.stops, gravity, finding.rule, stack, finding.urn, finding.property_name, finding.text

    return sorted(told, key=rank)


def counted(number: int, noun: str) -> str:
    """Gives the number with its noun, e.g. `2 findings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
