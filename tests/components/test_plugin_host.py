"""The components as other languages see them: the schema is the public API, and its diff is the review of it."""

import importlib.metadata
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pulumi
import pytest
import yaml
from pulumi.provider.experimental.component import ComponentProvider

import components
from components.__main__ import HOSTED

CHECKOUT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("schema.json")


@pytest.fixture
def provider():
    return ComponentProvider(HOSTED, "keyturn", None, "0")


def test_the_public_api_is_what_was_reviewed(provider):
    """After a wanted change: `KEYTURN_UPDATE_GOLDEN=1 pytest tests/components/test_plugin_host.py`, and a line in CHANGELOG.md."""
    schema = json.loads(provider.schema)
    if os.environ.get("KEYTURN_UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n")

    assert schema == json.loads(GOLDEN.read_text())


def test_every_public_component_is_hosted():
    public = [name for name in components.__all__ if issubclass(getattr(components, name), pulumi.ComponentResource)]

    assert [hosted.__name__ for hosted in HOSTED] == public
    assert public == ["DatabaseCredential", "RotationFunction", "SecretEnvironment", "ServiceAccess"]


def test_every_argument_and_output_is_described(provider):
    schema = json.loads(provider.schema)

    bare = [
        f"{token}.{name}"
        for token, resource in schema["resources"].items()
        for part in ("inputProperties", "properties")
        for name, described in resource[part].items()
        if not described.get("description")
    ]
    assert bare == []


def test_the_plugin_is_hosted_under_the_name_of_the_tokens():
    plugin = yaml.safe_load((CHECKOUT / "components" / "PulumiPlugin.yaml").read_text())

    assert plugin["name"] == "keyturn"
    assert plugin["runtime"]["name"] == "python"


def test_the_host_starts_and_says_its_version_and_schema():
    """What the engine does with a plugin: it starts it, reads a port, and asks."""
    import grpc
    from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

    host = subprocess.Popen([sys.executable, str(CHECKOUT / "components"), "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, cwd="/")
    try:
        port = host.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            schema = json.loads(provider_pb2_grpc.ResourceProviderStub(channel).GetSchema(provider_pb2.GetSchemaRequest()).schema)
    finally:
        host.kill()
        host.communicate()

    assert (schema["name"], schema["version"]) == ("keyturn", importlib.metadata.version("keyturn"))
    assert len(schema["resources"]) == 4


def test_the_wheel_has_types_and_the_plugin(tmp_path):
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        assert {"components/py.typed", "components/PulumiPlugin.yaml", "components/__main__.py"} <= set(opened.namelist())
