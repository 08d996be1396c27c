"""The vocabulary: every kind has a sensitivity, and the table of the design is what the code says."""

from pathlib import Path

import pytest

from keyturn.catalogue import AVAILABLE, DATABASES, ENGINES, Kind, Sensitivity, Strategy, engine_of, sensitivity_of
from rotation_lambda import engines


@pytest.mark.parametrize(
    ("kind", "sensitivity"),
    [
        ("postgres", "critical"),
        ("mysql", "critical"),
        ("mariadb", "critical"),
        ("redis", "critical"),
        ("mongodb", "critical"),
        ("sqlserver", "critical"),
        ("oracle", "critical"),
        ("signing-key", "critical"),
        ("oauth-client", "critical"),
        ("aws-access-key", "critical"),
        ("encryption-key", "critical"),
        ("tls-certificate", "high"),
        ("api-key", "high"),
        ("static", "medium"),
        ("service-token", "medium"),
    ],
)
def test_a_kind_says_how_much_a_leak_hurts(kind, sensitivity):
    assert sensitivity_of(Kind(kind)) is Sensitivity(sensitivity)


def test_the_table_above_has_every_kind():
    assert len(Kind) == 15


@pytest.mark.parametrize(
    ("kind", "engine"),
    [
        ("postgres", "postgres"),
        ("mysql", "mysql"),
        ("mariadb", "mysql"),
        ("redis", "redis"),
        ("mongodb", None),
        ("sqlserver", None),
        ("oracle", None),
        ("signing-key", "signing_key"),
        ("oauth-client", "http_token"),
        ("aws-access-key", "iam_access_key"),
        ("encryption-key", "encryption_key"),
        ("tls-certificate", "tls_certificate"),
        ("api-key", "http_token"),
        ("static", None),
        ("service-token", "random_value"),
    ],
)
def test_a_kind_has_an_engine_or_a_person(kind, engine):
    assert engine_of(Kind(kind)) == engine


def test_the_engines_are_those_of_the_function():
    """What the stack believes and what the function brings: each kind finds its module, and no module is without a kind."""
    of_the_function = {kind: module.rpartition(".")[2] for kind, module in engines._ENGINES.items()}

    assert {str(kind): engine_of(kind) for kind in Kind if engine_of(kind)} == of_the_function
    assert {path.stem for path in Path(engines.__file__).parent.glob("[!_]*.py")} == set(ENGINES)


def test_what_is_available_is_a_database_with_an_engine():
    assert [str(kind) for kind in AVAILABLE] == ["postgres", "mysql", "mariadb", "redis"]
    assert all(kind in DATABASES and engine_of(kind) for kind in AVAILABLE)


def test_strategies_have_the_names_that_the_function_is_configured_with():
    assert [str(strategy) for strategy in Strategy] == ["alternating-users", "dual-password", "single-user"]
