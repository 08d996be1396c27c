"""The rules' pages, from the rules' own metadata and the corpus of programs that every one of them is tested with."""

import inspect
from itertools import groupby

from policies.pack.rule import Group, Level, Rule
from policies.pack.settings import Settings
from policies.rules import rules
from tests.policies.cases import Case, corpus

_HEAD = "<!-- Written by `make docs` from policies/rules and tests/policies/corpus. Edit there. -->\n"

_LEVELS = {
    Level.MANDATORY: "A violation fails the preview.",
    Level.PROTECTED: "A violation fails the preview, and is only shown in the environments `dev` and `local`.",
    Level.ADVISORY: "A violation is shown and fails nothing.",
}
_UNDECIDED = {"mandatory": "What cannot be decided counts the same.", "advisory": "What cannot be decided is shown and fails nothing."}
_ANSWERS = {"violated": "Violated", "cannot decide": "Cannot be decided", "holds": "Holds"}


def policy_pages() -> dict[str, str]:
    """Gives a page for each rule, and the list of them."""
    found = rules()
    groups = "\n".join(_group(group, [rule for rule in found if rule.group is group]) for group in Group)
    overview = f"""{_HEAD}
# Policies
Run them in a pull request with `pulumi preview --policy-pack policies/__main__.py`, or offline with `make preview STACK=prod`. A rule
holds, is violated, or cannot decide. How to gate pull requests: [pull-requests.md](../pull-requests.md); levels, knobs and exemptions:
[configure-policies.md](../configure-policies.md).

{groups}"""
    return {"README.md": overview, **{f"{rule.name}.md": _page(rule) for rule in found}}


def _group(group: Group, found: list[Rule]) -> str:
    listed = "\n".join(
        f"| [{rule.name}]({rule.name}.md) | {rule.display_name} | {_severity(rule)} | {rule.level.value} |" for rule in found
    )
    return f"## {group.value}\n| rule | says | severity | level |\n|---|---|---|---|\n{listed}\n" if found else ""


def _page(rule: Rule) -> str:
    module = inspect.getdoc(_module(rule)) or ""
    references = "\n".join(f"- {reference}" for reference in rule.tags or [])
    return f"""{_HEAD}
# {rule.name}
{module}

**Severity:** {_severity(rule)}. {_LEVELS[rule.level]} {_UNDECIDED[rule.undecided]}

## How to mend it
{rule.mend}

{_knobs(rule)}## Cases
{_cases([case for case in corpus() if case.rule == rule.name])}
## What it serves
{references}
"""


def _knobs(rule: Rule) -> str:
    own = {name: field for name, field in rule.settings.model_fields.items() if name not in Settings.model_fields}
    if not own:
        return ""
    listed = "\n".join(f"| `{field.alias}` | {_cell(field.description or '')} |" for field in own.values())
    return f"## Knobs\n| knob | what it is |\n|---|---|\n{listed}\n\n"


def _cases(cases: list[Case]) -> str:
    by_answer = sorted(cases, key=lambda case: list(_ANSWERS).index(case.answer))
    written = ""
    for answer, same in groupby(by_answer, key=lambda case: case.answer):
        lines = "\n".join(f"- {case.title}{_situation(case)}{_cited(case)}" for case in same)
        written += f"**{_ANSWERS[answer]}**\n{lines}\n\n"
    return written


def _situation(case: Case) -> str:
    return f" ({'before the first deployment' if case.when == ('first preview',) else 'once deployed'})" if len(case.when) == 1 else ""


def _cited(case: Case) -> str:
    return f"; reported falsely elsewhere: {', '.join(case.cites)}" if case.cites else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _module(rule: Rule) -> object:
    return __import__(f"policies.rules.{rule.name.replace('-', '_')}", fromlist=["policy"])


def _severity(rule: Rule) -> str:
    return rule.severity.value if rule.severity else "none"
