"""The findings as a file, for what reads them after the engine is done: the command line shows no more than messages."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from policies.pack.graph.manifest import Manifest
from policies.pack.graph.matrix import Matrix
from policies.pack.operation import Operation
from policies.pack.proceedings import Proceedings, Ruling

VARIABLE: Final = "KEYTURN_POLICY_RECORD"
"""Names the file. It is written when the whole stack has been judged."""
FORMAT: Final = 1


def record(proceedings: Proceedings, operation: Operation, pack: str, version: str) -> None:
    """Writes the record where the environment asks for one; who reads it takes a missing file for a pack that did not finish."""
    if path := os.environ.get(VARIABLE):
        try:
            # What stands there is from another run: whoever reads it must not take it for this one.
            Path(path).unlink(missing_ok=True)
            _write(Path(path), as_json(proceedings, operation, pack, version))
        except Exception as error:  # the engine gets its answer all the same, and the gate finds that nothing was recorded
            print(f"keyturn: {VARIABLE}: nothing was recorded: {type(error).__name__}", file=sys.stderr)  # noqa: T201 - the pack's log


def as_json(proceedings: Proceedings, operation: Operation, pack: str, version: str) -> dict[str, Any]:
    """Gives the record. It holds names, and no value."""
    stack = proceedings.stack
    homes = sorted(stack.resources.homes)
    project, name = (operation.project, operation.stack) if operation.stack else homes[0][::-1] if len(homes) == 1 else ("", "")
    return {
        "version": FORMAT,
        "pack": pack,
        "packVersion": version,
        "project": project,
        "stack": name,
        "environment": stack.environment,
        "dryRun": operation.is_dry_run,
        "switchedOff": sorted(proceedings.switched_off),
        "findings": [_finding(ruling, proceedings) for ruling in proceedings.rulings],
        "access": stack.part(Matrix).rows,
        # Stacks that are judged together were compared with one another by the rule itself.
        "manifest": stack.part(Manifest).as_json() if len(homes) == 1 else {},
    }


def _finding(ruling: Ruling, proceedings: Proceedings) -> dict[str, Any]:
    rule, finding, standing = ruling.rule, ruling.finding, ruling.standing
    resource = proceedings.stack.resources.get(finding.urn)
    exemption = standing.exemption
    return {
        "rule": rule.name,
        "title": rule.display_name,
        "severity": rule.severity.value if rule.severity else None,
        "group": rule.group.value,
        "level": ruling.level.value,
        "answer": finding.answer.value,
        "isFailure": finding.is_failure,
        "urn": finding.urn,
        "resource": resource.label if resource else "",
        "property": finding.property,
        "text": finding.text,
        "mend": finding.mend or rule.mend,
        "page": rule.url,
        "status": standing.status.value,
        "exemption": exemption
        and {
            "reason": exemption.reason,
            "owner": exemption.owner,
            "expires": exemption.expires.isoformat(),
            "daysLeft": standing.days_left,
        },
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    """Writes all of it or nothing, for its owner only: `mkstemp` gives a file that nobody else reads."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
