"""Programs through our language host, on the real engine."""

import json
import os
import signal
import time

import pytest

pytestmark = pytest.mark.story

PROJECT = "name: shop\nruntime: python\n"
PROGRAM = """
import pulumi


class Shelf(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("shop:index:Shelf", name, {"boards": 3})
        self.register_outputs({"boards": 3})


Shelf("oak")
"""


@pytest.fixture
def shop(pulumi):
    """A project with one component, and a stack for it."""
    pulumi.write({"Pulumi.yaml": PROJECT, "__main__.py": PROGRAM})
    pulumi.run("stack", "init", "local")
    return pulumi


def extended(shop, lines, **files):
    shop.write({"__main__.py": PROGRAM + lines} | files)


def test_a_program_is_previewed_deployed_and_destroyed(shop):
    previewed = shop.run("preview")
    deployed = shop.run("up", "--yes", "--skip-preview")
    again = shop.run("up", "--yes", "--skip-preview")
    destroyed = shop.run("destroy", "--yes", "--skip-preview")

    assert "+ 2 to create" in previewed
    assert "+ 2 created" in deployed
    assert "2 unchanged" in again
    assert "- 2 deleted" in destroyed


def test_nothing_warns_about_where_the_language_host_lies(shop, engine):
    said = shop.run("preview")

    # Beside a released CLI ours is put on PATH, of which that engine warns; `make env` leaves a released CLI its own host.
    assert ("warning" in said) is not engine.built


def test_config_reaches_the_program_and_secrets_stay_marked(shop):
    extended(
        shop,
        "config = pulumi.Config()\n"
        'pulumi.export("plain", config.require("plain"))\n'
        'pulumi.export("hidden", config.require_secret("hidden"))\n'
        'pulumi.export("marked", pulumi.runtime.is_config_secret("shop:hidden"))\n'
        'pulumi.export("structured", config.require_object("structured"))\n'
        'pulumi.export("place", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization()])\n',
    )
    shop.run("config", "set", "plain", "oak")
    shop.run("config", "set", "--secret", "hidden", "canary-4711")
    shop.run("config", "set", "--path", "structured.boards[0]", "3")

    said = shop.run("up", "--yes")

    outputs = json.loads(shop.run("stack", "output", "--json"))
    assert outputs == {
        "plain": "oak",
        "hidden": "[secret]",
        "marked": True,
        "structured": {"boards": [3]},
        "place": ["shop", "local", "organization"],
    }
    assert "canary-4711" not in said


def test_what_a_program_prints_is_in_the_engines_log(shop):
    extended(shop, 'import sys\nprint("to standard output")\nprint("to standard error", file=sys.stderr)\n')

    said = shop.run("preview")

    assert "to standard output" in said
    assert "to standard error" in said


def test_a_run_error_is_shown_without_a_traceback(shop):
    extended(shop, 'raise pulumi.RunError("service billing has no identity: give it one")\n')

    said = shop.run("preview", exits=1)

    assert "error: service billing has no identity: give it one" in said
    assert "Traceback" not in said
    assert "non-zero exit code" not in said


def test_another_exception_is_shown_with_its_traceback_and_once(shop):
    extended(shop, 'raise ValueError("the shelf broke")\n')

    said = shop.run("preview", exits=1)

    assert "Program failed with an unhandled exception" in said
    assert f'File "{shop.project}/__main__.py", line 12, in <module>' in said
    assert "ValueError: the shelf broke" in said
    assert "non-zero exit code" not in said


def test_an_exit_code_of_the_program_is_named(shop):
    extended(shop, "raise SystemExit(7)\n")

    said = shop.run("preview", exits=1)

    assert "program exited with non-zero exit code: 7" in said


def test_an_exception_in_a_callback_fails_the_program(shop):
    extended(shop, 'pulumi.Output.from_input(1).apply(lambda value: value / 0)\npulumi.export("x", 1)\n')

    said = shop.run("preview", exits=1)

    assert "ZeroDivisionError" in said


def test_a_program_finds_its_own_modules_and_not_the_hosts(shop):
    program = "import importlib.util, shelves\nprint('found:', importlib.util.find_spec('run_program'))\n"
    shop.write({"Pulumi.yaml": PROJECT + "main: source/shop.py\n", "source/shop.py": program, "source/shelves.py": "print('mine')\n"})

    said = shop.run("preview")

    assert "mine" in said
    assert "found: None" in said


def test_a_resource_hook_and_a_transform_call_back_into_the_program(shop):
    extended(
        shop,
        "def grow(args):\n"
        '    return pulumi.ResourceTransformResult({**args.props, "boards": 5}, args.opts)\n'
        "pulumi.runtime.register_resource_transform(grow)\n"
        "hook = pulumi.ResourceHook('told', lambda args: print('hook ran for', args.name))\n"
        'pulumi.ComponentResource("shop:index:Crate", "pine", {"boards": 1}, pulumi.ResourceOptions('
        "hooks=pulumi.ResourceHookBinding(before_create=[hook])))\n",
    )

    said = shop.run("up", "--yes", "--skip-preview")

    assert "+ 3 created" in said
    assert "hook ran for pine" in said
    assert '"boards": 5' in shop.run("stack", "export")


def test_a_virtualenv_that_is_not_there_is_named(shop):
    shop.write({"Pulumi.yaml": "name: shop\nruntime: {name: python, options: {virtualenv: venv}}\n"})

    said = shop.run("preview", exits=1)

    assert f"the runtime option virtualenv names {shop.project}/venv, and there is no Python in it" in said


def test_interrupting_ends_the_program_in_peace(shop):
    marker = shop.project / "finally"
    extended(
        shop,
        "import pathlib, time\n"
        "try:\n"
        f"    pathlib.Path({str(marker)!r} + '-begun').touch()\n"
        "    time.sleep(60)\n"
        "finally:\n"
        "    time.sleep(1)\n"
        f"    pathlib.Path({str(marker)!r}).touch()\n"
        "    raise OSError('this, too, is only the interruption')\n",
    )

    with shop.start("preview") as preview:
        wait_for(shop.project / "finally-begun", preview)
        os.killpg(preview.pid, signal.SIGINT)
        said, _ = preview.communicate()

    assert preview.returncode != 0
    assert "preview canceled" in said
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert marker.exists()


def wait_for(path, process):
    while not path.exists() and process.poll() is None:
        time.sleep(0.05)
