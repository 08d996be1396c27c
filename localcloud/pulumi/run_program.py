"""Runs one Pulumi program; started by the language host, in the program's own environment, where only `pulumi` is sure to be."""

import argparse
import asyncio
import logging
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path

_BAIL = 32


def main() -> int:
    """Gives the exit code: 0, or 32 when the person was told already what went wrong."""
    signal.signal(signal.SIGINT, _interrupt)
    arguments = _arguments()
    # Python put this file's folder first; a program's `import engine` must not find our engine.py.
    sys.path[:] = [entry for entry in sys.path if entry != str(Path(__file__).resolve().parent)]
    os.chdir(arguments.pwd)
    program = Path(arguments.program).absolute()
    if program.is_file():
        sys.path.insert(0, str(program.parent))
    sys.argv = [str(program), *arguments.arguments]

    import pulumi  # noqa: PLC0415 (after sys.path is right)

    _configure(arguments)
    # A program that fails leaves futures behind on purpose; asyncio would complain about each.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def run() -> None:
        runpy.run_path(str(program), run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return _BAIL
    except Exception:
        pulumi.log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
        return _BAIL
    finally:
        loop.close()
    return 0


def _configure(arguments: argparse.Namespace) -> None:
    from pulumi import runtime  # noqa: PLC0415 (after sys.path is right)

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
    # The engine interrupts more than once; the program's `finally` is to run to its end all the same.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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
