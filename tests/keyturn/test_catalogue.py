"""The vocabulary: every kind has a sensitivity, and the table of the design is what the code says."""

import pytest

from keyturn.catalogue import AVAILABLE, DATABASES, Kind, Sensitivity, Strategy, engine_of, sensitivity_of


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


def test_a_database_is_rotated_by_the_engine_of_its_name():
    assert {kind: engine_of(kind) for kind in DATABASES} == {kind: str(kind) for kind in DATABASES}


@pytest.mark.parametrize("kind", sorted(set(Kind) - DATABASES))
def test_what_is_no_database_has_no_database_engine(kind):
    assert engine_of(kind) is None


def test_what_is_available_has_an_engine():
    assert [engine_of(kind) for kind in AVAILABLE] == ["postgres"]


def test_strategies_have_the_names_that_the_function_is_configured_with():
    assert [str(strategy) for strategy in Strategy] == ["alternating-users", "single-user"]
