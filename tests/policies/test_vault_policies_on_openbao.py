"""What the rule calls exact opens nothing of another service on a real server, and what it calls too wide does."""

import http.client
import json
import ssl
from contextlib import closing

import pytest

from policies.pack.graph.vault_policy import MalformedPolicyError, path_rules
from policies.rules.vault_policy_is_exact import policy as rule
from tests.policies.program import Program, Verdict
from tests.rotation_lambda import openbao_server

pytestmark = pytest.mark.xdist_group("vault-policies")

MOUNTS = ("kv/prod/pay", "kv/prod/payroll", "kv/dev/pay")
OWN, SIBLING, DEV = (f"{mount}/data/database" for mount in MOUNTS)


def opening(path, *capabilities):
    return f'path "{path}" {{ capabilities = {json.dumps(capabilities or ("read",))} }}'


@pytest.fixture(scope="module")
def vault():
    with openbao_server.running() as server:
        for mount in MOUNTS:
            server.tell(f"sys/mounts/{mount}", {"type": "kv", "options": {"version": "1"}})
            server.tell(f"{mount}/data/database", {"password": "hunter2"})
        yield server


def read_by(vault, text):
    """Which of the three secrets a holder of the policy reads."""
    status, answer = vault.ask("PUT", "sys/policies/acl/pay", {"policy": text})
    assert status in {200, 204}, answer
    _, made = vault.ask("POST", "auth/token/create", {"policies": ["pay"], "no_default_policy": True})
    return {path for path in (OWN, SIBLING, DEV) if reads(vault, path, made["auth"]["client_token"])}


def reads(vault, path, token):
    trusted = ssl.create_default_context(cafile=vault.home / "ca.pem")
    with closing(http.client.HTTPSConnection("localhost", vault.port, context=trusted, timeout=10)) as connection:
        connection.request("GET", f"/v1/{path}", headers={"X-Vault-Token": token})
        status = connection.getresponse().status
    assert status in {200, 403}
    return status == 200


def judged(text):
    program = Program()
    for mount in MOUNTS:
        program.add("vault:index/mount:Mount", mount, {"path": mount, "type": "kv", "options": {"version": "1"}})
    program.add("vault:index/policy:Policy", "pay", {"name": "prod-pay", "policy": text})
    return Verdict(rule, program).answer


@pytest.mark.parametrize(
    "text",
    [
        opening("kv/prod/pay/data/*"),
        opening("kv/prod/pay/data/database"),
        opening("kv/prod/pay/*", "read", "list"),
        opening("kv/prod/pay/+/database"),
        json.dumps({"path": {"kv/prod/pay/data/*": {"capabilities": ["read"]}}}),
        'path "/kv/prod/pay/data/*" { policy = "read" }',
        f"{opening('kv/prod/pay/data/*')}\n{opening('*', 'deny')}",
    ],
)
def test_what_is_exact_opens_the_own_secret_only(vault, text):
    assert judged(text) == "holds"
    assert read_by(vault, text) == {OWN}


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        (opening("kv/prod/pay*"), {OWN, SIBLING}),
        (opening("kv/prod/*"), {OWN, SIBLING}),
        (opening("kv/+/pay/data/*"), {OWN, DEV}),
        (opening("+/*"), {OWN, SIBLING, DEV}),
        (opening("*"), {OWN, SIBLING, DEV}),
        (opening("kv/+/+/data/*"), {OWN, SIBLING, DEV}),
        (f"{opening('kv/prod/pay/data/*')}\n{opening('kv/prod/payroll/data/*')}", {OWN, SIBLING}),
    ],
)
def test_what_is_too_wide_opens_what_belongs_to_others(vault, text, opened):
    assert judged(text) == "violated"
    assert read_by(vault, text) == opened


@pytest.mark.parametrize("text", [opening("kv/*/pay/data/database"), opening("kv/prod/pay/database")])
def test_what_is_written_wrongly_opens_nothing(vault, text):
    assert read_by(vault, text) == set()


@pytest.mark.parametrize(
    "text",
    [
        opening("kv/prod/pay", "Read"),
        'path "kv/prod/pay" { capabilities = "read" }',
        'path "kv/prod/pay" { capabilties = ["read"] }',
        'path "kv/prod/pay" { policy = "reed" }',
        'path "kv/prod/pay" { capabilities = ["read" "list"] }',
        'path = { "kv/prod/pay" = { capabilities = ["read"] } }',
        "path 'kv/prod/pay' {}",
        'PATH "kv/prod/pay" { capabilities = ["read"] }',
        '{"Path": {"kv/prod/pay": {"capabilities": ["read"]}}}',
        f'rules = "x"\n{opening("kv/prod/pay")}',
        '{"path": {"kv/prod/pay": [{"capabilities": ["read"]}]}}',
        "kv/prod/pay",
        "",
    ],
)
def test_what_the_server_refuses_is_malformed(vault, text):
    with pytest.raises(MalformedPolicyError):
        path_rules(text)
    status, _ = vault.ask("PUT", "sys/policies/acl/pay", {"policy": text})
    assert status == 400
