"""A preview without a cloud: any stack, `prod` included, judged by the policies, with no credentials and nothing created."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from localcloud import environment
from localcloud.certificates import Authority
from localcloud.directory import CHECKOUT, Directory
from localcloud.errors import LocalCloudError
from localcloud.progress import say
from localcloud.stack import run

# Who encrypts the stack's configuration: none of it can be asked offline, and the copy gets a passphrase of its own.
_ENCRYPTION = ("secretsprovider", "encryptedkey", "encryptionsalt")


def preview(directory: Directory, stack: str, *, project: Path = CHECKOUT, policies: Path = CHECKOUT / "policies") -> int:
    """Previews the stack as if nothing existed yet, prints what the engine says and gives its exit code.

    No file of the project changes: state and the stack's file are copies that are gone afterwards.

    Raises:
        LocalCloudError: there is no such stack, or it cannot be previewed offline.
    """
    stack_file = project / f"Pulumi.{stack}.yaml"
    written = _readable(stack_file, stack, project)
    print(f"offline preview of `{stack}`: no cloud is asked, nothing is created; what exists already is not known here", flush=True)
    folder = prepare(directory)
    with tempfile.TemporaryDirectory(dir=folder, prefix="preview-") as scratch:
        backend = Path(scratch) / "state"
        backend.mkdir()
        variables = environment.applied(environment.offline(directory, backend), offline=True)
        config = create_stack(Path(scratch), stack, written, project, variables)
        command = [
            "pulumi",
            "preview",
            "--stack",
            stack,
            "--config-file",
            str(config),
            "--non-interactive",
            "--policy-pack",
            str(_fast(policies)),
        ]
        return subprocess.run(command, env=variables, cwd=project, stdin=subprocess.DEVNULL, check=False).returncode


def shell(directory: Directory, project: Path = CHECKOUT) -> dict[str, str]:
    """Gives the variables for offline previews by hand, with every stack of the project that can be previewed so."""
    folder = prepare(directory)
    backend = folder / "state"
    backend.mkdir(exist_ok=True)
    variables = environment.offline(directory, backend)
    applied = environment.applied(variables, offline=True)
    for stack in _stacks(project):
        try:
            create_stack(folder, stack, _readable(project / f"Pulumi.{stack}.yaml", stack, project), project, applied)
        except LocalCloudError as problem:
            say(f"  left out: {problem}")
    say(f"by hand: pulumi preview --stack <stack> --config-file {folder}/project/Pulumi.<stack>.yaml --policy-pack policies")
    return variables


def prepare(directory: Directory) -> Path:
    """Gives the folder for what offline work needs; with an authority, to which the local stack refers."""
    directory.claim()
    folder = directory.path / "offline"
    (folder / "pulumi-home").mkdir(parents=True, exist_ok=True)
    Authority(directory.path / "certificates")
    return folder


def create_stack(folder: Path, stack: str, written: dict[str, Any], project: Path, variables: dict[str, str]) -> Path:
    """Creates the stack in the backend of `variables`, from a copy of the project, and gives the copy of the stack's file.

    A stack that was made before gets what is written now.
    """
    copy = folder / "project"
    copy.mkdir(exist_ok=True)
    shutil.copy(project / "Pulumi.yaml", copy)
    config = copy / f"Pulumi.{stack}.yaml"
    before = yaml.safe_load(config.read_text()) if config.exists() else {}
    salt = {"encryptionsalt": before["encryptionsalt"]} if "encryptionsalt" in before else {}
    config.write_text(yaml.safe_dump({key: value for key, value in written.items() if key not in _ENCRYPTION} | salt, sort_keys=False))
    if not salt:
        created = run(["stack", "init", stack], variables, cwd=copy)
        if created.returncode != 0:
            raise LocalCloudError(f"the engine cannot make the stack `{stack}` offline:\n{(created.stderr or created.stdout).strip()}")
    return config


def _stacks(project: Path) -> list[str]:
    return sorted(path.name.split(".")[1] for path in project.glob("Pulumi.*.yaml"))


def _readable(stack_file: Path, stack: str, project: Path) -> dict[str, Any]:
    try:
        written = yaml.safe_load(stack_file.read_text()) or {}
    except FileNotFoundError as problem:
        there = sorted(path.name.split(".")[1] for path in project.glob("Pulumi.*.yaml"))
        raise LocalCloudError(
            f"there is no {stack_file.name} for the stack `{stack}`. There are: {', '.join(there) or 'none'}."
        ) from problem
    except yaml.YAMLError as problem:
        raise LocalCloudError(f"{stack_file.name} is not YAML: {problem}") from problem
    if not isinstance(written, dict):
        raise LocalCloudError(f"{stack_file.name} must hold a mapping with `config`.")
    encrypted = list(_encrypted(written.get("config"), []))
    if encrypted:
        raise LocalCloudError(
            f"{stack_file.name} holds encrypted values that cannot be decrypted offline: {', '.join(encrypted)}. "
            "Preview this stack online, or keep values out of it: Keyturn's own keys need none."
        )
    return written


def _encrypted(value: Any, path: list[str]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            yield ".".join(path)
        for key, inner in value.items():
            yield from _encrypted(inner, [*path, str(key)])
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _encrypted(inner, [*path, str(index)])


def _fast(policies: Path) -> Path:
    """Gives the pack as a program, which asks half the calls of the engine; the folder when the program may not be run."""
    program = policies / "__main__.py"
    return program if program.exists() and program.stat().st_mode & 0o111 else policies
