"""Servers on loopback that are not what was declared: silent, without TLS, of old TLS, or with the right certificate and strange words."""

import contextlib
import socket
import ssl
import threading


@contextlib.contextmanager
def answering(converse):
    """A server on loopback that talks to each caller in its own way; gives its port and counts its callers."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    caller, _ = listener.accept()
                    callers.append(caller)
                    with caller, contextlib.suppress(OSError):
                        converse(caller)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], callers
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)


def server_context(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.home / "server.pem", server.home / "server.key")
    return context


def impostor(server, *answers):
    """Has the right certificate, and answers one request after the other with these bytes; then hangs up."""
    context = server_context(server)

    def converse(caller):
        with context.wrap_socket(caller, server_side=True) as channel:
            for answer in answers:
                channel.recv(10_000)
                channel.sendall(answer)

    return answering(converse)


def rotating_at(service, **place):
    """A rotation that was begun, then a declaration that names another place (the new value with it)."""
    token = service.until("setSecret")
    service.declare(**place)
    service.tamper(token, **{key: value for key, value in place.items() if key in {"host", "port"}})
    return token
