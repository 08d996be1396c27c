"""The parts of one local cloud that run as processes: started, looked at, stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud import ports
from localcloud.aws import process as aws
from localcloud.directory import Directory
from localcloud.errors import LocalCloudError
from localcloud.postgres import PostgreSQL
from localcloud.progress import say, step

# In the order of starting; the title is what a person reads.
TITLES = {"postgres": "PostgreSQL", "aws": "AWS"}


@dataclass(frozen=True)
class Part:
    """What a look at one part shows."""

    name: str
    title: str
    port: int | None
    pid: int | None
    state: str
    """`runs`, `dead` (it was started and is gone) or `stopped`."""


class Cloud:
    """One local cloud."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.aws_directory = directory.path / "aws"

    def log_of(self, name: str) -> Path:
        """Gives the log file of a part."""
        return self.directory.logs / ("aws.log" if name == "aws" else "postgresql.log")

    def plan(self, asked: Mapping[str, int | None]) -> dict[str, int]:
        """Gives the port of each part, before anything is started.

        Args:
            asked: the port that each part must have; None leaves the choice.

        Raises:
            LocalCloudError: a port that was asked for is in use, or its part already runs on another.
        """
        before = {part.name: part for part in self.parts()}
        self._refuse_to_move(before, asked)
        return self._ports(before, asked)

    def start(self, planned: Mapping[str, int]) -> list[str]:
        """Starts what does not run, on its data, and gives the titles of parts that had been killed."""
        before = self.parts()
        for part in before:
            if part.state != "runs":
                back = " again, with its data" if part.state == "dead" else ""
                with step(f"starting {part.title} on port {planned[part.name]}{back}"):
                    self.start_part(part.name, planned[part.name])
        return [part.title for part in before if part.state == "dead"]

    def parts(self) -> list[Part]:
        """Looks at every part."""
        noted = self.directory.remembered()
        seen = []
        for name, title in TITLES.items():
            found = self._find(name)
            port = found[1] if found else noted.get("ports", {}).get(name)
            state = "runs" if found else "dead" if name in noted.get("started", []) else "stopped"
            seen.append(Part(name, title, port, found[0] if found else None, state))
        return seen

    def running(self) -> dict[str, Part]:
        """Gives the parts by name.

        Raises:
            LocalCloudError: one of them does not run.
        """
        if not self.directory.exists:
            raise LocalCloudError(f"there is no local cloud in {self.directory.path}. `make up` starts one.")
        parts = {part.name: part for part in self.parts()}
        down = [part for part in parts.values() if part.state != "runs"]
        if down:
            told = " and ".join(f"{part.title} {'was killed' if part.state == 'dead' else 'is stopped'}" for part in down)
            raise LocalCloudError(f"the local cloud in {self.directory.path} is down: {told}. `make up` brings it back with its data.")
        return parts

    def stop(self) -> list[str]:
        """Stops every part by its own id and gives what was stopped. Data stay."""
        stopped = []
        for part in reversed(self.parts()):
            if part.state == "runs":
                with step(f"stopping {part.title}"):
                    self.stop_part(part.name)
                stopped.append(part.title)
            self._note_started(part.name, started=False)
        return stopped

    def start_part(self, name: str, port: int | None = None) -> None:
        """Starts one part, on the port that it had unless told otherwise."""
        port = port or self.directory.remembered()["ports"][name]
        if name == "aws":
            aws.start(self.aws_directory, port)
            beside_the_others = self.directory.logs / "aws.log"
            if not beside_the_others.is_symlink():
                beside_the_others.symlink_to(self.aws_directory / "aws.log")
        else:
            server = PostgreSQL(self.directory)
            server.start(port)
            if not server.data.home.is_relative_to(self.directory.path):
                say(f"  its data lie in {server.data.home}: `nobody`, as whom it runs, has no way into {self.directory.path}")
        self._note_started(name, started=True)

    def stop_part(self, name: str) -> None:
        """Stops one part and leaves the others."""
        if name == "aws":
            running = aws.find(self.aws_directory)
            if running:
                aws.stop(running)
        else:
            PostgreSQL(self.directory).stop()
        self._note_started(name, started=False)

    def _find(self, name: str) -> tuple[int, int] | None:
        """Gives id and port of the running part, also when the command that started it was killed before it could note that."""
        if name == "aws":
            running = aws.find(self.aws_directory)
            return (running.pid, running.port) if running else None
        server = PostgreSQL(self.directory).running()
        return (server.pid, server.port) if server and server.port else None

    def _note_started(self, name: str, *, started: bool) -> None:
        noted = self.directory.remembered()
        others = [other for other in noted.get("started", []) if other != name]
        self.directory.remember({**noted, "started": [*others, name] if started else others})

    def _ports(self, before: dict[str, Part], asked: Mapping[str, int | None]) -> dict[str, int]:
        kept = self.directory.remembered().get("ports", {})
        chosen = {name: part.port for name, part in before.items() if part.state == "runs" and part.port}
        for name, title in TITLES.items():
            if name in chosen:
                continue
            chosen[name] = ports.choose(name, asked=asked.get(name), kept=kept.get(name), taken=set(chosen.values()))
            if asked.get(name) is None and kept.get(name, chosen[name]) != chosen[name]:
                say(f"  {title} moves to port {chosen[name]}: {kept[name]}, where it was, is taken. Shells need `make env` again.")
        self.directory.remember({**self.directory.remembered(), "ports": chosen})
        return chosen

    def _refuse_to_move(self, before: dict[str, Part], asked: Mapping[str, int | None]) -> None:
        for name, part in before.items():
            if part.state == "runs" and asked.get(name) not in (None, part.port):
                raise LocalCloudError(
                    f"{part.title} already runs on port {part.port}; it cannot move to {asked[name]} meanwhile. "
                    "`make down KEEP=1` stops the local cloud and keeps its data; then start it on the other port."
                )
