"""A rotation engine is one new file and what belongs to it; here is what is missing when something is (CONTRIBUTING.md)."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from keyturn.catalogue import engine_of
from rotation_lambda import engines
from rotation_lambda.engines import _ENGINES, Engine

_HERE = Path(__file__).parent
_FOLDER = Path(engines.__file__).parent
_MODULES = sorted(path.stem for path in _FOLDER.glob("[!_]*.py"))
_NAMED = sorted({module.rpartition(".")[2] for module in _ENGINES.values()})
_PROTOCOL = {name: function for name, function in vars(Engine).items() if inspect.isfunction(function) and not name.startswith("_")}


def test_every_kind_has_a_module_and_every_module_a_kind():
    assert _NAMED == _MODULES


@pytest.mark.parametrize("kind", sorted(_ENGINES))
def test_the_catalogue_names_the_same_engine(kind):
    assert engine_of(kind) == _ENGINES[kind].rpartition(".")[2]


@pytest.mark.parametrize("engine", _MODULES)
def test_an_engine_is_what_the_protocol_says(engine):
    module = importlib.import_module(f"rotation_lambda.engines.{engine}")

    signatures = {name: inspect.signature(getattr(module, name)) for name in _PROTOCOL}

    expected = {name: inspect.signature(function) for name, function in _PROTOCOL.items()}
    assert {name: [*signature.parameters] for name, signature in signatures.items()} == {
        name: [*signature.parameters][1:] for name, signature in expected.items()
    }
    assert {name: signature.return_annotation for name, signature in signatures.items()} == {
        name: signature.return_annotation for name, signature in expected.items()
    }


@pytest.mark.parametrize("engine", _MODULES)
def test_an_engine_says_what_it_gives(engine):
    module = importlib.import_module(f"rotation_lambda.engines.{engine}")

    assert inspect.getdoc(module)
    assert [name for name in _PROTOCOL if not getattr(module, name).__doc__] == []


@pytest.mark.parametrize("engine", _MODULES)
def test_an_engine_is_in_the_crash_matrix(engine):
    subject = importlib.import_module(f"tests.rotation_lambda.subjects.{engine}")

    assert subject.ROWS
    assert callable(subject.running)


@pytest.mark.parametrize("engine", _MODULES)
def test_an_engine_has_tests_of_its_own(engine):
    assert [*_HERE.glob(f"test_{engine}*.py")]


def test_a_subject_belongs_to_an_engine_or_is_of_one_of_its_kinds():
    subjects = {path.stem for path in (_HERE / "subjects").glob("[!_]*.py")}

    assert subjects <= {*_MODULES, *_ENGINES}


def test_a_helper_is_used():
    helpers = {path.stem for path in _FOLDER.glob("_*.py")} - {"__init__"}

    used = {
        name
        for path in _FOLDER.glob("*.py")
        for name in re.findall(r"engines\.(_\w+) import|engines import (?:.*\b)?(_\w+)", path.read_text())
    }

    assert helpers - {name for pair in used for name in pair} == set()
