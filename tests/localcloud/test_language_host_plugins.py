"""Policy packs and component plugins that are folders, through our language host, on the real engine."""

import json
import os
import signal
import time

import pytest

pytestmark = pytest.mark.story

PROGRAM = """
import pulumi

pulumi.ComponentResource("shop:index:Shelf", "oak", {"boards": 3})
"""
# -u: the stock server prints its port without flushing, and the engine would wait for it for ever.
PACK = """#!/usr/bin/env -S python3 -u
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def at_least_four_boards(args, report):
    if args.resource_type == "shop:index:Shelf" and args.props["boards"] < 4:
        report("a shelf has four boards: add one")


PolicyPack(
    name="carpentry",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(name="shelf-has-four-boards", description="Four boards", validate=at_least_four_boards),
    ],
)
"""
PLUGIN = """
from typing import TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host


class GreeterArgs(TypedDict):
    who: pulumi.Input[str]


class Greeter(pulumi.ComponentResource):
    greeting: pulumi.Output[str]

    def __init__(self, name: str, args: GreeterArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("greetings:index:Greeter", name, {}, opts)
        self.greeting = pulumi.Output.concat("hello ", args["who"])
        self.register_outputs({"greeting": self.greeting})


component_provider_host(name="greetings", components=[Greeter])
"""
NEVER = """
import asyncio
import pathlib


def never(marker):
    pathlib.Path(marker).touch()
    return asyncio.sleep(60, "hello ")
"""
USER = """
import pulumi


class Greeter(pulumi.ComponentResource):
    greeting: pulumi.Output[str]

    def __init__(self, name, who):
        super().__init__("greetings:index:Greeter", name, {"who": who, "greeting": None}, remote=True)


pulumi.export("greeting", Greeter("morning", pulumi.Output.from_input("world")).greeting)
"""


@pytest.fixture
def shop(pulumi):
    """A project whose shelf breaks the rule of the policy pack in the folder beside it."""
    pulumi.write({"Pulumi.yaml": "name: shop\nruntime: python\n", "__main__.py": PROGRAM})
    pulumi.write({"PulumiPolicy.yaml": "runtime: python\n", "__main__.py": PACK}, folder="pack")
    (pulumi.root / "pack" / "__main__.py").chmod(0o755)
    pulumi.run("stack", "init", "local")
    return pulumi


@pytest.fixture
def greetings(pulumi):
    """A component plugin in a folder, and a project that uses it."""
    pulumi.write({"PulumiPlugin.yaml": "name: greetings\nruntime: python\n", "__main__.py": PLUGIN}, folder="plugin")
    plugins = "plugins: {providers: [{name: greetings, path: ../plugin}]}\n"
    pulumi.write({"Pulumi.yaml": f"name: user\nruntime: python\n{plugins}", "__main__.py": USER})
    return pulumi


@pytest.mark.parametrize("pack", ["../pack", "../pack/__main__.py"], ids=["folder", "executable"])
def test_a_policy_pack_stops_the_preview_with_its_message(shop, pack):
    said = shop.run("preview", "--policy-pack", pack, exits=1)

    assert "[mandatory]  shelf-has-four-boards  (shop:index:Shelf: oak)" in said
    assert "a shelf has four boards: add one" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("pack", ["../pack", "../pack/__main__.py"], ids=["folder", "executable"])
def test_a_policy_pack_lets_pass_what_keeps_its_rules(shop, pack):
    shop.write({"__main__.py": PROGRAM.replace("3", "4")})

    said = shop.run("up", "--yes", "--policy-pack", pack)

    assert "+ 2 created" in said
    assert "carpentry" in said


def test_a_policy_pack_that_is_broken_shows_why(shop):
    shop.write({"__main__.py": "import no_such_module\n"}, folder="pack")

    said = shop.run("preview", "--policy-pack", "../pack", exits=1)

    assert "No module named 'no_such_module'" in said


def test_interrupting_ends_a_policy_pack_in_peace(shop):
    slow = PACK.replace("def at_least", "import pathlib, time\n\n\ndef at_least").replace(
        '    if args.resource_type == "shop:index:Shelf"',
        f'    pathlib.Path("{shop.root}/begun").touch(); time.sleep(3)\n    if args.resource_type == "shop:index:Shelf"',
    )
    shop.write({"__main__.py": slow}, folder="pack")

    with shop.start("preview", "--policy-pack", "../pack") as preview:
        while not (shop.root / "begun").exists() and preview.poll() is None:
            time.sleep(0.05)
        os.killpg(preview.pid, signal.SIGINT)
        said, _ = preview.communicate()

    assert preview.returncode != 0
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said


def test_a_component_plugin_gives_its_schema(greetings):
    said = greetings.run("package", "get-schema", "../plugin")

    schema = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert schema["resources"]["greetings:index:Greeter"]["requiredInputs"] == ["who"]


def test_a_component_plugin_is_used_by_another_program(greetings):
    greetings.run("stack", "init", "local")

    said = greetings.run("up", "--yes", "--skip-preview")

    assert "+ 2 created" in said
    assert json.loads(greetings.run("stack", "output", "--json")) == {"greeting": "hello world"}


def test_interrupting_while_a_plugin_is_at_work_ends_everything_in_peace(greetings):
    greetings.write({"__main__.py": NEVER + PLUGIN.replace('"hello "', f'never("{greetings.root}/begun")')}, folder="plugin")
    greetings.run("stack", "init", "local")

    with greetings.start("up", "--yes", "--skip-preview") as up:
        while not (greetings.root / "begun").exists() and up.poll() is None:
            time.sleep(0.05)
        os.killpg(up.pid, signal.SIGINT)
        said, _ = up.communicate()

    assert up.returncode != 0
    assert "update canceled" in said
    assert "Traceback" not in said


def test_a_component_plugin_without_a_main_file_runs_by_its_project_name(greetings):
    module = PLUGIN.replace('component_provider_host(name="greetings", components=[Greeter])\n', "")
    greetings.write({"pyproject.toml": '[project]\nname = "greetings"\nversion = "1.0.0"\n', "greetings.py": module}, folder="plugin")
    (greetings.root / "plugin" / "__main__.py").unlink()

    said = greetings.run("package", "get-schema", "../plugin", PYTHONPATH=str(greetings.root / "plugin"))

    assert "greetings:index:Greeter" in said


def test_a_folder_that_is_no_plugin_is_refused_by_name(greetings):
    (greetings.root / "plugin" / "__main__.py").unlink()

    said = greetings.run("package", "get-schema", "../plugin", exits=1)

    assert f"{greetings.root}/plugin cannot be run: it has neither a __main__.py nor a project name in a pyproject.toml" in said


def test_generating_an_sdk_is_refused_with_the_way_out(greetings):
    said = greetings.run("package", "add", "../plugin", exits=1)

    assert "generates no SDK" in said
    assert "released Pulumi CLI" in said
