from localcloud.pulumi.engine import Engine
from localcloud.pulumi.plugins import offer, offer_language_host


def test_a_plugin_lies_where_an_installed_one_would(tmp_path):
    offer(tmp_path, "resource", "aws", "7.51.1", tmp_path / "stand-in")

    link = tmp_path / "plugins" / "resource-aws-v7.51.1" / "pulumi-resource-aws"
    assert link.readlink() == tmp_path / "stand-in"


def test_offering_again_changes_nothing_and_another_clone_takes_over(tmp_path):
    for clone in ("one", "one", "other"):
        offer(tmp_path, "resource", "aws", "v7.51.1", tmp_path / clone)

    link = tmp_path / "plugins" / "resource-aws-v7.51.1" / "pulumi-resource-aws"
    assert link.readlink() == tmp_path / "other"


def test_a_built_engine_gets_our_language_host(tmp_path):
    offer_language_host(tmp_path, Engine(tmp_path / "pulumi", "v3.259.0", built=True))

    link = tmp_path / "plugins" / "language-python-v3.259.0" / "pulumi-language-python"
    assert link.resolve().read_text().startswith("#!/usr/bin/env python3\n")


def test_a_released_engine_keeps_its_own_language_host(tmp_path):
    offer_language_host(tmp_path, Engine(tmp_path / "pulumi", "v3.260.0", built=False))

    assert list(tmp_path.iterdir()) == []
