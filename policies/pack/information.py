"""What the engine learns about the rules: title, severity, mend, where to read on, and what can be configured."""

from collections.abc import Iterable

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, Policy, StackValidationPolicy

from policies.pack.report import LEVELS, SEVERITIES


def information(name: str, version: str, policies: Iterable[Policy]) -> analyzer_pb2.AnalyzerInfo:
    """Gives the engine's view of the pack."""
    return analyzer_pb2.AnalyzerInfo(
        name=name,
        displayName="Keyturn",
        version=version,
        description="Shared, unrotated, leaking and over-granted secrets, found before they are created.",
        supportsConfig=True,
        policies=[_policy(policy) for policy in policies],
    )


def _policy(policy: Policy) -> analyzer_pb2.PolicyInfo:
    is_stack_rule = isinstance(policy, StackValidationPolicy)
    shown = analyzer_pb2.PolicyInfo(
        name=policy.name,
        displayName=policy.display_name or "",
        description=policy.description,
        enforcementLevel=LEVELS[policy.enforcement_level or EnforcementLevel.MANDATORY],
        policy_type=analyzer_pb2.POLICY_TYPE_STACK if is_stack_rule else analyzer_pb2.POLICY_TYPE_RESOURCE,
        severity=SEVERITIES[policy.severity] if policy.severity else analyzer_pb2.POLICY_SEVERITY_UNSPECIFIED,
        tags=policy.tags or [],
        remediation_steps=policy.remediation_steps or "",
        url=policy.url or "",
    )
    if policy.config_schema is not None:
        shown.configSchema.properties.update(policy.config_schema.properties)
        shown.configSchema.required.extend(policy.config_schema.required or [])
    return shown
