"""What on-call gets for a wrong setting: the cause by its class, the old password still current, and a way back without a hand."""

import socket

import pytest
import yaml

from localcloud.directory import CHECKOUT

pytestmark = pytest.mark.story


@pytest.fixture
def deployed_with(cloud, tmp_path):
    """Deploys the local stack with settings of billing's database changed; afterwards, as it was."""

    def deployed(**changes):
        stack = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text())
        stack["config"]["keyturn:services"]["billing"]["secrets"]["database"].update(changes)
        changed = tmp_path / "Pulumi.local.yaml"
        changed.write_text(yaml.safe_dump(stack))
        return cloud.pulumi("up", "--stack", "local", "--yes", "--config-file", str(changed))

    yield deployed
    assert cloud.pulumi("up", "--stack", "local", "--yes").returncode == 0


def closed_port():
    """A port that nothing listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@pytest.mark.parametrize(
    ("setting", "error_class"),
    [
        ({"ca": "certificates/rds-eu-central-1.pem"}, "tls"),
        ({"host": "127.0.0.2"}, "network"),
        ({"port": closed_port()}, "network"),
        ({"database": "no_such_database"}, "configuration"),
    ],
    ids=["wrong certificate authority", "wrong host", "closed port", "no such database"],
)
def test_the_rotation_fails_with_the_class_and_the_old_password_stays_current(cloud, deployed_with, setting, error_class):
    before = cloud.value("billing", "database")
    deployed = deployed_with(**setting)

    failed = cloud.keyturn("rotate", "local/billing/database", "--quiet-period", "5")

    told = failed.stdout + failed.stderr
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert failed.returncode == 1
    assert error_class in told
    assert before["password"] not in told
    assert "Traceback" not in told
    assert cloud.value("billing", "database") == before
    assert cloud.database.logs_in(before)


def test_after_the_mend_the_next_rotation_works_without_a_hand(cloud):
    healed = cloud.keyturn("rotate", "local/billing/database")

    assert healed.returncode == 0, healed.stdout + healed.stderr
    assert cloud.database.logs_in(cloud.value("billing", "database"))
