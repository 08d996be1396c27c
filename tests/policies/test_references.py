"""Where texts name secrets: ECS, Vault's policies, and the words of an ARN."""

import json

import pytest

from policies.pack.graph.references import References, name_in
from policies.pack.graph.task_definitions import container_secrets
from policies.pack.graph.vault_references import VaultReferences
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Marked, Unknown
from tests.policies.program import Program, document, statement

ARN = Program.arn("dev/billing/database")


def task(definitions):
    return Resource("urn:pulumi:dev::shop::aws:ecs/taskDefinition:TaskDefinition::web", "", "web", {"containerDefinitions": definitions})


@pytest.mark.parametrize(
    ("value_from", "arn"),
    [
        (ARN, ARN),
        (f"{ARN}:password::", ARN),
        (f"{ARN}::AWSPREVIOUS:", ARN),
        ("/dev/billing/host", "arn:*:ssm:*:*:parameter/dev/billing/host"),
        ("host", "arn:*:ssm:*:*:parameter/host"),
        ("arn:aws:ssm:eu-central-1:111122223333:parameter/host", "arn:aws:ssm:eu-central-1:111122223333:parameter/host"),
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_what_ecs_puts_into_a_container_is_told_by_arn(value_from, arn, as_text):
    definitions = [{"name": "web"}, {"name": "db", "secrets": [{"name": "DB", "valueFrom": value_from}]}]

    assert container_secrets(task(json.dumps(definitions) if as_text else definitions)) == [arn]


@pytest.mark.parametrize(
    "definitions", [UNKNOWN, [UNKNOWN], [{"secrets": UNKNOWN}], [{"secrets": [UNKNOWN]}], [{"secrets": [{"valueFrom": UNKNOWN}]}]]
)
def test_what_is_not_known_in_a_container_stays_not_known(definitions):
    assert [isinstance(found, Unknown) for found in container_secrets(task(definitions))] == [True]


@pytest.mark.parametrize("definitions", [None, "", "no json", "[" * 50_000, "7", '[{"secrets": [{"name": "DB"}]}]', [{"secrets": ["x"]}]])
def test_a_task_without_secrets_or_that_aws_would_refuse_gets_none(definitions):
    assert container_secrets(task(definitions)) == []


def test_a_marked_definition_is_read():
    assert container_secrets(task(Marked(json.dumps([{"secrets": [{"valueFrom": ARN}]}])))) == [ARN]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (ARN, "dev/billing/database-AbCdEf"),
        ("arn:aws:secretsmanager:*:*:secret:dev/*", "dev/*"),
        ("arn:aws:ssm:eu-central-1:111122223333:parameter/dev/host", "/dev/host"),
        ("dev/billing/database", "dev/billing/database"),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket"),
        ("", ""),
    ],
)
def test_the_name_in_an_arn(text, name):
    assert name_in(text) == name


@pytest.mark.parametrize(
    ("policy", "paths"),
    [
        ('path "kv/data/dev/*" { capabilities = ["read"] }\npath "kv/data/prod/*" { capabilities = ["deny"] }', ["kv/data/dev/*"]),
        ('{"path": {"kv/data/dev/*": {"capabilities": ["read"]}, "kv/data/prod/*": {"capabilities": ["deny"]}}}', ["kv/data/dev/*"]),
        ('# path "kv/data/prod/*" { capabilities = ["read"] }\npath "kv/data/dev/*" { capabilities = ["read"] }', ["kv/data/dev/*"]),
        ("no policy", [UNKNOWN]),
    ],
)
def test_a_policy_of_vault_names_what_it_opens(deployed, policy, paths):
    deployed.add("vault:index/policy:Policy", "billing", {"name": "billing", "policy": policy})

    assert [reference.text for reference in deployed.stack().part(VaultReferences).all if reference.text is not UNKNOWN] == [
        path for path in paths if path is not UNKNOWN
    ]
    assert [reference.is_open for reference in deployed.stack().part(VaultReferences).all] == [path is UNKNOWN for path in paths]


def test_a_wildcard_alone_names_no_secret(deployed):
    deployed.inline(deployed.role("billing"), document(statement(["*", "arn:aws:s3:::logs/*", ARN])))

    assert [reference.text for reference in deployed.stack().part(References).all] == [ARN]


def test_a_denial_names_no_secret(deployed):
    deployed.inline(deployed.role("billing"), document(statement(ARN, effect="Deny")))

    assert deployed.stack().part(References).all == ()
