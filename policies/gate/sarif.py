"""The judgement as SARIF 2.1.0, for code hosts that show findings as alerts."""

import inspect
import json
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sarif_pydantic import Sarif
from sarif_pydantic.sarif import Suppression

from policies.gate.judgement import Judgement
from policies.gate.pages import Pages
from policies.gate.record import Finding
from policies.pack.message import one_line
from policies.pack.rule import Level, Rule

# GitHub sorts by this number: critical is over 9.0, high from 7.0, medium from 4.0, low below.
# Source: https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(judgement: Judgement, rules: Iterable[Rule], *, location: str, pages: Pages | None = None) -> str:
    """Gives the SARIF file, checked against the standard's model.

    Args:
        judgement: what to tell.
        rules: the pack's rules, for their help texts.
        location: the file at which alerts stand, relative to the repository: resources have no line.
        pages: where the rules' pages are.
    """
    listed = list(rules)
    index = {rule.name: position for position, rule in enumerate(listed)}
    driver = {
        "name": "keyturn",
        "version": next((record.pack_version for record in judgement.records), None),
        "rules": [_rule(rule, pages or Pages()) for rule in listed],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        # SARIF has no other word for "we could not look".
        "invocations": [
            {
                "executionSuccessful": not judgement.not_judged,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": f"{one_line(one.stack)} was not judged: {one_line(one.why)}"}}
                    for one in judgement.not_judged
                ],
            }
        ],
        "results": _results(judgement, index, location),
    }
    written = Sarif.model_validate({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})
    return json.dumps(written.model_dump(mode="json", by_alias=True, exclude_none=True), indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule, pages: Pages) -> dict[str, Any]:
    severity = rule.severity.value if rule.severity else "low"
    said = inspect.getdoc(import_module(f"policies.rules.{rule.name.replace('-', '_')}")) or rule.description
    return {
        "id": rule.name,
        "name": rule.name.title().replace("-", ""),
        "shortDescription": {"text": rule.description},
        "fullDescription": {"text": rule.description},
        "help": {"text": f"{said}\n\nMend: {rule.mend}", "markdown": f"{said}\n\n**Mend:** {rule.mend}"},
        "helpUri": pages.address(rule.url or "") or None,
        "defaultConfiguration": {"level": "warning" if rule.level is Level.ADVISORY else "error"},
        "properties": {"tags": ["security", *(rule.tags or [])], "security-severity": _SCORES[severity], "precision": "high"},
    }


def _results(judgement: Judgement, index: dict[str, int], location: str) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for stack, finding in judgement.findings:
        # The code host tells alerts apart by file, line and this: all of ours stand at one line. A second finding at one place counts on.
        counted = [str(seen[finding.place])] if seen[finding.place] else []
        seen[finding.place] += 1
        results.append(
            _result(stack, finding, index.get(finding.rule), location, str(uuid5(NAMESPACE_URL, "\n".join([*finding.place, *counted]))))
        )
    return results


def _result(stack: str, finding: Finding, index: int | None, location: str, fingerprint: str) -> dict[str, Any]:
    said = f"{finding.sentence} (property {finding.property_name})" if finding.property_name else finding.sentence
    name = finding.urn or stack or "several stacks"
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": "error" if finding.level == "mandatory" else "warning",
        "message": {"text": f"{one_line(said)}\nMend: {one_line(finding.mend)}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": location}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": one_line(name), "name": one_line(finding.resource), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1"},
        "fingerprints": {"keyturn/v1": fingerprint},
        "suppressions": _suppressions(finding) or None,
    }


def _suppressions(finding: Finding) -> list[dict[str, Any]]:
    if finding.status == "open":
        return []
    why = "It is older than the rule's adoption: the baseline holds it."
    if finding.exemption is not None:
        exemption = finding.exemption
        why = f"{exemption.reason} ({exemption.owner}, until {exemption.expires.isoformat()}, {exemption.days_left} days left)"
    suppression = Suppression(kind="external", status="accepted", justification=one_line(why))
    return [suppression.model_dump(by_alias=True, exclude_none=True)]
