"""What the pages show as a target is one: its engine takes it."""

import json
import re
from pathlib import Path

import pytest

from rotation_lambda.engines import engine_for
from rotation_lambda.targets import Target

PAGES = Path(__file__).parents[2] / "docs"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/billing/any-a1B2c3"


def _shown():
    for page in sorted(PAGES.glob("*.md")):
        for block in re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL):
            shown = json.loads(block)
            yield from (
                pytest.param(name, target, id=f"{page.stem}: {target['kind']}")
                for name, target in (shown.items() if isinstance(shown, dict) else ())
                if isinstance(target, dict) and "kind" in target
            )


@pytest.mark.parametrize(("name", "shown"), [*_shown()])
def test_a_target_that_a_page_shows_is_taken_by_its_engine(name, shown):
    settings = {key: value for key, value in shown.items() if key not in {"kind", "admin"}}
    target = Target(secret=name, arn=ARN, kind=shown["kind"], admin=shown.get("admin"), settings=settings)

    engine_for(target.kind).describe(target, None)


def test_each_kind_without_a_component_and_without_an_example_has_a_target_on_a_page():
    shown = {parameters.values[1]["kind"] for parameters in _shown()}

    assert shown >= {"aws-access-key", "encryption-key", "service-token", "signing-key", "tls-certificate"}
