"""What the server answers without a signature: whether it is up, and nothing else."""

from typing import Any

from ministack import app as ministack

_OPEN = ("/_ministack/health", "/_ministack/ready")


def install() -> None:
    """Takes out what ministack serves before it looks at credentials: reset, configuration, downloads, previews of messages."""
    ministack._handle_pre_body_request = _only_health
    ministack._handle_post_body_shortcuts = _nothing
    ministack._handle_special_data_plane_request = _nothing


def closed(application: Any) -> Any:
    """Gives the application with every unauthenticated path closed, web sockets included."""

    async def gate(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http" and scope["path"].startswith("/_") and scope["path"] not in _OPEN:
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"closed: this local AWS takes signed AWS requests only\n"})
        else:
            await application(scope, receive, send)

    return gate


async def _only_health(_method: str, path: str, _headers: Any, _query: Any, request_id: str) -> Any:
    return ministack._handle_health_request(path, request_id) or ministack._handle_ready_request(path, request_id)


async def _nothing(*_request: Any, **_options: Any) -> None:
    return None
