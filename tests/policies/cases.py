"""The corpus: programs with the answer that a rule must give. The rules' pages are written from them, too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.policies.program import Program

FIRST_PREVIEW, DEPLOYED = "first preview", "deployed"
ALWAYS = (FIRST_PREVIEW, DEPLOYED)


@dataclass(frozen=True)
class Case:
    """One program and the answer."""

    rule: str
    answer: str
    """`holds`, `violated` or `cannot decide`."""
    title: str
    """A sentence for the rule's page, e.g. `A second service may read the secret`."""
    build: Callable[[Program], object]
    at: frozenset[str]
    """Names of the resources that the findings stand at; empty when it holds."""
    properties: frozenset[str] | None
    """Properties that the findings name; None when the case does not say."""
    when: tuple[str, ...]
    """Before the first deployment, when what only AWS knows is unknown, or after it, or both."""
    cites: tuple[str, ...]
    """Where other tools report this one falsely, e.g. `checkov#7542`."""
    settings: Mapping[str, Any]

    @property
    def id(self) -> str:
        """How a test calls it."""
        return f"{self.rule}: {self.build.__name__}"

    def program(self, when: str) -> Program:
        """Gives the program in one of its situations."""
        program = Program(deployed=when == DEPLOYED)
        self.build(program)
        return program


class Cases:
    """The cases of one rule. A corpus file makes one, called `cases`, and decorates functions that build a program."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.all: list[Case] = []

    def holds(self, title, *, when=ALWAYS, cites=(), settings=None):
        """The rule says nothing: a sound program, or a near miss, or what other tools report falsely (`cites`)."""
        return self._added("holds", title, when=when, cites=cites, settings=settings)

    def violated(self, title, *, at, properties=None, when=ALWAYS, cites=(), settings=None):
        """The rule says no, at these resources."""
        return self._added("violated", title, at=at, properties=properties, when=when, cites=cites, settings=settings)

    def cannot_decide(self, title, *, at, properties=None, when=FIRST_PREVIEW, cites=(), settings=None):
        """The rule says at which resources, and which property it would need."""
        return self._added("cannot decide", title, at=at, properties=properties, when=when, cites=cites, settings=settings)

    def _added(self, answer, title, *, at=(), properties=None, when, cites, settings):
        def add(build):
            self.all.append(
                Case(
                    rule=self.rule,
                    answer=answer,
                    title=title,
                    build=build,
                    at=frozenset(_texts(at)),
                    properties=None if properties is None else frozenset(_texts(properties)),
                    when=_texts(when),
                    cites=_texts(cites),
                    settings=settings or {},
                )
            )
            return build

        return add


def _texts(given):
    return (given,) if isinstance(given, str) else tuple(given)


@cache
def corpus() -> tuple[Case, ...]:
    """Gives every case of every file under `corpus/`, in the order of the files."""
    files = sorted((Path(__file__).parent / "corpus").glob("*.py"))
    return tuple(case for file in files for case in import_module(f"tests.policies.corpus.{file.stem}").cases.all)
