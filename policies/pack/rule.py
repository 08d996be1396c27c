"""A rule: one sentence about what is right, and the function that looks whether it is."""

import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NotRequired, Protocol, TypedDict, TypeVar, Unpack, overload

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.pack.finding import Answer, Finding, cannot_decide
from policies.pack.levels import PROTECTED
from policies.pack.message import message
from policies.pack.schema import schema_of
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.stock import settings_of, stack_of
from policies.pack.values import UndecidedError

__all__ = ["Group", "Level", "Rule", "Severity", "rule"]


class Group(Enum):
    """What a rule is about: how the pages and reports are ordered."""

    SHARING = "Sharing"
    ROTATION = "Rotation"
    PRIVILEGE = "Least privilege"
    EXPOSURE = "Exposure"
    KEEPING = "Keeping"
    AUDIT = "Audit"
    EXTERNAL_SECRETS = "External Secrets"
    VAULT = "Vault"
    HYGIENE = "Hygiene"
    """About the judging itself: these rules come after all others."""


class Level(Enum):
    """How a rule counts when nothing is configured."""

    MANDATORY = "mandatory"
    PROTECTED = "mandatory outside of dev and local"
    """Advisory in `dev` and `local`; mandatory in every other environment, and where it is not known."""
    ADVISORY = "advisory"


class Subject(Protocol):
    """What a rule judges, one at a time: an error on one hides nothing about the others."""

    @property
    def urn(self) -> str:
        """URN at which findings stand."""
        ...


S = TypeVar("S", bound=Subject)
K = TypeVar("K", bound=Settings)


class Rule(StackValidationPolicy):
    """A policy of Pulumi's SDK: our server runs it with everything that the engine sends, the stock server with what that keeps."""

    def __init__(
        self,
        name: str,
        *,
        title: str,
        severity: Severity,
        group: Group,
        level: Level,
        undecided: Literal["mandatory", "advisory"],
        mend: str,
        references: list[str],
        settings: type[Settings],
        early: tuple[str, ...],
        judge: Callable[[Stack, Settings], list[Finding] | None],
    ) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - the SDK does not say what its Awaitable gives
            name=name,
            description=title,
            enforcement_level=EnforcementLevel.ADVISORY if level is Level.ADVISORY else EnforcementLevel.MANDATORY,
            config_schema=PolicyConfigSchema(schema_of(settings, _defaults(level, undecided))),
            display_name=title,
            severity=severity,
            tags=references,
            remediation_steps=mend,
            url=f"docs/policies/{name}.md",
        )
        self.group = group
        self.level = level
        self.undecided: Literal["mandatory", "advisory"] = undecided
        self.mend = mend
        self.settings = settings
        self.early = early
        self._judge = judge

    @property
    def judges_rules(self) -> bool:
        """Tells whether the rule is about what the other rules found."""
        return self.group is Group.HYGIENE

    def configured(self, given: Mapping[str, Any]) -> Settings:
        """Gives the rule's settings as a configuration file names them, and for what it leaves open the rule's own.

        Raises:
            pydantic.ValidationError: a setting does not exist, or is not of its type.
        """
        settings = self.settings.read(given)
        if settings.levels is None and self.level is Level.PROTECTED:
            return settings.model_copy(update={"levels": PROTECTED})
        return settings

    def judge(self, stack: Stack, settings: Settings) -> list[Finding] | None:
        """Gives what the rule finds; None when the stack has nothing that it is about. Whatever fails in it is a finding, too."""
        return self._judge(stack, settings)

    def validate(self, args: StackValidationArgs, report_violation: ReportViolation) -> None:
        """Reports each finding to the stock server, which knows one level for all: levels, exemptions and baseline are ours."""
        findings = self.judge(stack_of(args), self.configured(settings_of(args)))
        if findings is None:
            args.not_applicable("the stack has nothing that this rule is about")
        for finding in sorted(findings or (), key=lambda finding: (finding.urn, finding.text)):
            report_violation(message(finding, mend=self.mend, page=self.url or ""), finding.urn)

    def findings(self, stack: Stack, configured: Mapping[str, Any] | None = None) -> list[Finding]:
        """Gives what the rule finds; nothing when it holds.

        Args:
            stack: the stack to judge.
            configured: settings as a configuration file names them. Default the rule's own.
        """
        return self.judge(stack, self.configured(configured or {})) or []


class _About(TypedDict):
    """What every rule says about itself; see `rule`."""

    id: str
    title: str
    severity: Severity
    group: Group
    mend: str
    references: list[str]
    level: NotRequired[Level]
    undecided: NotRequired[Literal["mandatory", "advisory"]]
    early: NotRequired[tuple[str, ...]]


@overload
def rule(*, of: Callable[[Stack], Iterable[S]], **about: Unpack[_About]) -> Callable[[Callable[[S, Stack], Iterable[Finding]]], Rule]: ...
@overload
def rule(
    *, of: Callable[[Stack], Iterable[S]], settings: type[K], **about: Unpack[_About]
) -> Callable[[Callable[[S, Stack, K], Iterable[Finding]]], Rule]: ...
def rule(
    *,
    id: str,
    title: str,
    severity: Severity,
    group: Group,
    mend: str,
    references: list[str],
    of: Callable[[Stack], Iterable[Any]],
    settings: type[Settings] = Settings,
    level: Level = Level.MANDATORY,
    undecided: Literal["mandatory", "advisory"] = "mandatory",
    early: tuple[str, ...] = (),
) -> Callable[[Callable[..., Iterable[Finding]]], Rule]:
    """Makes a rule of a function that judges one subject and gives its findings: none when the rule holds.

    Args:
        id: the statement of what is right, e.g. `secret-is-rotated`; the file is named like it.
        title: the same as a sentence.
        severity: how bad a violation is.
        group: what the rule is about.
        mend: the way out.
        references: controls that the rule serves.
        of: gives the subjects of a stack; the rule is not applicable to a stack without any.
        settings: knobs of the rule; the function gets them as its third argument. Default those that every rule has.
        level: how a violation counts when nothing is configured.
        undecided: how what cannot be decided counts when nothing is configured.
        early: types whose violations are certain from the inputs of the one resource, so that an update stops before it creates it.
    """
    has_knobs = settings is not Settings

    def made(check: Callable[..., Iterable[Finding]]) -> Rule:
        if len(inspect.signature(check).parameters) != 2 + has_knobs:
            raise TypeError(f"rule {id!r}: the function takes subject, stack, and the settings exactly when it has some")

        def judge(stack: Stack, configured: Settings) -> list[Finding] | None:
            try:
                subjects = list(of(stack))
            except BaseException as error:  # whatever it is, it must not pass for an answer
                return [_failed("", error)]
            if not subjects:
                return None
            more = (configured,) if has_knobs else ()
            return [finding for subject in subjects for finding in _judged(check, subject, stack, *more)]

        return Rule(
            id,
            title=title,
            severity=severity,
            group=group,
            level=level,
            undecided=undecided,
            mend=mend,
            references=references,
            settings=settings,
            early=early,
            judge=judge,
        )

    return made


def _judged(check: Callable[..., Iterable[Finding]], subject: Subject, *more: object) -> list[Finding]:
    found: list[Finding] = []
    try:
        for finding in check(subject, *more):
            if not isinstance(finding, Finding):  # pyright: ignore[reportUnnecessaryIsInstance] - a rule of a team may not be type checked
                raise TypeError("a rule gives findings")
            found.append(finding)
    except UndecidedError as undecided:
        found.append(cannot_decide(subject.urn, str(undecided), property=""))
    except BaseException as error:  # whatever it is, it must not pass for an answer
        found.append(_failed(subject.urn, error))
    return found


def _failed(urn: str, error: BaseException) -> Finding:
    return Finding(Answer.VIOLATED, urn, f"the rule itself failed and judged nothing here: {place_of(error)}", is_failure=True)


def place_of(error: BaseException) -> str:
    """Gives what failed and where. The error's own text stays out: it may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _defaults(level: Level, undecided: str) -> dict[str, Any]:
    """Gives the rule's own settings, as its schema shows them."""
    levels = [choice.model_dump(mode="json", by_alias=True, exclude_none=True) for choice in PROTECTED]
    return {"undecided": undecided, **({"levels": levels} if level is Level.PROTECTED else {})}
