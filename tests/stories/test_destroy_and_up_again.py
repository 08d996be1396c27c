"""What a team gets: destroy removes all, and up works again at once."""

import pytest

pytestmark = pytest.mark.story


def test_destroy_removes_all_and_up_works_again_at_once(own_cloud):
    destroyed = own_cloud.pulumi("destroy", "--stack", "local", "--yes")
    left = [secret["Name"] for secret in own_cloud.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]]
    roles = [role["RoleName"] for role in own_cloud.client("iam").list_roles()["Roles"]]
    again = own_cloud.up()

    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    assert left == ["local/platform/database-admin"]  # the database's own: made by the cloud, not by the stack
    assert roles == []
    assert again.returncode == 0, again.stdout + again.stderr
    assert own_cloud.database.logs_in(own_cloud.value("billing", "database"))


def test_a_name_in_its_recovery_window_is_named_and_released(own_cloud):
    own_cloud.pulumi("destroy", "--stack", "local", "--yes")
    secrets = own_cloud.client("secretsmanager")
    secrets.create_secret(Name="local/billing/database")
    secrets.delete_secret(SecretId="local/billing/database", RecoveryWindowInDays=7)

    by_hand = own_cloud.pulumi("up", "--stack", "local", "--yes")
    again = own_cloud.up()

    assert by_hand.returncode != 0
    assert "local/billing/database" in by_hand.stdout + by_hand.stderr
    assert again.returncode == 0, again.stdout + again.stderr
    assert "local/billing/database" in again.stdout + again.stderr
