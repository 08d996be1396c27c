"""The comment on a pull request."""

import pytest

from policies.gate.markdown import LONGEST, MARKER, comment
from policies.gate.pages import Pages
from tests.policies.gate.records import exempt, finding, judgement, record, row

PAGES = Pages("https://example.com/policies")


def titles(text):
    return [
        line.removeprefix("### ").removeprefix("<details><summary>").removesuffix("</summary>")
        for line in text.splitlines()
        if line.startswith(("### ", "<details>"))
    ]


def section(text, title):
    """The rows of a table."""
    body = text.partition(title)[2]
    lines = body.split("\n\n")[1 if body.startswith("</summary>") else 0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")][2:]


def test_a_bot_finds_its_comment_by_the_first_line():
    assert comment(judgement(record())).splitlines()[0] == MARKER == "<!-- keyturn-gate -->"


def test_the_verdict_comes_first():
    stopped = comment(judgement(record(finding(), finding("other"))))
    passing = comment(judgement(record(finding(level="advisory"))))
    unseen = comment(judgement(record(), not_judged=[("staging", "it failed")]))

    assert stopped.splitlines()[1] == "## ❌ Secrets: 2 findings stop this change"
    assert passing.splitlines()[1] == "## ✅ Secrets: nothing stops this change"
    assert unseen.splitlines()[1] == "## ⚠️ Secrets: the rules could not look at everything, so nothing is said to be right"


def test_a_run_without_any_stack_is_not_called_good():
    assert "✅" not in comment(judgement())


def test_a_finding_says_rule_severity_resource_property_what_and_way_out():
    text = comment(judgement(record(finding(property="rotationRules"))), pages=PAGES)

    assert section(text, "### What stops it") == [
        [
            "shop/prod",
            "[<code>secret-is-rotated</code>](https://example.com/policies/secret-is-rotated.md)",
            "high",
            'Secret "database"',
            "<code>rotationRules</code>",
            'Secret "database" is never rotated\\: no SecretRotation is for it',
            "Add an aws.secretsmanager.SecretRotation with a rotation function and rotation rules.",
        ]
    ]


def test_a_rule_is_no_link_when_nobody_says_where_its_page_is():
    assert "](" not in comment(judgement(record(finding())))


@pytest.mark.parametrize("base", ["javascript:alert(1)", "http://example.com", "https://example.com/)](x", "https://a b"])
def test_pages_have_an_address_of_https(base):
    with pytest.raises(ValueError, match="https"):
        Pages(base)


@pytest.mark.parametrize("page", ["javascript:alert(1)", "docs/policies/x.md)", "", "docs/policies/"])
def test_a_record_does_not_choose_the_address(page):
    assert Pages("https://example.com").address(page) == ""


def test_the_gravest_comes_first_and_a_way_out_is_said_once():
    low = finding("a", severity="low", rule="key-is-rotated", mend="Switch it on.")
    text = comment(judgement(record(low, finding("b"), finding("c"))))

    assert [(line[3], line[6]) for line in section(text, "### What stops it")] == [
        ('Secret "b"', "Add an aws.secretsmanager.SecretRotation with a rotation function and rotation rules."),
        ('Secret "c"', "as above"),
        ('Secret "a"', "Switch it on."),
    ]


def test_what_cannot_be_decided_stands_apart_and_says_what_it_counts():
    doubt = finding("later", answer="cannot decide", property="tags")
    text = comment(judgement(record(doubt, finding(answer="cannot decide", level="advisory"))))

    assert titles(text)[0] == "Cannot be decided yet"
    assert [(line[3], line[-1]) for line in section(text, "### Cannot be decided yet")] == [
        ('Secret "later"', "mandatory"),
        ('Secret "database"', "advisory"),
    ]


def test_doubt_that_stops_nothing_is_folded():
    text = comment(judgement(record(finding(answer="cannot decide", level="advisory"))))

    assert "<details><summary>Cannot be decided yet</summary>" in text


def test_an_exemption_says_why_who_and_how_long_the_shortest_first():
    text = comment(judgement(record(exempt("late", days=40), exempt("soon", days=3))))

    assert [line[2:] for line in section(text, "### Exempt")] == [
        ['Secret "soon"', "", "the vendor takes one key a year", "team-payments", "3"],
        ['Secret "late"', "", "the vendor takes one key a year", "team-payments", "40"],
    ]
    assert text.splitlines()[2] == "1 stack · 2 exempt, the first has 3 days left"


def test_the_baseline_is_counted_and_not_listed():
    text = comment(judgement(record(finding(status="baseline", level="advisory"))))

    assert text.splitlines()[2] == "1 stack · 1 in the baseline"
    assert section(text, "<summary>Stacks") == [["shop/prod", "prod", "0", "0", "0", "1"]]
    assert "never rotated" not in text


def test_a_stack_that_was_not_judged_comes_before_everything():
    text = comment(judgement(record(finding()), not_judged=[("staging", "`pulumi preview` failed")]))

    assert titles(text)[0] == "Not judged"
    assert section(text, "### Not judged") == [["staging", "\\`pulumi preview\\` failed"]]


def test_what_a_change_does_to_access_is_a_table_of_its_own():
    before = judgement(record(access=[row(), row("prod/old"), row("prod/reports", certain=False)]))
    after = judgement(record(access=[row(), row("prod/new", access="write"), row("prod/reports")]))
    text = comment(after, before)

    assert section(text, "### What the change does to access") == [
        ["🔴 gone", "shop/prod", "prod/old", "read", "<code>prod/billing/database</code>", 'Role "old"\\: RolePolicy "reads"'],
        ["🟡 changed", "shop/prod", "prod/reports", "read", "<code>prod/billing/database</code>", 'Role "reports"\\: RolePolicy "reads"'],
        ["🟢 new", "shop/prod", "prod/new", "write", "<code>prod/billing/database</code>", 'Role "new"\\: RolePolicy "reads"'],
    ]
    assert [line[2] for line in section(text, "<summary>Who may do what as before")] == ["prod/billing"]


def test_access_that_does_not_change_is_said_in_one_sentence():
    same = judgement(record(access=[row()]))
    text = comment(same, same)

    assert text.splitlines()[2] == "1 stack · access does not change"
    assert "What the change does to access" not in text


def test_without_a_base_the_matrix_is_shown_as_it_is():
    text = comment(judgement(record(access=[row(certain=False, service=False, who='Role "x"', of="*")])))

    assert section(text, "<summary>Who may do what") == [["", "shop/prod", 'Role "x"', "may read", "any", 'RolePolicy "reads"']]


def test_a_stack_that_the_base_does_not_have_is_new_altogether_and_one_that_only_the_base_has_says_nothing():
    before = judgement(record(stack="other", access=[row("prod/old")]))
    text = comment(judgement(record(access=[row()])), before)

    assert [line[0:3] for line in section(text, "### What the change does to access")] == [["🟢 new", "shop/prod", "prod/billing"]]


def test_a_stack_that_the_base_could_not_judge_is_not_called_new():
    text = comment(judgement(record(access=[row()])), judgement(not_judged=[("prod", "it failed")]))

    assert text.splitlines()[2] == "1 stack · what the base could not judge is not compared"
    assert "🟢 new" not in text


def test_identities_of_one_service_are_one_line():
    one, other = row(), row().model_copy(update={"identity": 'Role "jobs"'})
    text = comment(judgement(record(access=[one, other])))

    assert [line[-1] for line in section(text, "<summary>Who may do what")] == [
        'Role "billing"\\: RolePolicy "reads"; Role "jobs"\\: RolePolicy "reads"'
    ]


@pytest.mark.parametrize("name", ["x", "😀|<b>&" * 30])
def test_a_comment_never_gets_longer_than_code_hosts_take_and_says_what_is_missing(name):
    many = [finding(f"{name}{number}") for number in range(3000)]
    doubts = [finding(f"{name}{number}", answer="cannot decide") for number in range(3000)]
    access = [row(f"prod/{number}") for number in range(3000)]
    text = comment(judgement(record(*many, *doubts, access=access)), judgement(record()))

    assert len(text) <= LONGEST == 65_536
    assert titles(text) == ["What stops it", "Cannot be decided yet", "What the change does to access", "Stacks"]
    assert all(
        len(section(text, title)) > 0 for title in ("### What stops it", "### Cannot be decided yet", "### What the change does to access")
    )
    assert text.count(" more of 3000 rows do not fit into a comment.") == 3


def test_hostile_names_end_neither_a_table_nor_the_comment():
    name = "x\n\n</details>|\n# @everyone <!-- keyturn-gate -->"
    hostile = finding(name, text=name, mend=name, property=name, resource=name)
    text = comment(judgement(record(hostile, exempt(name), access=[row(name, of=name, through=name)]), not_judged=[(name, name)]))

    assert text.count(MARKER) == 1
    assert text.count("</details>") == text.count("<details>")
    assert "@everyone" not in text
    assert len(section(text, "### What stops it")) == 1
