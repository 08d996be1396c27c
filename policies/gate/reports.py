"""The files that a run writes: where people and machines look."""

from dataclasses import dataclass
from pathlib import Path

from policies.gate.judgement import Judgement
from policies.gate.junit import junit
from policies.gate.markdown import comment
from policies.gate.pages import Pages
from policies.gate.sarif import sarif
from policies.gate.writing import write
from policies.rules import rules


@dataclass(frozen=True)
class Reports:
    """What to write, and where; None for what nobody asked for."""

    markdown: Path | None = None
    sarif: Path | None = None
    junit: Path | None = None
    json: Path | None = None
    before: Judgement | None = None
    pages: Pages | None = None

    def write(self, judgement: Judgement, location: str) -> list[Path]:
        """Writes the files, all or none, and gives their paths.

        Raises:
            GateError: a file cannot be written.
        """
        texts = (
            (self.markdown, lambda: comment(judgement, self.before, self.pages)),
            (self.sarif, lambda: sarif(judgement, rules(), location=location, pages=self.pages)),
            (self.junit, lambda: junit(judgement, rules())),
            (self.json, lambda: judgement.model_dump_json(by_alias=True, indent=2) + "\n"),
        )
        written = {path: text() for path, text in texts if path is not None}
        write(written)
        return list(written)


def location_of(folder: Path) -> str:
    """Gives the project's file as code hosts name it: relative to the repository, else to the present folder."""
    project = next((folder / name for name in ("Pulumi.yaml", "Pulumi.yml") if (folder / name).exists()), folder / "Pulumi.yaml").resolve()
    here = Path.cwd().resolve()
    for base in (*(parent for parent in project.parents if (parent / ".git").exists()), here):
        if project.is_relative_to(base):
            return project.relative_to(base).as_posix()
    return project.name
