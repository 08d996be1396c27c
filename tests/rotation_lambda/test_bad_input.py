"""Bad input, the same for every engine: a clear class, nothing published, no value told, and the next rotation is fine.

Every subject of the crash matrix is tried here, by what all of them have; so a new engine is, too. What only one engine can be told is
with its own tests, and `test_bugs_of_peers.py` looks that it still is:
- the same user in the admin secret and the rotated one, and a secret that is its own admin:
  test_set_secret.test_rule_14_the_admin_is_another_user_than_those_that_rotate
  test_mysql_alternating.test_the_admin_is_another_user
  test_redis_who_may.test_the_admin_does_not_rotate_itself
  test_gate.test_rule_4_no_secret_is_its_own_admin
- a password that the server's policy refuses, a name that the issuer's does:
  test_postgres_password_policy.test_rule_10_a_password_that_the_server_refuses_is_given_up
  test_mysql_logs.test_rule_10_mysqls_password_policy_is_heard_and_the_value_given_up
  test_tls_certificate_refusals.test_a_role_that_refuses_the_name_is_a_policy_error
- hostile names and passwords:
  test_postgres_hostile_names.test_rule_15_hostile_names_and_passwords_are_names_and_passwords_only
  test_mysql_hostile_names.test_rule_15_hostile_names_and_passwords_are_names_and_passwords_only
  test_redis_hostile_names.test_rule_15_hostile_names_and_passwords_are_names_and_passwords_only
  test_tls_certificate_refusals.test_rule_15_a_hostile_name_is_one_name_or_refused
- TLS that is refused on the way, not only by its certificate:
  test_postgres_session.test_rule_17_a_server_without_tls_is_refused
  test_mysql_session.test_rule_17_a_server_that_offers_no_tls_hears_nothing
  test_https.test_a_server_without_tls_is_a_tls_error
"""

import contextlib
import importlib
import json
import os
import re
import socket
import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rotation_lambda.engines import engine_for
from rotation_lambda.errors import ConfigurationError, RotationError
from rotation_lambda.handler import handler
from rotation_lambda.targets import target_of
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.secrets_manager import STEPS

_ENGINES = sorted(path.stem for path in (Path(__file__).parent / "subjects").glob("[!_]*.py"))


_PUBLIC = {"AccessKeyId", "id", "notAfter", "serialNumber"}


class _Case:
    """A secret that has rotated before, and rotates again after whatever a test does to it."""

    def __init__(self, subject, declared, monkeypatch, lines):
        self.subject, self.manager, self.arn = subject, subject.manager, subject.arn
        self._monkeypatch, self._lines = monkeypatch, lines
        [(self.name, self.target)] = json.loads(declared).items()
        self.declare()
        self.stored = self._stored()
        self.described = engine_for(self.target["kind"]).describe(target_of(self.arn, None), self.manager.value(self.arn))
        self._public = self.described.keys() | _PUBLIC

    def declare(self, **changes):
        self._monkeypatch.setenv("KEYTURN_TARGETS", json.dumps({self.name: {**self.target, **changes}}))

    def step(self, step, token=None, *, arn=None, context=None):
        token = token or self.manager.start(self.arn)
        self._written = self.manager.writes(releases=False)
        handler(self.manager.event(arn or self.arn, token, step), context or self.subject.context)

    def rotate(self, context=None):
        token = self.manager.start(self.arn)
        for step in STEPS:
            self.step(step, token, context=context)

    @contextlib.contextmanager
    def refused(self, error_class, says):
        """The block's last step fails, writes nothing and tells nothing; AWSCURRENT is what it was."""
        self._lines()
        with pytest.raises(RotationError) as caught:
            yield
        *_, line = self._lines()
        told = json.dumps(line) + "".join(traceback.format_exception(caught.value))
        assert line["errorClass"] == error_class, line["message"]
        assert says in line["message"]
        assert [text for text in self._secrets() if text in told] == []
        assert self.manager.writes(releases=False) == self._written
        assert self._stored() == self.stored

    @contextlib.contextmanager
    def holding(self, text):
        """The secret's current value is this text, until somebody puts the right one back."""
        secret = self.manager.secrets[self.arn]
        version = secret.versions[secret.holder("AWSCURRENT")]
        right, version.value, self.stored = version.value, text, text
        yield
        version.value = right

    def is_fine(self):
        self.declare()
        self.manager.abandon(self.arn)
        self.manager.rotate(self.arn, handler, self.subject.context)
        assert self.subject.works(self.manager.value(self.arn))

    def _stored(self):
        secret = self.manager.secrets[self.arn]
        return secret.versions[secret.holder("AWSCURRENT")].value

    def _secrets(self):
        for secret in self.manager.secrets.values():
            for version in secret.versions.values():
                with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
                    value = json.loads(version.value)
                    yield from (text for key, text in value.items() if isinstance(text, str) and key not in self._public and len(text) > 3)


@pytest.fixture(scope="module", params=_ENGINES)
def rotated(request):
    """A secret of the engine, rotated once, and the declaration that it was rotated by."""
    module = importlib.import_module(f"tests.rotation_lambda.subjects.{request.param}")
    with module.running() as server, pytest.MonkeyPatch.context() as monkeypatch:
        subject = module.ROWS[0].prepare(server, monkeypatch)
        subject.manager.rotate(subject.arn, handler, subject.context)
        yield subject, os.environ["KEYTURN_TARGETS"]


@pytest.fixture
def case(rotated, monkeypatch, lines, pauses):  # noqa: ARG001 - nobody waits
    return _Case(*rotated, monkeypatch, lines)


def test_a_missing_target(case, monkeypatch):
    monkeypatch.setenv("KEYTURN_TARGETS", "{}")

    with case.refused("configuration", says="declare it"):
        case.step("createSecret")

    case.is_fine()


def test_a_target_of_another_kind(case):
    case.declare(kind="cobol")

    with case.refused("configuration", says="no rotation engine for the kind 'cobol'"):
        case.step("createSecret")

    case.is_fine()


def test_a_target_with_a_setting_that_is_none(case):
    case.declare(sslmode="disable")

    with case.refused("configuration", says="'sslmode'"):
        case.step("createSecret")

    case.is_fine()


def test_an_unknown_step(case):
    with case.refused("configuration", says="createSecret, setSecret, testSecret, finishSecret"):
        case.step("dropSecret")

    case.is_fine()


def test_a_foreign_secrets_arn(case):
    foreign = case.manager.create("prod/reports/other", {"value": "of-somebody-else"})
    token = case.manager.start(foreign)

    with case.refused("configuration", says="prod/reports/other is no target"):
        case.step("createSecret", token, arn=foreign)

    case.is_fine()


def test_the_same_name_in_a_foreign_account(case):
    with case.refused("configuration", says="another account"):
        case.step("createSecret", context=Context(account="999999999999"))

    case.is_fine()


@pytest.mark.parametrize("text", ["plain text", "[1, 2]", "[" * 100_000])
def test_a_secret_that_holds_no_json_object(case, text):
    with case.holding(text), case.refused("configuration", says="no JSON object"):
        case.step("createSecret")

    case.is_fine()


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_a_place_that_somebody_changed_in_the_pending_value(case, step):
    """Whoever may write the secret does not choose the host, the user or the admin."""
    for key in case.described:
        token = case.manager.start(case.arn)
        for earlier in STEPS[: STEPS.index(step)]:
            case.step(earlier, token)
        version = case.manager.secrets[case.arn].versions[token]
        version.value = json.dumps({**json.loads(version.value), key: "attacker.example"})

        with case.refused("configuration", says=repr(key)):
            case.step(step, token)

        case.manager.abandon(case.arn)
    case.is_fine()


@pytest.mark.parametrize(
    ("authority", "error_class", "says"),
    [("other-ca.pem", "tls", "certificate of"), ("expired-ca.pem", "tls", "expired"), ("missing.pem", "configuration", "'missing.pem'")],
)
def test_tls_that_is_not_proved(case, authority, error_class, says):
    if "ca" not in case.target:  # an engine that speaks to nobody, or to AWS by botocore, takes no authority
        error_class, says = "configuration", "'ca'"
    case.declare(ca=authority)

    with case.refused(error_class, says=says):
        case.rotate()

    case.is_fine()


def test_rule_14_an_admin_secret_that_names_another_place_leads_nowhere_else(case):
    """Its password goes to the declared server, and to no other one that a writer of the admin secret likes better."""
    admin = case.target.get("admin")
    value = case.manager.value(admin) if admin else {}
    if "username" in value:
        case.manager.write(admin, {**value, "engine": "cobol", "host": "attacker.example", "port": 1, "dbname": "elsewhere"})

    case.is_fine()

    if admin:
        case.manager.write(admin, value)


def _at(target, port):
    """The target, with each of its addresses at another port of this machine."""
    text = json.dumps(target)
    own = str(target["port"]) if "port" in target else "".join(re.findall(r"https://localhost:(\d+)", text)[:1])
    return json.loads(text.replace(own, str(port))) if own else {"port": port}


def test_a_host_that_accepts_and_never_answers(case):
    with socket.create_server(("localhost", 0)) as silent:  # nobody takes the call; the system accepts it
        case.declare(**_at(case.target, silent.getsockname()[1]))

        with case.refused(*_unreachable(case)):
            case.rotate(context=Context(seconds=5.5))

    case.is_fine()


def test_a_host_that_is_down(case):
    with socket.create_server(("localhost", 0)) as closed:
        case.declare(**_at(case.target, closed.getsockname()[1]))

    with case.refused(*_unreachable(case)):
        case.rotate()

    case.is_fine()


def _unreachable(case):
    """An engine that speaks to nobody, or to AWS by botocore, takes no port."""
    return ("network", "localhost") if "localhost" in json.dumps(case.target) else ("configuration", "'port'")


_ANY = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=2)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_the_target_is_taken_or_refused(case, data):
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(case.target.keys() - {"kind"})), _ANY, min_size=1, max_size=2))
    case.declare(**changes)

    with contextlib.suppress(ConfigurationError):
        target = target_of(case.arn, None)
        engine_for(target.kind).describe(target, case.manager.value(case.arn))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_the_current_value_is_taken_or_refused(case, data):
    value = case.manager.value(case.arn)
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(value)), _ANY, min_size=1, max_size=2))
    target = target_of(case.arn, None)

    with contextlib.suppress(ConfigurationError):
        engine_for(target.kind).describe(target, {**value, **changes})
