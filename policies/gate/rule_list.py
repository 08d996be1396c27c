"""The rules as a list, for people and for machines."""

import json

from policies.pack.rule import Rule
from policies.rules import rules


def as_text() -> str:
    """Gives a line for each rule: id, group, severity, level, title."""
    lines = [(rule.name, rule.group.value, _severity(rule), rule.level.name.lower(), rule.description) for rule in rules()]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join("  ".join([*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[4]]) for line in lines)


def as_json() -> str:
    """Gives everything that the rules say about themselves."""
    listed = [
        {
            "id": rule.name,
            "group": rule.group.value,
            "severity": _severity(rule),
            "level": rule.level.value,
            "undecided": rule.undecided,
            "title": rule.description,
            "mend": rule.mend,
            "references": rule.tags or [],
            "page": rule.url,
        }
        for rule in rules()
    ]
    return json.dumps(listed, indent=2, ensure_ascii=False)


def _severity(rule: Rule) -> str:
    return rule.severity.value if rule.severity else ""
