"""What a reviewer gets: the pull request that shares, does not rotate or wrongly encrypts a secret is stopped before it exists.

Each of `programs/` is previewed on an empty stack: every ARN in it is still unknown.
"""

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.story

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def preview(cloud, tmp_path):
    def previewed(program):
        shutil.copytree(PROGRAMS, tmp_path / "project")
        shutil.copy(cloud.environment["KEYTURN_LOCAL_CA"], tmp_path / "project" / "ca.pem")
        (tmp_path / "project" / "Pulumi.yaml").write_text(f"name: gate\nruntime: python\nmain: {program}.py\n")
        return cloud.preview_program(tmp_path / "project")

    return previewed


def test_a_secret_with_one_reader_a_rotation_and_a_customer_key_passes(preview):
    passed = preview("sound")

    assert passed.returncode == 0, passed.stdout + passed.stderr


@pytest.mark.parametrize(
    ("program", "rule", "mend"),
    [
        ("shared", "secret-has-one-reader", "Give each service a secret of its own"),
        ("shared_by_components", "secret-has-one-reader", "Give each service a secret of its own"),
        ("unrotated", "secret-is-rotated", "Add an aws.secretsmanager.SecretRotation"),
        ("aws_managed_key", "secret-uses-customer-key", "Set kmsKeyId to a customer managed key"),
    ],
)
def test_the_preview_fails_with_the_rule_the_resource_and_the_mend(preview, program, rule, mend):
    failed = preview(program)

    output = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert rule in output
    assert "billing-database" in output
    assert mend in output
