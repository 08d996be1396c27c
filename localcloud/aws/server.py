"""The server: ministack with every part of ours in its place, on one event loop.

Service handlers are synchronous functions on that loop, so that a change of state needs no lock; only a function's own process
runs beside it.
"""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from localcloud.aws import internals

internals.check()

from ministack import app as ministack  # noqa: E402 - the version is checked before anything of it loads

from localcloud.aws import (  # noqa: E402 - these load it, too
    access_keys,
    conditions,
    credentials,
    delivery,
    functions,
    gates,
    persistence,
    rotation,
    secrets_manager,
    seed,
    subscriptions,
    trail,
)

_tasks: set[asyncio.Task[Any]] = set()


def run(directory: Path, functions_python: Path) -> None:
    """Serves the local AWS of `directory` until a signal ends it."""
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    credentials.install(credentials.root_secret(directory / "aws-root-secret"))
    functions.install(functions_python)
    access_keys.install()
    conditions.install()
    secrets_manager.install()
    delivery.install()
    subscriptions.install()
    trail.install()
    gates.install()
    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    asyncio.run(serve(gates.closed(_with_startup(directory)), config))


def _with_startup(directory: Path) -> Any:
    """Gives ministack's application; what needs the loaded state happens before the first request."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def starting(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                _begin(directory)
            await send(message)

        await ministack.app(scope, receive, starting if scope["type"] == "lifespan" else send)

    return application


def _begin(directory: Path) -> None:
    seed.load_iam()
    seed.ensure_administrator(directory / "administrator.json")
    persistence.mark()
    persistence.save()
    for work in (persistence.save_forever(), rotation.watch()):
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(_must_not_end)
        _tasks.add(task)


def _must_not_end(task: asyncio.Task[Any]) -> None:
    """Ends the server with a message when a part of it broke: half a cloud would only look like one."""
    if not task.cancelled() and (fault := task.exception()):
        logging.getLogger("server").critical("the server ends: a part of it broke", exc_info=fault)
        os.kill(os.getpid(), signal.SIGTERM)
