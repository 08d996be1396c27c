"""The engine: the person's own `pulumi` when it is recent enough, else the pinned CLI, built once on this machine."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from localcloud.cache import cache_root, made_once
from localcloud.errors import LocalCloudError
from localcloud.progress import say
from localcloud.pulumi.build import build, flags
from localcloud.pulumi.go import HERE, find_or_install

# The first that runs an executable as a policy pack, which is how the pack of this project is fast.
OLDEST = (3, 255)
LANGUAGE_HOST = "pulumi-language-python"


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI."""

    executable: Path
    """Path of `pulumi`; its folder belongs on PATH."""
    version: str
    """Version with a leading `v`."""
    built: bool
    """Whether it is the one we build: it comes without a language host, so that localcloud/pulumi/bin belongs on PATH too."""


def find_or_build(environment: Mapping[str, str] = os.environ) -> Engine:
    """Gives the CLI on PATH if it is recent and has its own Python language host beside it, else the pinned one from the cache.

    Raises:
        LocalCloudError: it has to be built and cannot; the message names the cause and the way out, and nothing half built is left.
    """
    return _on_path(environment) or _from_cache(environment)


def pinned_version() -> str:
    """Gives the version that go.mod pins."""
    found = re.search(r"^\s*github\.com/pulumi/pulumi/pkg/v3 (v\S+)", (HERE / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise LocalCloudError(f"{HERE / 'go.mod'} pins no Pulumi: check the file out again.")
    return found.group(1)


def _on_path(environment: Mapping[str, str]) -> Engine | None:
    ours = cache_root(environment) / "pulumi"
    folders = [folder for folder in environment.get("PATH", "").split(os.pathsep) if folder and not Path(folder).is_relative_to(ours)]
    found = shutil.which("pulumi", path=os.pathsep.join(folders))
    if not found:
        return None
    # Package managers link the CLI into a common folder; its language host may lie only beside what the link names.
    beside = [path for path in (Path(found), Path(found).resolve()) if (path.parent / LANGUAGE_HOST).exists()]
    if not beside:
        say(f"{found} is passed over: no {LANGUAGE_HOST} lies beside it, as it does in a release.")
        return None
    version = _version(beside[0], environment)
    if version is None:
        say(f"{found} is passed over: `pulumi version` does not answer.")
        return None
    if tuple(int(part) for part in version[1:].split(".")[:2]) < OLDEST:
        say(f"{found} is passed over: {version} is older than 3.255.")
        return None
    return Engine(beside[0], version, built=False)


def _version(executable: Path, environment: Mapping[str, str]) -> str | None:
    try:
        asked = subprocess.run(
            [executable, "version"],
            env={**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"v?(\d+\.\d+\.\d+\S*)", asked.stdout)
    return f"v{found.group(1)}" if found else None


def _from_cache(environment: Mapping[str, str]) -> Engine:
    version = pinned_version()
    folder = cache_root(environment) / "pulumi" / f"{version}-{_key(version)}"

    def make(draft: Path) -> None:
        build(find_or_install(environment), version, draft / "pulumi", environment)

    made_once(folder, make, waiting_for="Pulumi's CLI")
    return Engine(folder / "pulumi", version, built=True)


def _key(version: str) -> str:
    """Gives what decides the binary: the pinned modules, the flags and the machine's kind (homes are shared between machines)."""
    pins = (HERE / "go.mod").read_bytes() + (HERE / "go.sum").read_bytes()
    return sha256(pins + repr((flags(version), platform.system(), platform.machine())).encode()).hexdigest()[:16]
