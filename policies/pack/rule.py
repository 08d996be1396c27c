"""A rule: one sentence about what is right, and the function that looks whether it is."""

import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.pack.finding import Answer, Finding, cannot_decide, violated
from policies.pack.message import message
from policies.pack.stack import Stack
from policies.pack.stock import stack_of
from policies.pack.values import UndecidedError

__all__ = ["Rule", "Severity", "StackArgs", "rule"]


class Subject(Protocol):
    """What a rule judges, one at a time: an error on one hides nothing about the others."""

    @property
    def urn(self) -> str:
        """URN at which findings stand."""
        ...


S = TypeVar("S", bound=Subject)


class NotApplicableError(Exception):
    """The stack has nothing that the rule is about."""


class StackArgs(StackValidationArgs):
    """What our own server hands a rule: the stack with its marks, and a way to say that something cannot be decided."""

    def __init__(self, stack: Stack, report_undecided: Callable[[str, str], None]) -> None:
        super().__init__([])
        self.stack = stack
        self.report_undecided = report_undecided

    def not_applicable(self, reason: str | None = None) -> None:
        """Says that the rule has nothing to judge here."""
        raise NotApplicableError(reason or "")


class Rule(StackValidationPolicy):
    """A policy of Pulumi's SDK: our server runs it with everything that the engine sends, the stock server with what that keeps."""

    def __init__(
        self,
        name: str,
        *,
        title: str,
        severity: Severity,
        mend: str,
        references: list[str],
        judge: Callable[[Stack], list[Finding]],
    ) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - the SDK does not say what its Awaitable gives
            name=name,
            description=title,
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=PolicyConfigSchema(
                {"undecided": {"type": "string", "enum": ["mandatory", "advisory"], "default": "mandatory"}},
            ),
            display_name=title,
            severity=severity,
            tags=references,
            remediation_steps=mend,
            url=f"docs/policies/{name}.md",
        )
        self.mend = mend
        self._judge = judge

    def validate(self, args: StackValidationArgs, report_violation: ReportViolation) -> None:
        """Reports each finding with its mend and the page that explains it."""
        stack = args.stack if isinstance(args, StackArgs) else stack_of(args)
        try:
            findings = self._judge(stack)
        except NotApplicableError as nothing:
            args.not_applicable(str(nothing))
            return
        for finding in sorted(findings, key=lambda finding: (finding.urn, finding.text)):
            text = message(finding, mend=self.mend, page=self.url or "")
            if finding.answer is Answer.CANNOT_DECIDE and isinstance(args, StackArgs):
                args.report_undecided(text, finding.urn)
            else:
                report_violation(text, finding.urn)

    def findings(self, stack: Stack) -> list[Finding]:
        """Gives what the rule finds; nothing when it holds."""
        try:
            return self._judge(stack)
        except NotApplicableError:
            return []


def rule(
    *,
    id: str,
    title: str,
    severity: Severity,
    mend: str,
    references: list[str],
    of: Callable[[Stack], Iterable[S]],
) -> Callable[[Callable[[S, Stack], Iterable[Finding]]], Rule]:
    """Makes a rule of a function that judges one subject and gives its findings: none when the rule holds."""

    def made(check: Callable[[S, Stack], Iterable[Finding]]) -> Rule:
        def judge(stack: Stack) -> list[Finding]:
            try:
                subjects = list(of(stack))
            except Exception as error:  # whatever it is, it must not pass for an answer
                return [_failed("", error)]
            if not subjects:
                raise NotApplicableError("the stack has nothing that this rule is about")
            return [finding for subject in subjects for finding in _judged(check, subject, stack)]

        return Rule(id, title=title, severity=severity, mend=mend, references=references, judge=judge)

    return made


def _judged(check: Callable[[S, Stack], Iterable[Finding]], subject: S, stack: Stack) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(subject, stack))
    except UndecidedError as undecided:
        found.append(cannot_decide(subject.urn, str(undecided), property=""))
    except Exception as error:  # whatever it is, it must not pass for an answer
        found.append(_failed(subject.urn, error))
    return found


def _failed(urn: str, error: Exception) -> Finding:
    return violated(urn, f"the rule itself failed and judged nothing here: {place_of(error)}")


def place_of(error: BaseException) -> str:
    """Gives what failed and where. The error's own text stays out: it may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
