"""The wheels of an engine's lock: fetched once, kept by their hash, and chosen for what the function runs on."""

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components._cache import cache, unwritable
from components._errors import BundleError
from components._platform import Platform

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)==(\S+)((?: --hash=sha256:[0-9a-f]{64})+)")
_MACHINE_CODE = re.compile(r"\.so(\.\d+)*$")


@dataclass(frozen=True)
class Requirement:
    """One line of a lock. A pure wheel serves every platform; one with machine code has a hash for each that it was built for."""

    name: str
    version: str
    digests: tuple[str, ...]


def requirements(lock: Path) -> list[Requirement]:
    """Gives what a lock pins; nothing when there is no lock, because the engine brings nothing along.

    Raises:
        BundleError: a line pins otherwise than by version and hashes.
    """
    if not lock.is_file():
        return []
    joined = re.sub(r"\s*\\\n\s*", " ", lock.read_text(encoding="utf-8"))
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    found = [_REQUIREMENT.fullmatch(line) for line in lines]
    if bad := [line.split()[0] for line, match in zip(lines, found, strict=True) if not match]:
        raise BundleError(f"{lock.name} pins {bad[0]} otherwise than by `name==version --hash=sha256:…` for each of its wheels.")
    return [Requirement(match[1], match[2], tuple(re.findall("[0-9a-f]{64}", match[3]))) for match in found if match]


def wheels(lock: Path, platform: Platform) -> list[Path]:
    """Gives the wheels that a lock pins for a platform, one for each requirement; those that are missing are fetched first.

    Raises:
        BundleError: a wheel cannot be fetched, or the lock names none that runs there.
    """
    pinned = requirements(lock)
    chosen = [_chosen(lock, requirement, platform) for requirement in pinned]
    if None in chosen:
        _fetch(lock, platform)
        chosen = [_chosen(lock, requirement, platform) for requirement in pinned]
    if missing := [requirement.name for requirement, wheel in zip(pinned, chosen, strict=True) if wheel is None]:
        raise BundleError(f"{lock.name} names no wheel of {missing[0]} for {platform}; add the hash of the one that is built for it.")
    return [wheel for wheel in chosen if wheel]


def modules(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Gives what a function needs of a wheel: modules, licences, and the three lines of metadata by which a driver finds its version."""
    with zipfile.ZipFile(wheel) as opened:
        for name in opened.namelist():
            folders = name.split("/")[:-1]
            if ".dist-info" in name:
                if name.endswith(".dist-info/METADATA"):
                    yield name, b"".join(opened.read(name).splitlines(keepends=True)[:3])
                elif "LICENSE" in name:
                    yield name, opened.read(name)
            elif (name.endswith(".py") and not {"tests", "test"} & set(folders)) or is_machine_code(name):
                yield name, opened.read(name)


def is_machine_code(name: str) -> bool:
    """Says whether a file of a wheel is a shared object."""
    return bool(_MACHINE_CODE.search(name))


def _chosen(lock: Path, requirement: Requirement, platform: Platform) -> Path | None:
    """The wheel that fits, read again and compared with its hash; nothing when it is missing or another file."""
    paths = [(cache() / "wheels" / f"{digest}.whl", digest) for digest in requirement.digests]
    sound = [path for path, digest in paths if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest]
    fitting = [path for path in sound if any(platform.takes(tag) for tag in _tags(path))]
    if len(fitting) > 1:
        raise BundleError(f"{lock.name} names {len(fitting)} wheels of {requirement.name} for {platform}; keep the hash of one.")
    return fitting[0] if fitting else None


def _tags(wheel: Path) -> Sequence[str]:
    """What the wheel says that it was built for: inside, where the hash vouches for it, and not in the name of its file."""
    with zipfile.ZipFile(wheel) as opened:
        (said,) = [name for name in opened.namelist() if name.endswith(".dist-info/WHEEL")]
        return [line.removeprefix("Tag: ") for line in opened.read(said).decode().splitlines() if line.startswith("Tag: ")]


def _fetch(lock: Path, platform: Platform) -> None:
    folder = cache() / "wheels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as download:
            _download(lock, platform, Path(download))
            for wheel in Path(download).glob("*.whl"):
                wheel.replace(folder / f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}.whl")
    except OSError as error:
        raise unwritable(cache(), error) from None


def _download(lock: Path, platform: Platform, into: Path) -> None:
    # Built wheels only, and only such as the platform takes: what would need a compiler is refused here rather than on Lambda.
    places = [f"--platform={place}" for place in platform.places]
    python = ["--implementation=cp", f"--python-version={platform.python}", f"--abi=cp{platform.python.replace('.', '')}"]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries=2"]
    pinned = ["--only-binary=:all:", "--require-hashes", "--no-deps", f"--requirement={lock}", f"--dest={into}"]
    command = [sys.executable, "-m", "pip", "download", *quiet, *python, *places, *pinned]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        last = (finished.stderr.strip().splitlines() or [""])[-1]
        failed = finished.returncode != 0
    except subprocess.TimeoutExpired:
        failed, last = True, "no answer within 10 minutes"
    if failed:
        raise BundleError(
            f"The wheels of {lock.name} for {platform} are not in the cache and pip could not fetch them: {last}\n"
            f"With a network, run `python -m components.prebuild` once (`make setup` does); after that no network is needed."
        )
