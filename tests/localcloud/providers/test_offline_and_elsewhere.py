"""Where there is no local AWS: offline the provider answers previews by itself, and it never runs against the real AWS."""

import json

import pytest
from pulumi.runtime.proto import provider_pb2

from localcloud.providers.wire import sent

SECRET = "aws:secretsmanager/secret:Secret"
URN = f"urn:pulumi:test::project::{SECRET}::thing"
GET_SECRET = "aws:secretsmanager/getSecret:getSecret"


def asks(**arguments):
    return {"urn": URN, **{name: sent(value) if isinstance(value, dict) else value for name, value in arguments.items()}}


@pytest.mark.parametrize(
    ("call", "request_type", "arguments"),
    [
        ("Create", provider_pb2.CreateRequest, {"properties": {"name": "dev/a"}}),
        ("Update", provider_pb2.UpdateRequest, {"id": "arn", "olds": {"name": "dev/a"}, "news": {"name": "dev/a"}}),
        ("Delete", provider_pb2.DeleteRequest, {"id": "arn", "properties": {"name": "dev/a"}}),
        ("Read", provider_pb2.ReadRequest, {"id": "arn", "properties": {"name": "dev/a"}, "inputs": {"name": "dev/a"}}),
    ],
)
def test_offline_there_are_previews_only(wire, call, request_type, arguments):
    refusal = wire.refusal(lambda: getattr(wire.call, call)(request_type(**asks(**arguments))))

    assert "KEYTURN_OFFLINE is set: offline there are previews only" in refusal


def test_offline_a_resource_that_exists_elsewhere_may_be_referred_to(wire):
    identity, state, _ = wire.read(SECRET, "arn:of:another", {}, {})

    assert (identity, state) == ("arn:of:another", {})


def test_offline_the_account_is_the_allowed_one_or_zeros(wire, started):
    other = started({"region": "eu-west-1"}, KEYTURN_OFFLINE="1")
    caller = "aws:index/getCallerIdentity:getCallerIdentity"

    assert wire.invoke(caller, {})[0]["accountId"] == "123456789012"
    assert other.invoke(caller, {})[0]["accountId"] == "000000000000"


def test_offline_the_region_comes_from_the_configuration_or_the_environment(wire, started):
    other = started({}, KEYTURN_OFFLINE="1", AWS_REGION="eu-west-1")
    region = "aws:index/getRegion:getRegion"

    assert wire.invoke(region, {})[0]["region"] == "eu-central-1"
    assert other.invoke(region, {})[0]["region"] == "eu-west-1"


def test_offline_a_secret_is_exact_and_on_no_customer_key(wire):
    secret, _ = wire.invoke(GET_SECRET, {"name": "prod/platform/database-admin"})
    by_arn, _ = wire.invoke(GET_SECRET, {"arn": secret["arn"]})

    assert secret["arn"] == "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/platform/database-admin-a1B2c3"
    assert (secret["kmsKeyId"], by_arn["name"], by_arn["arn"]) == ("", "prod/platform/database-admin", secret["arn"])


def test_a_secret_is_looked_up_by_name_or_by_arn_and_not_by_both(wire):
    assert list(wire.invoke(GET_SECRET, {})[1]) == ["name"]
    assert list(wire.invoke(GET_SECRET, {"name": "a", "arn": "b"})[1]) == ["name"]


def test_offline_a_key_and_an_alias_have_plausible_answers(wire):
    key, _ = wire.invoke("aws:kms/getKey:getKey", {"keyId": "alias/keyturn/prod"})
    alias, _ = wire.invoke("aws:kms/getAlias:getAlias", {"name": "alias/keyturn/prod"})

    assert key["arn"] == alias["targetKeyArn"]


def test_a_policy_document_is_written_as_the_real_function_writes_it(wire):
    statements = [
        {"sid": "Read", "actions": ["secretsmanager:GetSecretValue"], "resources": ["arn:1", "arn:2"]},
        {
            "effect": "Deny",
            "notActions": ["kms:*"],
            "principals": [{"type": "AWS", "identifiers": ["1"]}, {"type": "Service", "identifiers": ["b", "a"]}],
            "conditions": [{"test": "StringEquals", "variable": "kms:ViaService", "values": ["x"]}],
        },
    ]

    result, failures = wire.invoke("aws:iam/getPolicyDocument:getPolicyDocument", {"statements": statements})

    assert failures == {}
    assert json.loads(result["json"]) == json.loads(result["minifiedJson"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": ["arn:2", "arn:1"]},
            {
                "Effect": "Deny",
                "NotAction": "kms:*",
                "Principal": {"AWS": "1", "Service": ["b", "a"]},
                "Condition": {"StringEquals": {"kms:ViaService": "x"}},
            },
        ],
    }  # fmt: skip


def test_policy_documents_are_merged_and_overridden_by_sid(wire):
    def document(sid, action):
        return json.dumps({"Statement": [{"Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*"}]})

    arguments = {
        "sourcePolicyDocuments": [document("A", "s3:*"), document("B", "s3:*")],
        "overridePolicyDocuments": [document("B", "kms:*")],
    }
    result, _ = wire.invoke("aws:iam/getPolicyDocument:getPolicyDocument", arguments)
    _, failures = wire.invoke("aws:iam/getPolicyDocument:getPolicyDocument", {"sourcePolicyDocuments": ["{}"]})

    assert [(statement["Sid"], statement["Action"]) for statement in json.loads(result["json"])["Statement"]] == [
        ("A", "s3:*"),
        ("B", "kms:*"),
    ]
    assert list(failures) == ["sourcePolicyDocuments"]


def test_an_unknown_function_is_refused_by_name(wire):
    refusal = wire.refusal(lambda: wire.invoke("aws:ec2/getVpc:getVpc", {}))

    assert "aws:ec2/getVpc:getVpc is not answered offline" in refusal
    assert "getPolicyDocument, getRegion" in refusal


def test_offline_a_region_has_its_three_zones(wire):
    assert wire.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {})[0]["names"] == [
        "eu-central-1a",
        "eu-central-1b",
        "eu-central-1c",
    ]


@pytest.mark.parametrize("endpoint", ["", "https://secretsmanager.eu-central-1.amazonaws.com", "https://sts.cn-north-1.amazonaws.com.cn"])
def test_it_never_runs_against_the_real_aws(started, endpoint):
    wire = started(AWS_ENDPOINT_URL=endpoint)

    refusal = wire.refusal(lambda: wire.configure({"region": "eu-central-1"}))

    assert "local stand-in and never talks to the real AWS" in refusal
    assert "make up" in refusal


def test_without_a_region_it_says_where_to_set_one(started):
    wire = started(KEYTURN_OFFLINE="1")

    assert "aws:region" in wire.refusal(lambda: wire.configure({}))


def test_a_silent_local_aws_is_told_plainly(started):
    wire = started(AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")

    refusal = wire.refusal(lambda: wire.configure({"region": "eu-central-1", "allowedAccountIds": '["123456789012"]'}))

    assert "the local AWS does not answer" in refusal
    assert "Traceback" not in refusal


def test_missing_credentials_are_told_plainly(started):
    wire = started(AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_EC2_METADATA_DISABLED="true")

    refusal = wire.refusal(lambda: wire.configure({"region": "eu-central-1", "allowedAccountIds": '["123456789012"]'}))

    assert "there are no AWS credentials in the environment" in refusal


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"regio": "eu-central-1"}, "regio"),
        ({"region": "Frankfurt"}, "region"),
        ({"allowedAccountIds": '["prod"]'}, "allowedAccountIds"),
        ({"assumeRoles": '[{"roleArn": "arn:aws:iam::123456789012:role/x"}]'}, "assumeRoles"),
    ],
)
def test_a_bad_configuration_is_refused_by_name(started, config, named):
    wire = started(KEYTURN_OFFLINE="1")

    answer = wire.call.CheckConfig(provider_pb2.CheckRequest(news=sent(config)))

    assert [failure.property for failure in answer.failures] == [named]


def test_the_schema_describes_every_type(wire):
    schema = json.loads(wire.call.GetSchema(provider_pb2.GetSchemaRequest()).schema)

    secret = schema["resources"][SECRET]
    assert len(schema["resources"]) == 21
    assert secret["inputProperties"]["recoveryWindowInDays"] == {"type": "integer"}
    assert "arn" in secret["properties"]
