import os
import socket

import pytest

from localcloud import ports
from localcloud.errors import LocalCloudError


@pytest.fixture
def busy():
    """A port on which this process listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_part_comes_back_on_the_port_that_it_had():
    first = ports.choose("aws", asked=None, kept=None, taken=set())

    again = ports.choose("aws", asked=None, kept=first, taken=set())

    assert again == first


def test_a_part_moves_when_another_program_has_its_port_meanwhile(busy):
    chosen = ports.choose("aws", asked=None, kept=busy, taken=set())

    assert chosen != busy
    assert ports.is_free(chosen)


def test_two_parts_never_get_one_port():
    first = ports.choose("aws", asked=None, kept=None, taken=set())

    second = ports.choose("postgres", asked=None, kept=first, taken={first})

    assert second != first


def test_a_port_that_was_asked_for_and_is_in_use_is_named_with_who_uses_it(busy):
    with pytest.raises(LocalCloudError) as refused:
        ports.choose("postgres", asked=busy, kept=None, taken=set())

    assert f"port {busy}, asked for postgres, is in use" in str(refused.value)
    assert f"(process {os.getpid()})" in str(refused.value)
    assert "--postgres-port or LOCALCLOUD_POSTGRES_PORT" in str(refused.value)


def test_a_port_in_use_on_the_other_loopback_is_in_use_as_well():
    with socket.socket(socket.AF_INET6) as listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            return  # a machine without IPv6: nothing can be in use there
        listener.listen()

        free = ports.is_free(listener.getsockname()[1])

    assert not free


def test_the_argument_comes_before_the_variable(monkeypatch):
    monkeypatch.setenv("LOCALCLOUD_AWS_PORT", "20001")

    asked = ports.asked_for("aws", 20002), ports.asked_for("aws", None), ports.asked_for("postgres", None)

    assert asked == (20002, 20001, None)


@pytest.mark.parametrize("given", ["eighty", "80", "65536", "-1", "4566.5"])
def test_what_is_no_port_is_refused_by_the_name_of_its_variable(monkeypatch, given):
    monkeypatch.setenv("LOCALCLOUD_AWS_PORT", given)

    with pytest.raises(LocalCloudError, match="--aws-port or LOCALCLOUD_AWS_PORT must be a whole number from 1024 to 65535"):
        ports.asked_for("aws", None)
