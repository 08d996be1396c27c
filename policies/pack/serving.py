"""The pack as a process: it serves one operation of the engine and ends with it."""

import gc
import os
import signal
from collections.abc import Iterable
from concurrent import futures
from importlib.metadata import PackageNotFoundError, version
from threading import Event

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy import Policy

from policies.pack.server import Analyzer

# The engine sends a whole stack in one message, and a client's default of 4 MB ends near 10,000 resources.
_LONGEST_MESSAGE = 1 << 29


def serve(name: str, policies: Iterable[Policy], port_line: int) -> None:
    """Serves the policies until the engine is done or gone."""
    # Ctrl-C reaches every process of the terminal; the engine says itself when it needs no answers any more.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The resources of a stack stay until the end anyway, and to go through them again and again took a fourth of the time.
    gc.disable()
    done = Event()
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        options=[("grpc.max_receive_message_length", _LONGEST_MESSAGE), ("grpc.max_send_message_length", _LONGEST_MESSAGE)],
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(name, _version(), policies, stop=done.set), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # A killed engine says nothing: its process is gone, and another one is our parent. It may go as soon as it has the port.
    parent = os.getppid()
    os.write(port_line, f"{port}\n".encode())
    while not done.wait(timeout=2) and os.getppid() == parent:
        pass
    server.stop(grace=1).wait()


def _version() -> str:
    try:
        return version("keyturn")
    except PackageNotFoundError:
        return "0.0.0"
