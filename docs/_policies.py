"""The rules' pages, from the rules' own metadata."""

import inspect

from policies.pack.rule import Rule
from policies.rules import rules

_HEAD = "<!-- Written by `make docs` from policies/rules. Edit there. -->\n"


def policy_pages() -> dict[str, str]:
    """Gives a page for each rule, and the list of them."""
    found = rules()
    listed = "\n".join(f"| [{rule.name}]({rule.name}.md) | {rule.display_name} | {_severity(rule)} |" for rule in found)
    overview = f"""{_HEAD}
# Policies
Run them in a pull request with `pulumi preview --policy-pack policies/__main__.py`, or offline with `make preview STACK=prod`. A rule
holds, is violated, or cannot decide; what cannot be decided fails the preview, too, unless its configuration says otherwise:
`--policy-pack-config` takes `{{"<rule>": {{"undecided": "advisory"}}}}`.

| rule | says | severity |
|---|---|---|
{listed}
"""
    return {"README.md": overview, **{f"{rule.name}.md": _page(rule) for rule in found}}


def _page(rule: Rule) -> str:
    module = inspect.getdoc(_module(rule)) or ""
    references = "\n".join(f"- {reference}" for reference in rule.tags or [])
    return f"""{_HEAD}
# {rule.name}
{module}

**Severity:** {_severity(rule)}. A violation fails the preview, and so does what cannot be decided.

## How to mend it
{rule.mend}

## What it serves
{references}
"""


def _module(rule: Rule) -> object:
    return __import__(f"policies.rules.{rule.name.replace('-', '_')}", fromlist=["policy"])


def _severity(rule: Rule) -> str:
    return rule.severity.value if rule.severity else "none"
