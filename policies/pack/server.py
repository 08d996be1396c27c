# ruff: noqa: ARG002 - the protocol decides the arguments
"""Pulumi's Analyzer protocol, served so that rules see secret marks, unknown values and the ways between resources.

Pulumi's stock server drops every mark, and passes a mandatory rule over as soon as it touches an unknown value: that lets exactly
that pull request pass which creates the secret. See https://github.com/pulumi/pulumi-policy/issues/241
"""

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy

from policies.pack.information import information
from policies.pack.report import LEVELS, Report
from policies.pack.resource import Resource
from policies.pack.resource_args import ResourceArgs, resource_args
from policies.pack.rule import NotApplicableError, StackArgs, place_of
from policies.pack.stack import Stack
from policies.pack.values import UndecidedError, WireProperties

_NAMES = {number: level for level, number in LEVELS.items() if level is not EnforcementLevel.REMEDIATE} | {
    analyzer_pb2.REMEDIATE: EnforcementLevel.MANDATORY
}
# The engine's own name for every rule of a pack. It has written that level to each of them before it sends both.
_ALL = "all"


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Serves one operation of the engine: first each resource as it is asked for, then the whole stack."""

    def __init__(self, name: str, version: str, policies: Iterable[Policy], stop: Callable[[], None] = lambda: None) -> None:
        self._name = name
        self._version = version
        self._policies = list(policies)
        self._stop = stop
        self._levels: dict[str, EnforcementLevel] = {}
        self._undecided: dict[str, EnforcementLevel] = {}
        self._inputs: dict[str, WireProperties] = {}

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
        """Takes the stack's configuration, secrets in clear included, and keeps none of it."""
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: grpc.ServicerContext) -> Empty:
        """Takes the level of each rule; refuses rules and settings that do not exist, which the engine lets pass."""
        known = {policy.name: policy for policy in self._policies}
        for name, configured in request.policyConfig.items():
            if name == _ALL:
                continue
            if name not in known:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"there is no rule {name!r}{_guess(name, known)}")
            schema = known[name].config_schema
            settings = schema.properties if schema else {}
            for setting, given in configured.properties.items():
                if setting not in settings:
                    text = f"rule {name!r} has no setting {setting!r}{_guess(setting, settings)}"
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)
                choices = settings[setting].get("enum")
                if choices and given not in choices:
                    text = f"setting {setting!r} of rule {name!r} is one of: {', '.join(choices)}"
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)
            self._levels[name] = _NAMES[configured.enforcementLevel]
            if configured.properties.fields["undecided"].string_value == "advisory":
                self._undecided[name] = EnforcementLevel.ADVISORY
        return Empty()

    def Analyze(self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext) -> analyzer_pb2.AnalyzeResponse:
        """Judges one resource, and keeps what was asked for until the stack is judged."""
        inputs = WireProperties(request.properties)
        self._inputs[request.urn] = inputs
        report = Report(self._name, self._version)
        for policy in self._active():
            if isinstance(policy, ResourceValidationPolicy):
                args = resource_args(request, inputs)
                self._judge(policy, args, report, request.urn)
        return report.response()

    def AnalyzeStack(self, request: analyzer_pb2.AnalyzeStackRequest, context: grpc.ServicerContext) -> analyzer_pb2.AnalyzeResponse:
        """Judges the whole stack."""
        report = Report(self._name, self._version)
        stack = Stack((self._resource(resource) for resource in request.resources), datetime.now(UTC).date())
        for policy in self._active():
            if isinstance(policy, StackValidationPolicy):
                args = StackArgs(stack, self._sayer_of_undecided(policy, report))
                self._judge(policy, args, report, "")
        return report.response()

    def Remediate(self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext) -> analyzer_pb2.RemediateResponse:
        """Changes nothing: a change to what protects a secret belongs into the program, where it is read."""
        return analyzer_pb2.RemediateResponse()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Ends the pack."""
        self._stop()
        return Empty()

    def _active(self) -> list[Policy]:
        return [policy for policy in self._policies if self._level(policy) is not EnforcementLevel.DISABLED]

    def _level(self, policy: Policy) -> EnforcementLevel:
        return self._levels.get(policy.name, policy.enforcement_level or EnforcementLevel.MANDATORY)

    def _sayer_of_undecided(self, policy: Policy, report: Report) -> Callable[[str, str], None]:
        level = self._undecided.get(policy.name, self._level(policy))
        return lambda message, urn: report.add(policy, message, urn=urn, level=level)

    def _judge(self, policy: Any, args: ResourceArgs | StackArgs, report: Report, urn: str) -> None:
        """Lets a policy of the SDK say what it finds; `Any`, because the SDK does not say what its answers are."""

        def say(message: str, at: str | None = None) -> None:
            report.add(policy, message, urn=at or urn, level=self._level(policy))

        try:
            answer = policy.validate(args, say)
            if inspect.isawaitable(answer):
                asyncio.run(_wait(answer))
        except BaseException as error:
            # The SDK wraps what an asynchronous policy raises.
            self._stopped(policy, report, urn, error.__cause__ if type(error) is RuntimeError and error.__cause__ else error)

    def _stopped(self, policy: Policy, report: Report, urn: str, error: BaseException) -> None:
        """Answers for a policy that raised: silence would pass for an answer, and an error on the wire ends the deployment."""
        if isinstance(error, NotApplicableError):
            report.add_not_applicable(policy, str(error))
        elif isinstance(error, UndecidedError):
            self._sayer_of_undecided(policy, report)(f"Cannot decide: {error}", urn)
        else:
            where = place_of(error)
            print(f"keyturn: rule {policy.name} failed: {where}", file=sys.stderr)  # noqa: T201 - stderr is the pack's log
            report.add(policy, f"The rule {policy.name} itself failed and judged nothing here: {where}", urn=urn, level=self._level(policy))

    def _resource(self, shown: analyzer_pb2.AnalyzerResource) -> Resource:
        return Resource(
            urn=shown.urn,
            type=shown.type,
            name=shown.name,
            inputs=self._inputs.get(shown.urn),
            outputs=WireProperties(shown.properties),
            parent=shown.parent or shown.options.parent,
            dependencies=tuple(shown.dependencies),
            property_dependencies={name: tuple(edges.urns) for name, edges in shown.propertyDependencies.items()},
            provider=shown.provider.urn,
            protect=shown.options.protect,
            ignore_changes=tuple(shown.options.ignoreChanges),
        )


async def _wait(answer: Awaitable[object]) -> None:
    await answer


def _guess(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else f"; there are: {', '.join(sorted(known)) or 'none'}"
