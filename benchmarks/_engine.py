"""The real engine on a local AWS of its own in a temporary folder: nothing of a running local cloud is touched."""

import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks._rounds import Measure, measured
from localcloud import environment, ports
from localcloud.aws import process
from localcloud.directory import Directory

PROGRAMS = Path(__file__).resolve().parent / "programs"
_STACK = "bench"
_WITHOUT_CHECKPOINTS = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}

# Secrets Manager adds six characters to each name, Lambda's and IAM's ids are random: what differs between two equal deployments.
_RANDOM = re.compile(r"-[A-Za-z0-9]{6}(?=$|[\"\\:])|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Engine:
    """Runs programs of this folder on an empty stack each."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._environment = environment.applied(variables)
        self.created: dict[str, Counter[str]] = {}
        """By program: type, name and inputs of each resource that its last `up` created."""

    def preview(self, program: str, *options: str, **variables: str) -> Measure:
        """Previews the program as a whole new stack, with more environment variables."""
        self._environment.update(variables)
        with self._stack(program):
            return self._measured("preview", program, *options)

    def up(self, program: str, *, checkpoints: bool = True) -> Measure:
        """Creates everything that the program declares, notes what that was, and removes it again; only the creation is measured.

        Args:
            program: folder of the program.
            checkpoints: a file backend writes the whole state anew after each step; without, it does so once, at the end.
        """
        with self._stack(program):
            try:
                measure = self._measured("up", program, "--yes", "--skip-preview", checkpoints=checkpoints)
                self.created[program] = _created(json.loads(self._pulumi("stack", program, "export")))
                return measure
            finally:
                self._pulumi("destroy", program, "--yes", "--skip-preview", checkpoints=False)

    @contextmanager
    def _stack(self, program: str) -> Generator[None]:
        self._pulumi("stack", program, "init")
        try:
            yield
        finally:
            self._pulumi("stack", program, "rm", "--yes")

    def _measured(self, command: str, program: str, *options: str, checkpoints: bool = True) -> Measure:
        return measured(lambda: self._pulumi(command, program, *options, checkpoints=checkpoints))

    def _pulumi(self, command: str, program: str, *options: str, checkpoints: bool = True) -> str:
        arguments = ["pulumi", command, *options, "--stack", _STACK, "--non-interactive", "--color", "never"]
        variables = self._environment if checkpoints else {**self._environment, **_WITHOUT_CHECKPOINTS}
        done = subprocess.run(arguments, cwd=PROGRAMS / program, env=variables, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"`{' '.join(arguments)}` in {PROGRAMS / program} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def local_engine() -> Generator[Engine]:
    """Gives an engine whose AWS creates everything and rotates nothing: 100 functions that run would hide what is measured."""
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as folder:
        directory = Directory(Path(folder))
        state = directory.path / "bench-state"
        state.mkdir()
        port = ports.choose("aws", asked=None, kept=None, taken=set())
        aws = process.start(directory.path / "aws", port, settings={"ROTATION_ATTEMPTS": "0"})
        try:
            key = process.administrator(aws)
            variables = environment.offline(directory, state)
            del variables["KEYTURN_OFFLINE"]
            variables["AWS_ENDPOINT_URL"] = aws.url
            variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"] = key.access_key_id, key.secret_access_key
            yield Engine(variables)
        finally:
            process.stop(aws)


def _created(exported: dict[str, Any]) -> Counter[str]:
    """Gives what a provider knows of a deployment, without the ids that are random: equal for equal programs."""
    resources = [each for each in exported["deployment"]["resources"] if each["custom"] and not each["type"].startswith("pulumi:")]
    told = ([each["type"], each["urn"].split("::")[-1], _opened(each["inputs"])] for each in resources)
    return Counter(_RANDOM.sub("…", json.dumps(each, sort_keys=True)) for each in told)


def _opened(value: Any) -> Any:
    """Documents as what they say: the order of their keys means nothing."""
    match value:
        case dict():
            return {key: _opened(part) for key, part in value.items()}
        case str() if value.startswith("{"):
            return json.loads(value)
        case _:
            return value
