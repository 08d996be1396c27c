"""What is drawn: a spinner on a terminal, plain lines everywhere else."""

import io

import pytest
from rich.console import Console

from keyturn.operations.rotation_log import Step
from keyturn.operations.screen import Screen

STEP = Step(step="setSecret", outcome="done", attempt=1, timestamp=1_800_000_000, milliseconds=140)


@pytest.fixture
def output():
    return io.StringIO()


def test_on_a_terminal_what_it_waits_for_is_shown_and_gone_in_the_end(output):
    screen = Screen(Console(file=output, force_terminal=True, width=100))

    with screen.working():
        screen.waiting("waiting for setSecret, 3 s")
        screen.step(STEP)

    assert "waiting for setSecret, 3 s" in output.getvalue()
    assert output.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


def test_without_a_terminal_there_are_no_escape_sequences(output):
    screen = Screen(Console(file=output, width=100))

    with screen.working():
        screen.waiting("waiting for setSecret, 3 s")
        screen.step(STEP)

    assert output.getvalue() == "  08:00:00  ✓ setSecret       140 ms\n"


def test_without_a_terminal_a_long_silence_is_broken_now_and_then(output, monkeypatch):
    seconds = iter([0, 0, 16, 16])
    monkeypatch.setattr("keyturn.operations.screen.time.monotonic", lambda: next(seconds))
    screen = Screen(Console(file=output, width=100))
    screen.say("begun")

    screen.waiting("waiting for setSecret, 16 s")

    assert output.getvalue().splitlines()[-1] == "  … waiting for setSecret, 16 s"


def test_an_arn_is_printed_as_it_is(output):
    screen = Screen(Console(file=output, force_terminal=True, width=100))

    screen.say("arn:aws:secretsmanager:eu-central-1:000000000000:secret:prod/billing/database-a1b2c3 [bold]")

    assert ":secret:prod/billing/database-a1b2c3 [bold]" in output.getvalue()
