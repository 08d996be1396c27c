# ruff: noqa: ARG002 - the protocol decides the arguments
"""Pulumi's Analyzer protocol, served so that rules see secret marks, unknown values and the ways between resources.

Pulumi's stock server drops every mark, and passes a mandatory rule over as soon as it touches an unknown value: that lets exactly
that pull request pass which creates the secret. See https://github.com/pulumi/pulumi-policy/issues/241
"""

import asyncio
import inspect
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy

from policies.pack.configuration import Configuration, ConfigurationError
from policies.pack.finding import Answer
from policies.pack.information import information
from policies.pack.operation import Operation
from policies.pack.proceedings import Proceedings
from policies.pack.recording import record
from policies.pack.report import Report
from policies.pack.resource_args import NotApplicableError, resource_args
from policies.pack.rule import Rule, place_of
from policies.pack.shown import answered, asked
from policies.pack.stack import Stack
from policies.pack.values import UndecidedError, WireProperties

_NOTHING = analyzer_pb2.AnalyzeResponse()


def _today() -> date:
    return datetime.now(UTC).date()


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Serves one operation of the engine: first each resource as it is asked for, then the whole stack."""

    def __init__(
        self,
        name: str,
        version: str,
        policies: Iterable[Policy],
        stop: Callable[[], None] = lambda: None,
        today: Callable[[], date] = _today,
    ) -> None:
        self._name = name
        self._version = version
        self._policies = list(policies)
        self._rules = [policy for policy in self._policies if isinstance(policy, Rule)]
        self._resource_policies = [policy for policy in self._policies if isinstance(policy, ResourceValidationPolicy)]
        for policy in self._policies:
            if isinstance(policy, StackValidationPolicy) and not isinstance(policy, Rule):
                raise TypeError(f"{policy.name!r} is about stacks: make it with policies.pack.rule.rule, to see more than resources' names")
        self._early: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in self._rules:
            for type_token in rule.early:
                self._early[type_token].append(rule)
        self._stop = stop
        self._today = today
        self._configuration = Configuration(self._policies, today)
        self._operation = Operation()
        self._asked: dict[str, analyzer_pb2.AnalyzeRequest] = {}

    def Handshake(
        self, request: analyzer_pb2.AnalyzerHandshakeRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzerHandshakeResponse:
        """Takes note that an engine started us; nothing of it is needed."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Gives the version of the pack."""
        return plugin_pb2.PluginInfo(version=self._version)

    def GetAnalyzerInfo(self, request: Empty, context: grpc.ServicerContext) -> analyzer_pb2.AnalyzerInfo:
        """Gives the rules and what can be configured about them."""
        return information(self._name, self._version, self._policies)

    def ConfigureStack(
        self, request: analyzer_pb2.AnalyzerStackConfigureRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        """Takes the names of stack and environment. Of the stack's configuration, secrets in clear included, it keeps keyed digests."""
        self._operation = Operation.of(request)
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: grpc.ServicerContext) -> Empty:
        """Takes levels and settings; refuses rules and settings that do not exist, which the engine lets pass."""
        try:
            self._configuration.take(request.policyConfig)
        except ConfigurationError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return Empty()

    def Analyze(self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext) -> analyzer_pb2.AnalyzeResponse:
        """Keeps what is asked for until the stack is judged; says at once what an update should not begin with."""
        self._asked[request.urn] = request
        early = self._early.get(request.type) if self._operation.is_update else None
        if not early and not self._resource_policies:
            return _NOTHING
        report = Report(self._name, self._version)
        for policy in self._resource_policies:
            self._judge(policy, request, report)
        if early:
            self._judge_early(early, request, report)
        return report.response()

    def AnalyzeStack(self, request: analyzer_pb2.AnalyzeStackRequest, context: grpc.ServicerContext) -> analyzer_pb2.AnalyzeResponse:
        """Judges the whole stack."""
        resources = (answered(shown, self._asked.get(shown.urn)) for shown in request.resources)
        stack = Stack(resources, self._today(), self._operation.environment, self._operation.secrets)
        proceedings = stack.part(Proceedings)
        proceedings.hear(self._rules, self._configuration)
        report = Report(self._name, self._version)
        for ruling in proceedings.rulings:
            report.add(ruling.rule, ruling.message, urn=ruling.finding.urn, level=ruling.level)
        for rule in self._rules:
            if rule.name in proceedings.not_applicable:
                report.add_not_applicable(rule, proceedings.not_applicable[rule.name])
        record(proceedings, self._operation, self._name, self._version)
        return report.response()

    def Remediate(self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext) -> analyzer_pb2.RemediateResponse:
        """Changes nothing: a change to what protects a secret belongs into the program, where it is read."""
        return analyzer_pb2.RemediateResponse()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Ends the pack."""
        self._stop()
        return Empty()

    def _judge_early(self, rules: list[Rule], request: analyzer_pb2.AnalyzeRequest, report: Report) -> None:
        """Stops an update before it creates what is certainly wrong: the whole stack is judged only when everything is there.

        What does not stop it is said then, together with the rest.
        """
        # Without the configuration: what a value is made from is not shown yet, and a generated one would look like a literal.
        stack = Stack(map(asked, self._line(request)), self._today(), self._operation.environment)
        proceedings = stack.part(Proceedings)
        proceedings.hear(rules, self._configuration)
        for ruling in proceedings.rulings:
            is_about_it = ruling.finding.urn in ("", request.urn)
            if is_about_it and ruling.finding.answer is Answer.VIOLATED and ruling.level is EnforcementLevel.MANDATORY:
                report.add(ruling.rule, ruling.message, urn=request.urn, level=ruling.level)

    def _line(self, request: analyzer_pb2.AnalyzeRequest) -> Iterator[analyzer_pb2.AnalyzeRequest]:
        """Gives a resource, its parent and so on, as far as the engine showed them."""
        seen: set[str] = set()
        one: analyzer_pb2.AnalyzeRequest | None = request
        while one is not None and one.urn not in seen:
            seen.add(one.urn)
            yield one
            one = self._asked.get(one.options.parent)

    def _judge(self, policy: Any, request: analyzer_pb2.AnalyzeRequest, report: Report) -> None:
        """Lets a policy of the SDK say what it finds; `Any`, because the SDK does not say what its answers are."""
        level = self._configuration.of(policy).level
        if level is EnforcementLevel.DISABLED:
            return

        def say(message: str, at: str | None = None) -> None:
            report.add(policy, message, urn=at or request.urn, level=level)

        try:
            answer = policy.validate(resource_args(request, WireProperties(request.properties)), say)
            if inspect.isawaitable(answer):
                asyncio.run(_wait(answer))
        except BaseException as error:
            # The SDK wraps what an asynchronous policy raises.
            _stopped(policy, report, error.__cause__ if type(error) is RuntimeError and error.__cause__ else error, say)


def _stopped(policy: Policy, report: Report, error: BaseException, say: Callable[[str], None]) -> None:
    """Answers for a policy that raised: silence would pass for an answer, and an error on the wire ends the deployment."""
    if isinstance(error, NotApplicableError):
        report.add_not_applicable(policy, str(error))
    elif isinstance(error, UndecidedError):
        say(f"Cannot decide: {error}")
    else:
        where = place_of(error)
        print(f"keyturn: rule {policy.name} failed: {where}", file=sys.stderr)  # noqa: T201 - stderr is the pack's log
        say(f"The rule {policy.name} itself failed and judged nothing here: {where}")


async def _wait(answer: Awaitable[object]) -> None:
    await answer
