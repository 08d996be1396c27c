"""What the rules believe about providers is what their SDKs say."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from policies.pack.graph.secret_values import GIVEN, MADE, is_placeholder
from policies.pack.graph.texts_in_clear import IN_CLEAR, places
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN

MODULES = {"random": "pulumi_random", "tls": "pulumi_tls", "vault": "pulumi_vault", "aws": "pulumi_aws", "kubernetes": "pulumi_kubernetes"}
# Kubernetes' old versions are no part of today's SDK.
IN_THE_SDK = [token for token in IN_CLEAR if not re.search(r"v\d(?:alpha|beta)\d:", token)]


def source(token):
    """The text of the SDK's module for a type."""
    package, module, _ = token.split(":")
    folder = Path(find_spec(MODULES[package]).origin).parent
    if package == "kubernetes":
        return (folder / module / f"{token.rpartition(':')[2]}.py").read_text()
    place, _, name = module.partition("/")
    place = {"index": "", "lambda": "lambda_", "appRole": "approle", "pkiSecret": "pkisecret"}.get(place, place)
    return (folder / place / f"{snake(name)}.py").read_text()


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize(("token", "name"), [(token, name) for token in GIVEN for name in GIVEN[token]])
def test_an_sdk_marks_whatever_is_written_into_the_value_of_a_secret(token, name):
    assert f'__dict__["{snake(name)}"] = None if {snake(name)} is None else pulumi.Output.secret({snake(name)})' in source(token)


@pytest.mark.parametrize(("token", "name"), [(token, name) for token in MADE for name in MADE[token] if "ID:" not in token])
def test_an_answer_that_is_a_secret_value_is_one_in_the_sdk(token, name):
    text = source(token)

    marked = re.search(r"additional_secret_outputs=\[([^\]]*)\]", text)
    assert f'"{name}"' in marked[1] if marked else f"def {snake(name)}(" in text


@pytest.mark.parametrize("token", IN_THE_SDK)
def test_a_property_in_which_texts_stand_in_clear_exists(token):
    class Everything(dict):
        def get(self, name):
            asked.append(name)
            return UNKNOWN

    asked = []
    list(places(Resource(urn="", type=token, name="x", inputs=Everything())))

    exist = [f'__dict__["{snake(name)}"]' in source(token) for name in asked]
    # Workloads keep their pods in one of two properties.
    assert any(exist) if token.startswith("kubernetes:") else all(exist)


@pytest.mark.parametrize(
    "text", ["", "changeme", "CHANGE_ME", "<replace-me>", "placeholder", "{}", "xxxx", "***", "to-be-set", "TBD", "n/a"]
)
def test_a_place_holder_is_known(text):
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["hunter3", "change-me-7f3a9Q", "placebo", "info", "example.com", "x7k2p9"])
def test_a_value_is_no_place_holder(text):
    assert not is_placeholder(text)
