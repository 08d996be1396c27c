"""Thirty rules make a rotation that loses nothing, and each has tests that bear its number."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
RULES = range(1, 31)


def test_every_rule_has_its_test():
    sources = [file.read_text() for room in ("rotation_lambda", "components") for file in (TESTS / room).rglob("test_*.py")]

    named = {
        int(number)
        for source in sources
        for numbers in re.findall(r"^def test_rules?_((?:\d+_(?:and_)?)+)", source, re.MULTILINE)
        for number in re.findall(r"\d+", numbers)
    }

    assert named == set(RULES)
