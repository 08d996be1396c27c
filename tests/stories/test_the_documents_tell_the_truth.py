"""What a stranger gets: what stands in the documents runs as it stands there."""

import re
import shutil

import pytest
import yaml

from keyturn.declaration import Declaration
from localcloud.directory import CHECKOUT

pytestmark = pytest.mark.story


def block(page, language):
    """The first block of code of a page."""
    return re.search(rf"```{language}\n(.*?)```", (CHECKOUT / page).read_text(), re.DOTALL)[1]


def test_the_composed_stack_previews_and_passes_the_policies(cloud, tmp_path):
    shutil.copytree(CHECKOUT / "certificates", tmp_path / "certificates")
    (tmp_path / "Pulumi.yaml").write_text("name: composed\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(block("docs/compose.md", "python"))

    preview = cloud.preview_program(tmp_path)

    assert preview.returncode == 0, preview.stdout + preview.stderr


@pytest.mark.parametrize("page", ["README.md", "docs/declare.md"])
def test_the_declaration_shown_is_one(page):
    config = yaml.safe_load(block(page, "yaml"))["config"]

    declared = Declaration.from_config(config, directory=CHECKOUT, variables={})

    assert [str(name) for name in declared.secrets()] == ["prod/billing/database"]


def test_each_stack_of_ours_previews_offline_without_credentials_and_changes_no_file(cloud):
    before = {path: path.read_text() for path in CHECKOUT.glob("Pulumi.*.yaml")}

    previews = {stack: cloud.localcloud("preview", "--stack", stack, AWS_ACCESS_KEY_ID="", AWS_PROFILE="") for stack in ("dev", "prod")}

    assert {stack: preview.returncode for stack, preview in previews.items()} == {"dev": 0, "prod": 0}
    assert all(preview.stdout.startswith("offline preview") for preview in previews.values())
    assert {path: path.read_text() for path in CHECKOUT.glob("Pulumi.*.yaml")} == before
