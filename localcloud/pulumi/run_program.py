"""Runs one Pulumi program; started by the language host, in the program's own environment, where only `pulumi` is sure to be."""

import argparse
import asyncio
import logging
import os
import runpy
import signal
import sys
import threading
import traceback

_BAIL = 32
_interrupted = threading.Event()


def main() -> int:
    """Gives the exit code: 0, or 32 when the person was told already what went wrong."""
    # First of all, before the SDK is imported: an interruption must not show a traceback of ours.
    signal.signal(signal.SIGINT, _interrupt)
    arguments = _arguments()
    # Python put this file's folder first; a program's `import engine` must not find our engine.py.
    sys.path[:] = [entry for entry in sys.path if entry != os.path.dirname(os.path.abspath(__file__))]  # noqa: PTH100, PTH120
    os.chdir(arguments.pwd)
    program = os.path.abspath(arguments.program)  # noqa: PTH100 (Path would resolve `.` to a path without its last link)
    if os.path.isfile(program):  # noqa: PTH113
        sys.path.insert(0, os.path.dirname(program))  # noqa: PTH120
    sys.argv = [program, *arguments.arguments]

    import pulumi  # noqa: PLC0415 (see above)

    _configure(arguments)
    # A program that fails leaves futures behind on purpose; asyncio would complain about each.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except Exception as error:
        if _interrupted.is_set():
            raise KeyboardInterrupt from error
        told = (
            str(error) if isinstance(error, pulumi.RunError) else f"Program failed with an unhandled exception:\n{traceback.format_exc()}"
        )
        pulumi.log.error(told)
        return _BAIL
    finally:
        loop.close()
    return 0


def _configure(arguments: argparse.Namespace) -> None:
    from pulumi import runtime  # noqa: PLC0415 (after the signal handler)

    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(
        runtime.Settings(
            monitor=arguments.monitor,
            engine=arguments.engine,
            project=arguments.project,
            stack=arguments.stack,
            organization=arguments.organization,
            root_directory=arguments.root,
            parallel=int(arguments.parallel),
            dry_run=arguments.dry_run == "true",
        )
    )


def _interrupt(_number: int, _frame: object) -> None:
    # The program's `with` and `finally` get their turn; what still waits for the engine after that is given up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _interrupted.set()
    give_up = threading.Timer(2, os._exit, [_BAIL])
    give_up.daemon = True
    give_up.start()
    raise KeyboardInterrupt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("monitor", "engine", "project", "stack", "organization", "root", "pwd", "dry-run", "parallel"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("program")
    parser.add_argument("arguments", nargs="*")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:
        # Threads that wait for an engine that is going away would hold up a regular exit.
        os._exit(_BAIL)
    sys.exit(code)
