"""What a reviewer gets: the pull request that shares, leaks, opens or does not rotate a secret is stopped before anything exists.

Each of `programs/` is previewed on an empty stack: every ARN in it is still unknown.
"""

import re
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
    ("program", "rules"),
    [
        ("shared", {"secret-has-one-reader": "Give each service a secret of its own"}),
        ("shared_by_components", {"secret-has-one-reader": "Give each service a secret of its own"}),
        ("unrotated", {"secret-is-rotated": "Add an aws.secretsmanager.SecretRotation"}),
        ("aws_managed_key", {"secret-uses-customer-key": "Set kmsKeyId to a customer managed key"}),
        (
            "leaked",
            {
                "no-secret-in-environment-variables": "Hand over the secret's name or ARN",
                "no-secret-in-manifests": "Let the External Secrets Operator bring the value",
            },
        ),
        (
            "open_to_a_cluster",
            {"store-is-scoped": "Use a SecretStore in the service's namespace", "vault-login-is-bound": "Name one service account"},
        ),
    ],
)
def test_the_preview_fails_with_the_rules_the_resource_and_the_mend_and_with_no_other_rule(preview, program, rules):
    failed = preview(program)

    output = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert set(re.findall(r"\[mandatory\] \[severity: \w+\]  (\S+)", output)) == set(rules)
    assert "billing-database" in output
    for mend in rules.values():
        assert mend in output
