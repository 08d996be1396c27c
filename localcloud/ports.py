"""Ports of the parts: free ones, kept from start to start, or the ones that somebody asked for."""

import os
import random
import re
import shutil
import socket
import subprocess

from localcloud.errors import LocalCloudError

# Below the ranges from which Linux (32768) and macOS (49152) take the ports of outgoing connections:
# one that is free while a part is down is still free when it comes back.
_RANGE = range(20000, 30000)


def choose(part: str, *, asked: int | None, kept: int | None, taken: set[int]) -> int:
    """Gives the port of a part: the one asked for, else the one of its last start, else a free one.

    Args:
        part: the part as its variable names it, e.g. `postgres`.
        asked: port that `--<part>-port` or LOCALCLOUD_<PART>_PORT names.
        kept: port of the last start.
        taken: ports of the other parts.

    Raises:
        LocalCloudError: the port that was asked for is in use.
    """
    if asked is not None:
        if asked in taken or not is_free(asked):
            raise LocalCloudError(
                f"port {asked}, asked for {part}, is in use{_by_whom(asked)}. "
                f"Stop that, or choose another with --{part}-port or LOCALCLOUD_{part.upper()}_PORT."
            )
        return asked
    if kept is not None and kept not in taken and is_free(kept):
        return kept
    for port in random.sample(_RANGE, 200):
        if port not in taken and is_free(port):
            return port
    raise LocalCloudError(f"no free port was found for {part} between {_RANGE.start} and {_RANGE.stop}. Name one with --{part}-port.")


def asked_for(part: str, argument: int | None) -> int | None:
    """Gives the port that the argument or else LOCALCLOUD_<PART>_PORT asks for; None leaves the choice to us."""
    name = f"LOCALCLOUD_{part.upper()}_PORT"
    given = argument if argument is not None else os.environ.get(name)
    if given is None or given == "":
        return None
    try:
        port = int(given)
    except ValueError:
        port = 0
    if not 1024 <= port <= 65535:
        raise LocalCloudError(f"--{part}-port or {name} must be a whole number from 1024 to 65535.")
    return port


def is_free(port: int) -> bool:
    """Whether nothing listens there on the loopback addresses: `localhost` may mean either."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # Connections of the last start that still linger do not make a port taken.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as problem:
            if family == socket.AF_INET6 and problem.errno not in _IN_USE:
                continue  # a machine without IPv6
            return False
    return True


_IN_USE = {48, 98, 13}  # EADDRINUSE of macOS and Linux, EACCES


def _by_whom(port: int) -> str:
    """Says who listens, where the system tells: `lsof` on macOS and many Linuxes, else `ss`."""
    for command, pattern in (
        (["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"], r"p(?P<pid>\d+)\nc(?P<name>.+)"),
        (["ss", "-Hltnp", f"sport = :{port}"], r'"(?P<name>[^"]+)",pid=(?P<pid>\d+)'),
    ):
        if shutil.which(command[0]):
            found = re.search(pattern, subprocess.run(command, capture_output=True, text=True, check=False).stdout)
            if found:
                return f" by {found['name']} (process {found['pid']})"
    return ""
