"""Programs of Debian packages, of any suite, that run without being installed: the servers and Pythons that tests need.

apt resolves, fetches and verifies them as always, by the machine's own mirror and Debian's own keys, in a state of its own: no root
is needed, and the machine's packages, lists and settings stay as they are.
"""

import os
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote

from localcloud.cache import cache_root, made_once
from localcloud.errors import LocalCloudError
from localcloud.progress import Note, step

_KEYRINGS = (Path("/usr/share/keyrings/debian-archive-keyring.pgp"), Path("/usr/share/keyrings/debian-archive-keyring.gpg"))
_SETTINGS = """
#clear APT::Update;
#clear DPkg;
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Languages "none";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Debug::NoLocking "true";
Dir::Cache "{home}";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "{home}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{home}";
Dir::State::status "/dev/null";
"""
# What apt says, in the order in which it is looked for, and what a person reads. apt's own line follows each of them.
_CAUSES = (
    (r"[Uu]nable to locate package|no installation candidate", "there is no such package in {suite}. Look for its name there"),
    (r"does not have a Release file", "the mirror has no suite {suite}, or it could not be reached. Check the name and the network"),
    (r"NO_PUBKEY|not signed|EXPKEYSIG|signature", "the keys of this machine do not verify {suite}. Update debian-archive-keyring"),
    (r"unmet dependencies|but it is not installable", "{suite} cannot satisfy what they depend on just now. Try again on another day"),
    (r"No space left|enough free space", "the disk of the temporary files is full. Free about 1 GB, or name another place with TMPDIR"),
    (r"Failed to fetch|Could not (?:connect|resolve)|Temporary failure|timed out", "the mirror could not be reached. Check the network"),
)


def unpacked(*packages: str, suite: str | None = None) -> Path:
    """Gives a folder with the packages and all that they depend on, unpacked once on a machine; the file `versions` says which.

    Args:
        packages: their names.
        suite: `trixie`, `sid` …; without it the machine's own.

    Raises:
        LocalCloudError: this is no Debian, or apt could not fetch them; the message names the cause and the way out.
    """
    own = _own_suite()
    chosen = suite or own
    folder = cache_root() / "debian" / f"{chosen}-{platform.machine()}" / "+".join(sorted(packages))
    made_once(folder, lambda draft: _make(draft, packages, chosen, own), waiting_for=f"{', '.join(packages)} of Debian {chosen}")
    return folder


def command(root: Path, program: str) -> list[str]:
    """Gives the command that runs a program of the folder (`usr/sbin/mysqld`) with the loader and the libraries that came with it.

    Raises:
        LocalCloudError: the folder has no such program, or it is a script.
    """
    path = root / program
    if not path.is_file() or not _is_machine_code(path):
        raise LocalCloudError(f"{program} is no program in {root}; look at what its packages hold, or remove the folder to fetch it anew")
    libraries = [folder for folder in (*root.glob("lib/*-linux-gnu*"), *root.glob("usr/lib/*-linux-gnu*")) if folder.is_dir()]
    loader = next(loader for folder in libraries for loader in folder.glob("ld-linux-*.so.*"))
    return [str(loader), "--library-path", ":".join(map(str, libraries)), str(path)]


def _is_machine_code(path: Path) -> bool:
    with path.open("rb") as program:
        return program.read(4) == b"\x7fELF"


def _make(draft: Path, packages: tuple[str, ...], suite: str, own: str) -> None:
    mirror, keyring = _mirror(own), _keyring()
    with tempfile.TemporaryDirectory(prefix="keyturn-apt-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # apt fetches under an account of its own when it runs as root
        for needed in ("lists/partial", "archives/partial"):
            (home / needed).mkdir(parents=True)
        (home / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror} {suite} main\n")
        (home / "apt.conf").write_text(_SETTINGS.format(home=home))
        apt = ["apt-get", f"--config-file={home / 'apt.conf'}", "--yes"]
        with step(f"reading what Debian {suite} has") as note:
            _run([*apt, "update"], suite, note)
        with step(f"fetching {', '.join(packages)} of Debian {suite}, once") as note:
            _run([*apt, "install", "--download-only", *packages], suite, note)
            fetched = sorted((home / "archives").glob("*.deb"))
            for number, package in enumerate(fetched, 1):
                note(f"unpacking {number} of {len(fetched)}")
                _unpack(package, draft)
    versions = [" ".join(unquote(package.stem).split("_")[:2]) for package in fetched]
    (draft / "versions").write_text("\n".join([f"Debian {suite}", *versions, ""]))


def _own_suite() -> str:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise LocalCloudError(
            "This machine has no apt-get; the servers for the tests come from Debian's archive. Use a Debian, or its image."
        )
    system = platform.freedesktop_os_release()
    if system.get("ID") != "debian":
        raise LocalCloudError(
            f"This machine is no Debian but {system.get('ID')}; its mirror has not the packages. Use a Debian, or its image."
        )
    return system.get("VERSION_CODENAME", "sid")


def _mirror(own: str) -> str:
    """The place that the machine itself fetches its suite from; asked in a way that needs no lists."""
    listed = subprocess.run(
        ["apt-get", "update", "--print-uris", "-o", "Debug::NoLocking=true"], check=False, capture_output=True, text=True
    )
    found = re.search(rf"^'(\S+)/dists/{re.escape(own)}/InRelease'", listed.stdout, re.MULTILINE)
    if not found:
        raise LocalCloudError(f"apt's sources name no mirror for {own}, the suite of this machine. Add one to /etc/apt/sources.list.d.")
    return found[1]


def _keyring() -> Path:
    for keyring in _KEYRINGS:
        if keyring.exists():
            return keyring
    raise LocalCloudError("Debian's keys are not on this machine. Install the package debian-archive-keyring.")


def _run(arguments: list[str], suite: str, note: Note) -> None:
    said: list[str] = []
    english = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    with subprocess.Popen(arguments, env=english, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            said.append(line.rstrip())
            note(said[-1])
    if process.returncode:
        raise LocalCloudError(_explained(said, suite))


def _explained(said: list[str], suite: str) -> str:
    for pattern, meaning in _CAUSES:
        for line in said:
            if re.search(pattern, line):
                return f"Debian's packages could not be fetched: {meaning.format(suite=suite)}. apt says: {line}"
    return "Debian's packages could not be fetched. apt says:\n" + "\n".join(f"  {line}" for line in said[-8:])


def _unpack(package: Path, into: Path) -> None:
    """Everything belongs to the caller and no file keeps setuid: nothing here is for an account other than the caller's."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as archive:
        tar = ["tar", "--extract", "--no-same-owner", "--no-same-permissions", "--keep-directory-symlink", f"--directory={into}"]
        unpacked_all = subprocess.run(tar, stdin=archive.stdout, check=False).returncode == 0
    if archive.returncode or not unpacked_all:
        raise LocalCloudError(f"The package {package.name} cannot be unpacked. Try again; look at the disk.")
