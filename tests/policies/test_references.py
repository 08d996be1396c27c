"""Where texts name secrets: ECS, Vault's policies, and the words of an ARN."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from policies.pack.graph.references import References, name_in
from policies.pack.graph.task_definitions import container_secrets
from policies.pack.graph.vault_references import paths_in
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


PATHS = some.text("abcdev*+/", min_size=1, max_size=8).map(lambda text: f"kv/{text}")


@given(some.lists(some.tuples(PATHS, some.sampled_from(["read", "list", "deny"])), max_size=4), some.booleans())
def test_the_paths_that_a_policy_opens_are_found_however_it_is_written(stanzas, as_json):
    unique = dict(stanzas)
    if as_json:
        text = json.dumps({"path": {path: {"capabilities": [capability]} for path, capability in unique.items()}})
    else:
        text = "\n".join(
            f'path "{path}" {{\n  capabilities = ["{capability}"]\n}}\n# path "kv/no" {{}}' for path, capability in unique.items()
        )

    assert paths_in(text) == [path for path, capability in unique.items() if capability != "deny"]


def test_a_wildcard_alone_names_no_secret(deployed):
    deployed.inline(deployed.role("billing"), document(statement(["*", "arn:aws:s3:::logs/*", ARN])))

    assert [reference.text for reference in deployed.stack().part(References).all] == [ARN]


def test_a_denial_names_no_secret(deployed):
    deployed.inline(deployed.role("billing"), document(statement(ARN, effect="Deny")))

    assert deployed.stack().part(References).all == ()
