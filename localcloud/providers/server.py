"""Pulumi's provider protocol over gRPC: turns messages into calls of a `Provider`, and refusals into messages. Knows no cloud."""
# ruff: noqa: ARG002, D102 (names and arguments are the protocol's)

import functools
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, status_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer, add_ResourceProviderServicer_to_server

from localcloud.providers.naming import Autonaming
from localcloud.providers.provider import Difference, Failure, HalfMadeError, Provider, RefusedError, Subject
from localcloud.providers.wire import received, root, sent

_THREADS = 32  # the engine sends as many calls at once as the graph allows
_LARGEST = 400 * 1024 * 1024  # the engine's own limit for a message
_KINDS = {  # change and "needs a replacement" to the protocol's word
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def _plainly(method: Callable[..., Any]) -> Callable[..., Any]:
    """Sends a refusal as one sentence, and a half-made resource with its state: never a traceback."""

    @functools.wraps(method)
    def answered(self: "Server", request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except HalfMadeError as error:
            detail = AnyMessage()
            detail.Pack(
                provider_pb2.ErrorResourceInitFailed(
                    id=error.identity, properties=sent(error.state), inputs=sent(error.inputs), reasons=[str(error)]
                ),
                type_url_prefix="type.googleapis.com/",
            )
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            return context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except RefusedError as error:
            return context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return answered


class Server(ResourceProviderServicer):
    """Serves one provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=self._provider.accepts_secrets, supports_autonaming_configuration=True)

    def Attach(self, request: Any, context: Any) -> Any:
        return Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    @_plainly
    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=self._provider.schema())

    @_plainly
    def CheckConfig(self, request: Any, context: Any) -> Any:
        inputs, failures = self._provider.check_config(received(request.news))
        return provider_pb2.CheckResponse(inputs=sent(inputs), failures=_failures(failures))

    def DiffConfig(self, request: Any, context: Any) -> Any:
        same = received(request.old_inputs if request.HasField("old_inputs") else request.olds) == received(request.news)
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME)

    @_plainly
    def Configure(self, request: Any, context: Any) -> Any:
        self._provider.configure(received(request.args))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self._provider.accepts_secrets, supportsPreview=True, supports_autonaming_configuration=True
        )

    @_plainly
    def Check(self, request: Any, context: Any) -> Any:
        options = request.autonaming
        autonaming = Autonaming(options.proposed_name, options.mode == options.DISABLE, bytes(request.randomSeed))
        inputs, failures = self._provider.check(_subject(request), received(request.olds), received(request.news), autonaming)
        return provider_pb2.CheckResponse(inputs=sent(inputs), failures=_failures(failures))

    @_plainly
    def Diff(self, request: Any, context: Any) -> Any:
        olds, old_inputs = received(request.olds), received(request.old_inputs)
        difference = self._provider.diff(_subject(request), olds, old_inputs, received(request.news))
        return _difference(_without(difference, request.ignoreChanges))

    @_plainly
    def Create(self, request: Any, context: Any) -> Any:
        subject, inputs = _subject(request), received(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=sent(self._provider.planned(subject, None, inputs)))
        identity, state = self._provider.create(subject, inputs)
        return provider_pb2.CreateResponse(id=identity, properties=sent(state))

    @_plainly
    def Read(self, request: Any, context: Any) -> Any:
        found = self._provider.read(_subject(request), request.id, received(request.properties), received(request.inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=found.identity, properties=sent(found.state), inputs=sent(found.inputs))

    @_plainly
    def Update(self, request: Any, context: Any) -> Any:
        subject, olds, news = _subject(request), received(request.olds), received(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=sent(self._provider.planned(subject, olds, news)))
        state = self._provider.update(subject, request.id, olds, received(request.old_inputs), news)
        return provider_pb2.UpdateResponse(properties=sent(state))

    @_plainly
    def Delete(self, request: Any, context: Any) -> Any:
        self._provider.delete(_subject(request), request.id, received(request.properties), received(request.old_inputs))
        return Empty()

    @_plainly
    def Invoke(self, request: Any, context: Any) -> Any:
        result, failures = self._provider.invoke(request.tok, received(request.args))
        return provider_pb2.InvokeResponse(**{"return": sent(result)}, failures=_failures(failures))

    @_plainly
    def Construct(self, request: Any, context: Any) -> Any:
        raise RefusedError(
            f"{request.type} {request.name} is a component that runs inside of the released {self._provider.name} provider, and this "
            "stand-in cannot take it apart: declare what it is made of, or preview this stack with the released provider"
        )


def serve(provider: Provider) -> None:
    """Serves until the engine ends it: prints the port that the engine waits for, and goes as well when the engine is gone."""
    ended = threading.Event()
    # The engine interrupts a plugin when it has no more work for it, and waits for it to go.
    for interruption in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interruption, lambda *_: ended.set())
    options = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
    server = grpc.server(futures.ThreadPoolExecutor(_THREADS), options=options)
    add_ResourceProviderServicer_to_server(Server(provider), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    engine = os.getppid()
    print(port, flush=True)
    while os.getppid() == engine and not ended.wait(timeout=1):
        pass
    os._exit(0)  # a call that still waits for AWS would hold up an ordinary exit


def _subject(request: Any) -> Subject:
    token, name = request.urn.split("::", 3)[2:]
    return Subject(request.type or token.rpartition("$")[2], request.name or name)


def _failures(failures: Any) -> list[Any]:
    return [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in map(Failure._make, failures)]


def _without(difference: Difference, ignored: Sequence[str]) -> Difference:
    """The engine resets ignored inputs itself; what differs only because of drift in them must not come back as a change."""

    def is_ignored(path: str) -> bool:
        return any(one in (path, "*") or path.startswith((f"{one}.", f"{one}[")) for one in ignored)

    kept = {path: change for path, change in difference.changes.items() if not is_ignored(path)}
    return Difference(kept, difference.delete_first)


def _difference(difference: Difference) -> Any:
    changes = difference.changes
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({root(path) for path in changes}),
        replaces=sorted({root(path) for path, change in changes.items() if change.replaces}),
        detailedDiff={path: provider_pb2.PropertyDiff(kind=_KINDS[change.kind, change.replaces]) for path, change in changes.items()},
        hasDetailedDiff=True,
        deleteBeforeReplace=difference.delete_first,
    )
