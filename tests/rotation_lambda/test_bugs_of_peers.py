"""Bugs that other rotation code has or had, and the tests that would fail if ours had them.

"samples" are aws-samples/aws-secrets-manager-rotation-lambdas, a number alone one of their issues; CDK is aws/aws-cdk. What is not
tested in this file is tested where its subject is; a test below looks that it still is.

Every engine
- plaintext when verified TLS fails, a CA bundle that is not in the zip (#173):
  test_postgres_session.test_rule_17_a_server_without_tls_is_refused
  test_mysql_session.test_rule_17_a_server_that_offers_no_tls_hears_nothing
  test_bad_input.test_tls_that_is_not_proved
- a timeout adds up over all credentials until the platform ends the function (CDK#17265, #17288):
  test_postgres_session.test_rule_20_a_host_that_never_answers_ends_before_the_functions_timeout
  test_mysql_session.test_rule_20_a_host_that_never_answers_ends_before_the_functions_timeout
  test_bad_input.test_a_host_that_accepts_and_never_answers
- every cause is told as "unable to log into database" (#13, #103, #132):
  test_postgres_session.test_rule_13_the_servers_refusals_are_told_apart
  test_bad_input.test_a_host_that_is_down
- host and user name in each step's line (#162): test_log.test_rule_28_each_step_prints_one_line
- the new value is not found yet, or is another version's (#28, #29):
  test_create_secret.test_rule_5_the_new_value_is_read_by_token_and_label
  test_create_secret.test_rule_5_a_value_that_cannot_be_read_yet_is_waited_for
- createSecret needs a value to begin with (#84): test_create_secret.test_rule_8_an_empty_placeholder_is_filled
- a password that the server refuses is tried for ever (hashicorp/vault#28989):
  test_set_secret.test_rule_10_a_value_that_the_servers_policy_refuses_is_given_up
  test_postgres_password_policy.test_rule_10_a_password_that_the_server_refuses_is_given_up
  test_mysql_logs.test_rule_10_mysqls_password_policy_is_heard_and_the_value_given_up
- the new value is published without a login (Vault's database engine, Pulumi ESC; Infisical PR 5461 rotates before it validates):
  test_test_and_finish.test_rule_25_a_step_that_comes_too_early_publishes_nothing
- characters that break .pgpass (#9), DMS (#36), URLs (managed-care-review PR 458), ADO strings (CDK#4144); and a first value by
  another policy than the rotation's (CDK PR#17609, PR#17617):
  test_create_secret.test_rule_9_a_password_has_every_class_and_nothing_that_needs_quoting
  test_postgres.test_the_first_rotation_mints_the_value_and_makes_the_users
- the place is read from tags or from the secret (#105), whose writer then chooses it:
  test_bad_input.test_a_place_that_somebody_changed_in_the_pending_value
- an admin secret needs more than username and password (#84, #96, #117, #162), and nobody makes the user (#84):
  test_postgres.test_the_first_rotation_mints_the_value_and_makes_the_users
  test_mysql_alternating.test_an_admin_secret_of_username_and_password_is_enough
- a driver without a wheel, or for another Python (#24, #26, #35, #52, #68, #74, #161, PR#171, PR#176), stale copies (CDK#28696):
  test_bundle_on_lambdas_pythons.test_rule_30_every_engine_starts_on_the_runtime_without_a_network
  test_bundle.test_rule_30_two_builds_from_two_caches_are_the_same_bytes_on_every_platform

PostgreSQL
- what the clone makes is denied to the user (#38, #39, #43, #56, #175):
  test_postgres_ownership.test_rule_19_after_three_rotations_with_ddl_both_users_can_read_write_and_alter_everything
- the clone has the grants of the day on which it was made (PR#58):
  test_postgres_ownership.test_a_user_made_by_hand_keeps_every_privilege_and_shares_it_with_the_clone
- SCRAM needs a libpq that the zip does not have (#103, #144, CDK#28696): test_postgres_hostile_names.test_a_verifier_equals_the_servers_own
- plaintext passwords in the server's log: test_set_secret.test_rule_16_no_password_is_in_the_servers_log_or_statistics
- a reader endpoint as the host (#60, #146, #156): test_postgres_session.test_rule_13_the_servers_refusals_are_told_apart
- a proxy that knows other users (#103, #108, CDK#25568): test_test_and_finish.test_rule_21_a_proxy_that_logs_in_as_somebody_else_is_seen
- an account that is taken over loses its password at once (hashicorp/vault#11126, #18738):
  test_postgres_ownership.test_a_user_made_by_hand_takes_turns_like_any_other

MySQL and MariaDB
- WITH GRANT OPTION is lost (#90): test_mysql_alternating.test_a_grant_option_survives_the_rotation
- the clone may come from everywhere (#101, #102, #112):
  test_mysql_alternating.test_a_user_that_is_bound_to_a_host_gets_a_clone_that_is_bound_to_it
  test_mysql_alternating.test_all_accounts_of_the_name_rotate_together
- grants are copied once: test_mysql_alternating.test_a_later_grant_to_the_role_reaches_both_users_at_once
- text of a grant is put into a statement (#158): test_mysql_hostile_names.test_a_right_on_something_hostile_is_shared_as_it_is
- a login needs `cryptography` (#138): test_mysql_session.test_a_login_needs_no_cryptography_package
- a reader endpoint as the host (#60, #146): test_mysql_session.test_rule_22_a_reader_is_not_written_to
- a version that does not begin with 8 gets `PASSWORD()`, which MySQL 9 has not (terraform-aws-secret-manager-with-rotation PR 12), and a
  user name that changes breaks RDS Proxy and whoever does not read it (#108, CDK#20704, CDK#25568; samples PR#152 is open):
  test_mysql_dual_password.test_a_rotation_is_one_statement_of_the_user_itself

Redis
- the test step does not log in, and tests another version than the token's (ElastiCache template):
  test_redis.test_peer_bug_elasticache_test_secret_never_authenticates
  test_redis.test_peer_bug_elasticache_test_secret_ignores_the_token
- a new user for each rotation (Infisical): test_redis.test_peer_bug_infisical_creates_users_per_rotation
- the current password goes when the new one is set: test_redis.test_rule_18_the_current_password_works_through_every_step

Tokens, keys and certificates
- the active access key is taken out of use before there is another (Infisical):
  test_iam_access_key.test_the_key_before_stays_active_until_the_next_rotation_needs_its_place
- what was issued and not stored stays for good, until the issuer's cap is reached (two keys at IAM, 100 at SendGrid):
  test_iam_access_key_strangers.test_a_key_that_was_made_and_never_stored_does_not_stand_in_the_way
  test_http_token_orphans.test_an_orphan_of_an_abandoned_rotation_is_revoked_by_the_next_one
- a new token that its issuer does not know yet (Twilio: 60 seconds) fails the rotation:
  test_http_token_refusals.test_an_issuer_that_needs_a_moment_to_know_its_own_token_gets_it
- a signing key is used before its verifiers know it (caching-net#27):
  test_signing_key.test_a_key_that_not_every_verifier_may_know_does_not_sign
- anybody with a right to revoke revokes anybody's certificate: test_tls_certificate.test_nobody_can_have_a_strangers_certificate_revoked

Engines that are not here, by the rule that keeps the class of bug out
- Oracle sets another password than the one that it stores (line 196), and needs the old one beside it (#164, #166). Rules 10, 15:
  test_postgres_hostile_names.test_rule_15_hostile_names_and_passwords_are_names_and_passwords_only
  test_mysql_hostile_names.test_rule_15_hostile_names_and_passwords_are_names_and_passwords_only
- SQL Server logs in with the previous password and names the current one as the old one. Rules 13, 27:
  test_postgres_single_user.test_rule_27_a_password_that_only_the_previous_version_knows_is_recovered
  test_mysql_dual_password.test_rule_27_with_the_previous_password_only_the_next_rotation_recovers
- SQL Server's TLS is set for the whole process: `test_a_rotation_changes_nothing_of_its_process` below.
- MongoDB calls what its driver has not any more (`db.authenticate`). Rule 30:
  test_bundle.test_the_locks_wheels_are_those_that_the_projects_own_tests_use
- Db2 and Redshift verify no certificate. Rule 17: test_bad_input.test_tls_that_is_not_proved
- Db2 knows a password a moment later, and ten seconds of sleep hide it (#142). Rule 22:
  test_test_and_finish.test_rule_22_a_server_that_learns_late_is_asked_again
- InfluxDB's createSecret has a path that is never reached (#148). Rule 6:
  test_create_secret.test_rule_6_create_secret_twice_mints_one_value
"""

import os
import re
import socket
from pathlib import Path

import pytest

from rotation_lambda import channel
from rotation_lambda.engines._postgres_session import Session
from rotation_lambda.errors import ConflictError, NetworkError, PermissionRefusedError
from tests.rotation_lambda import test_bad_input

_TESTS = Path(__file__).parent.parent
_FUNCTION = _TESTS.parent / "rotation_lambda"
_ELSEWHERE = sorted(set(re.findall(r"\b(test_\w+)\.(test_\w+)", __doc__ + test_bad_input.__doc__)))


@pytest.mark.parametrize(("file", "test"), _ELSEWHERE)
def test_what_is_tested_elsewhere_is_tested(file, test):
    [path] = (path for room in ("rotation_lambda", "components") for path in (_TESTS / room).glob(f"{file}.py"))

    assert f"\ndef {test}(" in path.read_text()


@pytest.mark.parametrize("strategy", ["alternating-users", "single-user"])
def test_a_timeout_is_not_taken_for_a_wrong_password(service, monkeypatch, strategy):  # samples#13, #132; CDK#17265, #17288
    """There, each of three credentials waits for its own timeout, with TLS and without."""
    service.declare(strategy=strategy)
    service.rotate()
    service.rotate()
    with socket.create_server(("localhost", 0)) as silent:
        service.declare(port=silent.getsockname()[1])
        token = service.until("setSecret")
        monkeypatch.setattr(channel, "CONNECT_SECONDS", 0.2)

        with pytest.raises(NetworkError):
            service.step("setSecret", token)

        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):  # nobody called a second time
            silent.accept()


@pytest.mark.parametrize("admin", [True, False])
def test_a_user_that_may_not_set_its_own_password_has_the_admin_set_it(service, monkeypatch, refused, admin):  # samples#50
    """RDS with `rds.restrict_password_commands` refuses, with 42501, whoever is no member of rds_password."""
    service.declare(strategy="single-user")
    service.rotate()
    if not admin:
        service.declare(admin=None)
    token, set_password = service.until("setSecret"), Session.set_password

    def restricted(session, statement):
        if session._whose == f"user {service.username}":
            raise PermissionRefusedError("user is not allowed to do what a rotation needs (42501)")
        set_password(session, statement)

    monkeypatch.setattr(Session, "set_password", restricted)

    if admin:
        service.step("setSecret", token)
        assert service.logs_in(service.pending(token))
    else:
        with refused("permission", says="42501"):
            service.step("setSecret", token)
        assert service.logs_in(service.current)


def test_a_value_that_an_abandoned_rotation_left_behind_is_never_published(service):  # hashicorp/vault#12563
    """There, a write-ahead entry of long ago is taken up again, and rotates too early."""
    service.rotate()
    token = service.until("testSecret")
    left_behind = service.pending(token)["password"]
    service.manager.abandon(service.arn)

    with pytest.raises(ConflictError):
        service.step("finishSecret", token)
    service.rotate()

    assert service.current["password"] != left_behind
    assert service.logs_in(service.current)


def test_two_secrets_that_rotate_at_the_same_time_keep_a_valid_login_each(service):  # hashicorp/vault#18738
    """There, roles that are due together all deny their clients at once. Users that take turns deny nobody."""
    service.rotate()
    before = service.current

    token = service.until("testSecret")

    assert [service.logs_in(value) for value in (before, service.pending(token))] == [True, True]


def test_a_rotation_changes_nothing_of_its_process(service):
    """The SQL Server template sets FREETDSCONF for the whole process, to a relative path, and TLS is gone."""
    before = dict(os.environ), Path.cwd(), os.umask(0o022)
    os.umask(before[2])

    service.rotate()

    umask = os.umask(before[2])
    os.umask(umask)
    assert (dict(os.environ), Path.cwd(), umask) == before


def test_no_engine_takes_a_setting_from_the_process():
    """A variable of the process is everybody's; a target is one secret's."""
    readers = [path.name for path in sorted(_FUNCTION.rglob("*.py")) if re.search(r"\benviron\b|\bgetenv\b|\bputenv\b", path.read_text())]

    assert readers == ["targets.py"]


def test_no_engine_waits_longer_than_the_step_may_take():  # samples#142
    """A fixed sleep of ten seconds is too long when time is short, and too short when it is not."""
    pauses = [pause for path in (_FUNCTION / "engines").glob("*.py") for pause in re.findall(r"sleep\(.*", path.read_text())]

    assert [pause for pause in pauses if "deadline.limit(" not in pause] == []
