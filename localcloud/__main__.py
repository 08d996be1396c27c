"""The local cloud's commands: `python -m localcloud up`; `make` calls them."""

import argparse
import sys
from pathlib import Path

from localcloud import environment, offline, ports
from localcloud.cloud import TITLES, Cloud
from localcloud.directory import Directory
from localcloud.down import down
from localcloud.errors import LocalCloudError
from localcloud.status import status
from localcloud.up import up


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and gives its exit code; what a person can mend is a message, not a traceback."""
    given = _parser().parse_args(arguments)
    try:
        return _COMMANDS[given.command](Cloud(Directory.chosen(given.directory)), given)
    except LocalCloudError as problem:
        print(f"{given.command}: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{given.command}: interrupted. `make status` says what runs; `make up` goes on, `make down` removes all.", file=sys.stderr)
        return 130


def _up(cloud: Cloud, given: argparse.Namespace) -> int:
    asked = {name: ports.asked_for(name, getattr(given, f"{name}_port")) for name in TITLES}
    try:
        up(cloud, asked)
    except LocalCloudError as problem:
        runs = [part.title for part in cloud.parts() if part.state == "runs"] if cloud.directory.exists else []
        if not runs:
            raise
        raise LocalCloudError(
            f"{problem}\n{' and '.join(runs)} run{'s' if len(runs) == 1 else ''} on; `make down` removes all."
        ) from problem
    return 0


def _down(cloud: Cloud, given: argparse.Namespace) -> int:
    down(cloud, keep=given.keep)
    return 0


def _status(cloud: Cloud, _given: argparse.Namespace) -> int:
    return status(cloud)


def _env(cloud: Cloud, given: argparse.Namespace) -> int:
    if given.offline:
        print(environment.exports(offline.shell(cloud.directory), offline=True))
    else:
        print(environment.exports(environment.online(cloud)))
    if sys.stdout.isatty():
        print('# for a shell: eval "$(make -s env)"', file=sys.stderr)
    return 0


def _preview(cloud: Cloud, given: argparse.Namespace) -> int:
    return offline.preview(cloud.directory, given.stack, project=Path(given.cwd).resolve())


_COMMANDS = {"up": _up, "down": _down, "status": _status, "env": _env, "preview": _preview}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="The whole system on one machine.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--directory", help="where this local cloud lives (default: LOCALCLOUD_DIR, else .localcloud of the checkout)")
    commands = parser.add_subparsers(dest="command", required=True)

    up_command = commands.add_parser("up", parents=[shared], help="start what does not run, deploy, wait for the first rotations")
    for name, title in TITLES.items():
        up_command.add_argument(
            f"--{name}-port", type=int, help=f"port of {title} (default: LOCALCLOUD_{name.upper()}_PORT, else a free one)"
        )

    down_command = commands.add_parser("down", parents=[shared], help="stop everything and remove it")
    down_command.add_argument("--keep", action="store_true", help="stop only: `up` starts it again with its data")

    commands.add_parser("status", parents=[shared], help="say what runs")

    env_command = commands.add_parser("env", parents=[shared], help="print the exports for a shell")
    env_command.add_argument("--offline", action="store_true", help="those for previews without a cloud")

    preview_command = commands.add_parser("preview", parents=[shared], help="preview a stack offline, with the policies")
    preview_command.add_argument("--stack", required=True)
    preview_command.add_argument("--cwd", default=".", help="folder of another Pulumi project (default: this one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
