"""A real HTTPS server with an authority of its own, behind which any issuer may stand; it keeps every request."""

import base64
import contextlib
import http.server
import json
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.rotation_lambda.postgres_server import make_certificates


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def pieces(self) -> list[str]:
        return [unquote(piece) for piece in self.path.split("/")[1:]]

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query, keep_blank_values=True).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    @property
    def bearer(self) -> str | None:
        kind, _, credential = self.headers.get("authorization", "").partition(" ")
        return credential if kind == "Bearer" else None

    @property
    def basic(self) -> tuple[str, str] | None:
        kind, _, credential = self.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return None
        user, _, password = base64.b64decode(credential).decode().partition(":")
        return user, password


@dataclass(frozen=True)
class Reply:
    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


class Server:
    """Where the issuer is; `answer` may be changed at any time."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Reply] = lambda _request: Reply(404)

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"


@contextlib.contextmanager
def running() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="keyturn-issuer-") as folder:
        home = Path(folder)
        make_certificates(home)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(home / "server.pem", home / "server.key")
        listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        listener.daemon_threads = False
        # The handshake is the connection's own thread's: one that never ends it keeps nobody waiting.
        listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        listener.keyturn = server = Server(home, listener.server_address[1])
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            listener.server_close()
            thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # a client that does not like the certificate goes
            super().handle()

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._do
        raise AttributeError(name)

    def _do(self) -> None:
        server: Server = self.server.keyturn
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = Request(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        server.requests.append(request)
        reply = server.answer(request)
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.content)), "Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.content)

    def log_message(self, *_: object) -> None:
        pass
