"""What goes back to the engine: findings in the order of their URNs, within what the wire carries."""

from dataclasses import dataclass, field
from typing import Final

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy, Severity

from policies.pack.message import printable, shortened

# Behind the language host a response may have 4 MB.
_MOST_BYTES = 3_000_000

LEVELS: Final = {
    EnforcementLevel.ADVISORY: analyzer_pb2.ADVISORY,
    EnforcementLevel.MANDATORY: analyzer_pb2.MANDATORY,
    EnforcementLevel.DISABLED: analyzer_pb2.DISABLED,
    # Rules of ours mend nothing by themselves: what cannot be mended blocks.
    EnforcementLevel.REMEDIATE: analyzer_pb2.MANDATORY,
}
SEVERITIES: Final = {
    Severity.LOW: analyzer_pb2.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: analyzer_pb2.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}


@dataclass(frozen=True)
class _Entry:
    urn: str
    rule: str
    message: str
    description: str
    level: EnforcementLevel
    severity: Severity | None


@dataclass
class Report:
    """Findings on one resource, or on a stack."""

    pack: str
    version: str
    _entries: list[_Entry] = field(default_factory=list[_Entry])
    _not_applicable: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, policy: Policy, message: str, *, urn: str, level: EnforcementLevel) -> None:
        """Adds a finding."""
        text = printable(shortened(message))
        self._entries.append(_Entry(urn, policy.name, text, policy.description, level, policy.severity))

    def add_not_applicable(self, policy: Policy, reason: str) -> None:
        """Keeps a rule that had nothing to judge out of what the engine counts as passed."""
        self._not_applicable[policy.name] = reason

    def response(self) -> analyzer_pb2.AnalyzeResponse:
        """Gives the answer to the engine. What does not fit is counted, at the level of the gravest that was left out."""
        response = analyzer_pb2.AnalyzeResponse()
        entries = sorted(self._entries, key=lambda entry: (entry.urn, entry.rule, entry.message))
        size = 0
        for position, entry in enumerate(entries):
            size += len(entry.message.encode()) + len(entry.urn.encode()) + 500
            if size > _MOST_BYTES:
                self._write(response, self._rest(entries[position:]))
                break
            self._write(response, entry)
        for name, reason in self._not_applicable.items():
            response.not_applicable.add(policy_name=name, reason=reason)
        return response

    def _rest(self, entries: list[_Entry]) -> _Entry:
        gravest = next((entry for entry in entries if entry.level is not EnforcementLevel.ADVISORY), entries[0])
        text = f"{len(entries)} more findings do not fit here. Mend those above and look again."
        return _Entry("", gravest.rule, text, gravest.description, gravest.level, gravest.severity)

    def _write(self, response: analyzer_pb2.AnalyzeResponse, entry: _Entry) -> None:
        response.diagnostics.add(
            policyName=entry.rule,
            policyPackName=self.pack,
            policyPackVersion=self.version,
            description=entry.description,
            message=entry.message,
            enforcementLevel=LEVELS[entry.level],
            urn=entry.urn,
            severity=SEVERITIES[entry.severity] if entry.severity else analyzer_pb2.POLICY_SEVERITY_UNSPECIFIED,
        )
