"""What stacks have in common, told from their manifests alone."""

import itertools
import json
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.graph.comparison import Allowed, shared
from policies.pack.graph.manifest import StackFacts, manifests
from tests.policies.program import TODAY, Program, document, statement

SERVICES = (None, "billing", "reports")
NAMES = ("dev/billing/database", "dev/billing/stripe")


def told(sharing):
    """What a sharing says, whoever is named first."""
    return sharing.name, sharing.is_certain, tuple(sorted(place.urn for place in sharing.places))


@some.composite
def stacks(draw):
    """Two or three stacks that make and read secrets of the same few names."""
    found = []
    for project in ("a", "b", "c")[: draw(some.integers(2, 3))]:
        program = Program(deployed=True, project=project)
        service = draw(some.sampled_from(SERVICES))
        tags = {"keyturn:environment": "dev", "keyturn:service": service} if service else {}
        for position, name in enumerate(draw(some.lists(some.sampled_from(NAMES), max_size=2, unique=True))):
            program.secret(f"secret-{position}", name, tags=tags)
        for position, name in enumerate(draw(some.lists(some.sampled_from(NAMES), max_size=2, unique=True))):
            program.inline(program.role(f"role-{position}", tags=tags), document(statement(Program.arn(name))))
        program.role("idle")
        found.extend(manifests(program.stack()))
    return found


@settings(max_examples=80, deadline=None)
@given(stacks())
def test_the_order_of_stacks_changes_nothing(drawn):
    answers = [sorted(map(told, shared(order, today=TODAY))) for order in itertools.permutations(drawn)]

    assert all(answer == answers[0] for answer in answers)


@settings(max_examples=80, deadline=None)
@given(stacks())
def test_manifests_say_as_much_as_the_stacks_themselves(drawn):
    written = [StackFacts.from_json(json.dumps(one.as_json())) for one in drawn]

    assert list(map(told, shared(written, today=TODAY))) == list(map(told, shared(drawn, today=TODAY)))


@settings(max_examples=80, deadline=None)
@given(stacks())
def test_a_secret_is_shared_exactly_when_two_make_it_or_somebody_reads_beside_its_owner(drawn):
    expected = set()
    for name in NAMES:
        makers = [one for one in drawn if any(held.name == name for held in one.secrets)]
        if len(makers) > 1:
            expected.add(name)
        for maker in makers:
            held = next(held for held in maker.secrets if held.name == name)
            strangers = [read for one in drawn if one is not maker for read in one.reads if Program.arn(name) == read.text]
            named = [read for read in strangers if read.service and held.service]
            if any(read.service != held.service for read in named) or (
                len(named) < len(strangers) and len({read.service or read.urn for read in (*strangers, *held.readers)}) > 1
            ):
                expected.add(name)
        readers = {one.project: {read.service or read.urn for read in one.reads if Program.arn(name) == read.text} for one in drawn}
        if not makers and any(
            one != other for first, second in itertools.combinations(readers.values(), 2) for one in first for other in second
        ):
            expected.add(name)

    assert {sharing.name for sharing in shared(drawn, today=TODAY)} == expected


def test_one_stack_shares_nothing_with_itself():
    program = Program(deployed=True)
    program.grant(program.role("billing"), program.secret())

    assert shared([*manifests(program.stack()), *manifests(program.stack())], today=TODAY) == []


def test_one_name_in_two_regions_of_one_stack_is_shared_with_nobody():
    program = Program()
    for region in ("eu-central-1", "eu-west-1"):
        program.secret(region, "dev/billing/database")
    idle = Program(project="idle")
    idle.role("idle")

    assert shared([*manifests(program.stack()), *manifests(idle.stack())], today=TODAY) == []


def test_a_pattern_that_covers_own_secrets_and_those_of_others_is_told_for_the_others_only():
    billing, reports = (Program(deployed=True, project=project) for project in ("billing", "reports"))
    for program in (billing, reports):
        program.grant(program.role("reader"), program.secret(physical=f"dev/{program.project}/database"))
    billing.inline(billing.role("operations"), document(statement("arn:aws:secretsmanager:*:*:secret:dev/*")))

    found = shared([*manifests(billing.stack()), *manifests(reports.stack())], today=TODAY)

    assert [sharing.name for sharing in found] == ["dev/reports/database"]


def test_what_is_allowed_counts_until_its_last_day():
    programs = [Program(deployed=True, project=project) for project in ("a", "b")]
    for program in programs:
        program.secret()
    both = [one for program in programs for one in manifests(program.stack())]
    allowed = [Allowed(name="dev/billing/*", stacks=("a/dev", "b/*"), reason="one database", until=date(2026, 6, 30))]

    assert shared(both, allowed, today=date(2026, 6, 30)) == []
    assert [sharing.name for sharing in shared(both, allowed, today=date(2026, 7, 1))] == ["dev/billing/database"]


def test_what_is_allowed_for_some_stacks_is_not_for_another():
    programs = [Program(deployed=True, project=project) for project in ("a", "b")]
    for program in programs:
        program.secret()
    both = [one for program in programs for one in manifests(program.stack())]

    assert shared(both, [Allowed(name="*", stacks=("a/dev",), reason="one database", until=TODAY)], today=TODAY)


def test_the_text_names_both_stacks():
    billing, reports = (Program(deployed=True, project=project) for project in ("billing", "reports"))
    billing.secret(tags={"keyturn:environment": "dev", "keyturn:service": "billing"})
    role = reports.role("month-end", tags={"keyturn:environment": "dev", "keyturn:service": "reports"})
    reports.inline(role, document(statement(Program.arn("dev/billing/database"))))

    [sharing] = shared([*manifests(billing.stack()), *manifests(reports.stack())], today=TODAY)

    assert sharing.text == (
        'Role "month-end" of stack "reports/dev" reads Secret "database" of stack "billing/dev", which belongs to another service'
    )
