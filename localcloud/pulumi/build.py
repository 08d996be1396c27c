"""Building the pinned Pulumi CLI from its Go module, with progress, and with a plain word when it fails."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.progress import Note, step
from localcloud.pulumi.go import HERE, Go

PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_STAMP = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"

# What Go says, in the order in which it is looked for, and what a person reads. Go's own line follows each of them.
_CAUSES = (
    (r"no space left on device|disk quota exceeded|file too large", "the disk is full. Free about 4 GB for Go's caches"),
    (
        r"SECURITY ERROR|checksum mismatch",
        "a fetched module is not the one that go.sum pins: do not use it, and ask who serves your modules",
    ),
    (
        r"disabled by GOPROXY|dial tcp|no such host|i/o timeout|connection refused|proxyconnect|TLS|x509|reading https?:|server response",
        "Go's modules could not be fetched. Check the network and GOPROXY, or install a released Pulumi CLI (3.255 or newer)",
    ),
    (
        r"permission denied|read-only file system|build cache is required",
        "Go cannot write its caches. Name others with GOCACHE and GOMODCACHE",
    ),
    (r"signal: killed|cannot allocate memory", "there was not enough memory. About 3 GB are needed"),
)


def flags(version: str) -> list[str]:
    """Gives what the build is made with; it is part of the cache's key."""
    return ["-mod=readonly", "-trimpath", f"-ldflags=-s -w -X {_STAMP}={version}"]


def build(go: Go, version: str, target: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Builds the CLI into the file `target`.

    Raises:
        LocalCloudError: Go failed; the message names the cause, the way out and Go's own words.
    """
    settings = {
        **environment,
        **go.environment,
        "CGO_ENABLED": "0",  # no C compiler is needed, and the result does not depend on one
        "GOFLAGS": "",  # a person's -mod=vendor or -tags would build something else than what is pinned
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    with step(f"fetching the modules of Pulumi {version}") as note:
        listed = _run([str(go.executable), "list", "-mod=readonly", "-deps", PACKAGE], settings, note)
    total = sum(1 for line in listed if not line.startswith("go: "))
    with step(f"building Pulumi {version}, once (about 4 minutes)") as note:
        command = [str(go.executable), "build", "-v", *flags(version), "-o", str(target), PACKAGE]
        _run(command, settings, lambda detail: note(f"package {detail}"), total)


def _run(command: list[str], environment: Mapping[str, str], note: Note, total: int | None = None) -> list[str]:
    said: list[str] = []
    with subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            said.append(line.rstrip())
            note(f"{len(said)} of {total}: {said[-1]}" if total else said[-1].removeprefix("go: "))
    if process.returncode:
        raise LocalCloudError(_explained(said))
    return said


def _explained(said: list[str]) -> str:
    for pattern, meaning in _CAUSES:
        for line in said:
            if re.search(pattern, line):
                return f"Pulumi's CLI could not be built: {meaning}. Go says: {line}"
    return "Pulumi's CLI could not be built. Go says:\n" + "\n".join(f"  {line}" for line in said[-8:])
