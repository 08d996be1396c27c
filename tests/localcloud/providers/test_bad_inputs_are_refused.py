"""What the real provider or AWS refuses is refused before anything is created: each row one bad argument and its name."""

import json

import pytest

from localcloud.providers.aws.registry import RESOURCES

GRANT = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
ROLE = "arn:aws:iam::123456789012:role/rotator"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:dev/a-Ab12Cd"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:alerts"
ZIP = {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "path": "code.zip", "hash": "1"}


def policy(*statements, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def without(statement, key):
    return {name: value for name, value in statement.items() if name != key}


GOOD = {
    "aws:kms/key:Key": {},
    "aws:kms/alias:Alias": {"targetKeyId": "1"},
    "aws:sns/topic:Topic": {},
    "aws:sns/topicPolicy:TopicPolicy": {"arn": TOPIC, "policy": policy({**GRANT, "Principal": "*"})},
    "aws:sns/topicSubscription:TopicSubscription": {"topic": TOPIC, "protocol": "email", "endpoint": "a@example.com"},
    "aws:cloudwatch/eventRule:EventRule": {"eventPattern": '{"source": ["aws.secretsmanager"]}'},
    "aws:cloudwatch/eventTarget:EventTarget": {"rule": "failed", "arn": TOPIC},
    "aws:cloudwatch/logGroup:LogGroup": {},
    "aws:iam/role:Role": {"assumeRolePolicy": policy(TRUST)},
    "aws:iam/rolePolicy:RolePolicy": {"role": "rotator", "policy": policy(GRANT)},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {"role": "rotator", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    "aws:iam/policy:Policy": {"policy": policy(GRANT)},
    "aws:iam/user:User": {},
    "aws:lambda/function:Function": {"role": ROLE, "handler": "a.b", "runtime": "python3.13", "code": ZIP},
    "aws:lambda/permission:Permission": {
        "action": "lambda:InvokeFunction",
        "function": "rotator",
        "principal": "secretsmanager.amazonaws.com",
    },
    "aws:secretsmanager/secret:Secret": {},
    "aws:secretsmanager/secretPolicy:SecretPolicy": {"secretArn": SECRET, "policy": policy({**GRANT, "Principal": {"AWS": ROLE}})},
    "aws:secretsmanager/secretRotation:SecretRotation": {"secretId": SECRET, "rotationRules": {"automaticallyAfterDays": 30}},
    "aws:secretsmanager/secretVersion:SecretVersion": {"secretId": SECRET, "secretString": "canary"},
    "aws:sqs/queue:Queue": {},
    "aws:sqs/queuePolicy:QueuePolicy": {"queueUrl": "https://sqs/1/inbox", "policy": policy({**GRANT, "Principal": "*"})},
}
BAD = [
    ("Key", {"deletionWindowInDays": 6}, "deletionWindowInDays"),
    ("Key", {"deletionWindowInDays": 31}, "deletionWindowInDays"),
    ("Key", {"rotationPeriodInDays": 89}, "rotationPeriodInDays"),
    ("Key", {"keyUsage": "SECRETS"}, "keyUsage"),
    ("Key", {"policy": policy(GRANT)}, "policy"),
    ("Key", {"policy": "{"}, "policy"),
    ("Key", {"enableRotation": True}, "enableRotation"),
    ("Key", {"tags": {"aws:owner": "us"}}, "tags"),
    ("Key", {"tags": ["owner"]}, "tags"),
    ("Alias", {"name": "keyturn/dev"}, "name"),
    ("Alias", {"name": "alias/aws/mine"}, "name"),
    ("Alias", {"name": "alias/a", "namePrefix": "alias/b"}, "namePrefix"),
    ("Alias", {"targetKeyId": None}, "targetKeyId"),
    ("Topic", {"name": "with space"}, "name"),
    ("Topic", {"name": "a" * 257}, "name"),
    ("Topic", {"policy": '{"Version": "2012-10-17"}'}, "policy"),
    ("TopicPolicy", {"arn": "alerts"}, "arn"),
    ("TopicPolicy", {"arn": SECRET}, "arn"),
    ("TopicPolicy", {"policy": policy(GRANT)}, "policy"),
    ("TopicSubscription", {"protocol": "pigeon"}, "protocol"),
    ("TopicSubscription", {"topic": "alerts"}, "topic"),
    ("TopicSubscription", {"endpoint": None}, "endpoint"),
    ("TopicSubscription", {"filterPolicy": "[1]"}, "filterPolicy"),
    ("EventRule", {"eventPattern": None}, "eventPattern"),
    ("EventRule", {"eventPattern": "source: x"}, "eventPattern"),
    ("EventRule", {"eventPattern": '{"source": "aws.secretsmanager"}'}, "eventPattern"),
    ("EventRule", {"name": "a" * 65}, "name"),
    ("EventRule", {"state": "ON"}, "state"),
    ("EventRule", {"isEnabled": True, "state": "ENABLED"}, "state"),
    ("EventRule", {"scheduleExpression": "every day"}, "scheduleExpression"),
    ("EventRule", {"scheduleExpression": "rate(1 day)", "eventBusName": "mine"}, "scheduleExpression"),
    ("EventTarget", {"arn": "queue"}, "arn"),
    ("EventTarget", {"input": "{}", "inputPath": "$.detail"}, "inputPath"),
    ("EventTarget", {"retryPolicy": {"maximumRetryAttempts": 186}}, "retryPolicy.maximumRetryAttempts"),
    ("EventTarget", {"inputTransformer": {"inputPaths": {}}}, "inputTransformer.inputTemplate"),
    ("EventTarget", {"inputTransformer": {"inputTemplate": "x", "template": "y"}}, "inputTransformer.template"),
    ("LogGroup", {"retentionInDays": 31}, "retentionInDays"),
    ("LogGroup", {"name": "with space"}, "name"),
    ("LogGroup", {"name": "a" * 513}, "name"),
    ("LogGroup", {"kmsKeyId": "alias/mine"}, "kmsKeyId"),
    ("Role", {"name": "a" * 65}, "name"),
    ("Role", {"name": "with space"}, "name"),
    ("Role", {"namePrefix": "a" * 39}, "namePrefix"),
    ("Role", {"assumeRolePolicy": None}, "assumeRolePolicy"),
    ("Role", {"assumeRolePolicy": policy(without(TRUST, "Principal"))}, "assumeRolePolicy"),
    ("Role", {"assumeRolePolicy": policy({**TRUST, "Resource": "*"})}, "assumeRolePolicy"),
    ("Role", {"assumeRolePolicy": policy({**TRUST, "Principal": {"Lambda": "x"}})}, "assumeRolePolicy"),
    ("Role", {"maxSessionDuration": 60}, "maxSessionDuration"),
    ("Role", {"path": "readers"}, "path"),
    ("Role", {"permissionsBoundary": "boundary"}, "permissionsBoundary"),
    ("RolePolicy", {"policy": "{}"}, "policy"),
    ("RolePolicy", {"policy": ""}, "policy"),
    ("RolePolicy", {"policy": "Statement: x"}, "policy"),
    ("RolePolicy", {"policy": policy()}, "policy"),
    ("RolePolicy", {"policy": "[1]"}, "policy"),
    ("RolePolicy", {"policy": policy("allow")}, "policy"),
    ("RolePolicy", {"policy": policy(without(GRANT, "Effect"))}, "policy"),
    ("RolePolicy", {"policy": policy({**GRANT, "Effect": "allow"})}, "policy"),
    ("RolePolicy", {"policy": policy(without(GRANT, "Action"))}, "policy"),
    ("RolePolicy", {"policy": policy({**GRANT, "NotAction": "s3:*"})}, "policy"),
    ("RolePolicy", {"policy": policy(without(GRANT, "Resource"))}, "policy"),
    ("RolePolicy", {"policy": policy({**GRANT, "Resource": []})}, "policy"),
    ("RolePolicy", {"policy": policy({**GRANT, "Actions": "s3:*"})}, "policy"),
    ("RolePolicy", {"policy": policy({**GRANT, "Principal": "*"})}, "policy"),
    ("RolePolicy", {"policy": policy({**GRANT, "Condition": "never"})}, "policy"),
    ("RolePolicy", {"policy": policy({**GRANT, "Sid": "a"}, {**GRANT, "Sid": "a"})}, "policy"),
    ("RolePolicy", {"policy": policy(GRANT, Version="2020-01-01")}, "policy"),
    ("RolePolicy", {"policy": policy(GRANT, Statements=[])}, "policy"),
    ("RolePolicy", {"policy": policy({**GRANT, "Resource": ["a" * 500] * 21})}, "policy"),
    ("RolePolicy", {"role": None}, "role"),
    ("RolePolicyAttachment", {"policyArn": "ReadOnlyAccess"}, "policyArn"),
    ("Policy", {"policy": policy({**GRANT, "Resource": ["a" * 500] * 13})}, "policy"),
    ("Policy", {"name": "a" * 129}, "name"),
    ("User", {"name": "with space"}, "name"),
    ("User", {"namePrefix": "a"}, "namePrefix"),
    ("Function", {"name": "a" * 65}, "name"),
    ("Function", {"name": "with.dot"}, "name"),
    ("Function", {"role": "rotator"}, "role"),
    ("Function", {"timeout": 901}, "timeout"),
    ("Function", {"memorySize": 64}, "memorySize"),
    ("Function", {"code": None}, "code"),
    ("Function", {"code": "code.zip"}, "code"),
    ("Function", {"s3Bucket": "releases"}, "s3Bucket"),
    ("Function", {"handler": None}, "handler"),
    ("Function", {"runtime": None}, "runtime"),
    ("Function", {"architectures": ["arm"]}, "architectures"),
    ("Function", {"vpcConfig": {"subnetIds": ["subnet-1"]}}, "vpcConfig.securityGroupIds"),
    ("Function", {"loggingConfig": {"logFormat": "XML"}}, "loggingConfig.logFormat"),
    ("Function", {"environment": {"variable": {}}}, "environment.variable"),
    ("Permission", {"action": "InvokeFunction"}, "action"),
    ("Permission", {"sourceAccount": "mine"}, "sourceAccount"),
    ("Permission", {"sourceArn": "dev/a"}, "sourceArn"),
    ("Permission", {"statementId": "a b"}, "statementId"),
    ("Permission", {"statementId": "a", "statementIdPrefix": "b"}, "statementIdPrefix"),
    ("Secret", {"name": "with space"}, "name"),
    ("Secret", {"name": "a" * 513}, "name"),
    ("Secret", {"name": "a", "namePrefix": "b"}, "namePrefix"),
    ("Secret", {"recoveryWindowInDays": 1}, "recoveryWindowInDays"),
    ("Secret", {"recoveryWindowInDays": 31}, "recoveryWindowInDays"),
    ("Secret", {"recoveryWindowInDays": "soon"}, "recoveryWindowInDays"),
    ("Secret", {"kmsKeyID": "alias/mine"}, "kmsKeyID"),
    ("Secret", {"secretString": "canary"}, "secretString"),
    ("Secret", {"arn": SECRET}, "arn"),
    ("Secret", {"policy": policy(GRANT)}, "policy"),
    ("Secret", {"replicas": [{"kmsKeyId": "alias/mine"}]}, "replicas[0].region"),
    ("Secret", {"replicas": [{"region": "eu-west-1"}, {"region": "eu-west-1"}]}, "replicas"),
    ("Secret", {"tags": {"a": "é€"}}, "tags"),
    ("SecretPolicy", {"secretArn": "dev/a"}, "secretArn"),
    ("SecretPolicy", {"policy": "{}"}, "policy"),
    ("SecretRotation", {"rotationRules": {"automaticallyAfterDays": 0}}, "rotationRules.automaticallyAfterDays"),
    ("SecretRotation", {"rotationRules": {"automaticallyAfterDays": 1001}}, "rotationRules.automaticallyAfterDays"),
    (
        "SecretRotation",
        {"rotationRules": {"automaticallyAfterDays": 1, "scheduleExpression": "rate(1 days)"}},
        "rotationRules.scheduleExpression",
    ),
    ("SecretRotation", {"rotationRules": {"scheduleExpression": "daily"}}, "rotationRules.scheduleExpression"),
    ("SecretRotation", {"rotationRules": {"automaticallyAfterDays": 1, "duration": "3 hours"}}, "rotationRules.duration"),
    ("SecretRotation", {"rotationRules": {}}, "rotationRules"),
    ("SecretRotation", {"rotationRules": None}, "rotationRules"),
    ("SecretRotation", {"rotationEnabled": False}, "rotationRules"),
    ("SecretRotation", {"rotationLambdaArn": "rotator"}, "rotationLambdaArn"),
    ("SecretRotation", {"rotateImmediately": "yes"}, "rotateImmediately"),
    ("SecretVersion", {"secretString": None}, "secretString"),
    ("SecretVersion", {"secretBinary": "Y2FuYXJ5"}, "secretBinary"),
    ("Queue", {"name": "a" * 81}, "name"),
    ("Queue", {"name": "inbox", "fifoQueue": True}, "name"),
    ("Queue", {"visibilityTimeoutSeconds": 43_201}, "visibilityTimeoutSeconds"),
    ("Queue", {"kmsMasterKeyId": "alias/mine", "sqsManagedSseEnabled": True}, "sqsManagedSseEnabled"),
    ("QueuePolicy", {"queueUrl": "inbox"}, "queueUrl"),
    ("QueuePolicy", {"policy": policy(GRANT)}, "policy"),
]
IDS = [f"{kind}-{'-'.join(bad)}-{index}" for index, (kind, bad, _) in enumerate(BAD)]


def full(kind):
    return next(token for token in GOOD if token.endswith(f":{kind}"))


def test_every_type_has_its_rows():
    assert set(GOOD) == set(RESOURCES)
    assert {full(kind) for kind, _, _ in BAD} == set(RESOURCES)


@pytest.mark.parametrize("kind", GOOD)
def test_good_arguments_pass(wire, kind):
    _, failures = wire.check(kind, GOOD[kind])

    assert failures == {}


@pytest.mark.parametrize(("kind", "bad", "named"), BAD, ids=IDS)
def test_a_bad_argument_is_refused_by_name(wire, kind, bad, named):
    _, failures = wire.check(full(kind), {**GOOD[full(kind)], **bad})

    assert list(failures) == [named]


@pytest.mark.parametrize(("kind", "bad", "named"), BAD, ids=IDS)
def test_a_refusal_never_repeats_the_value(wire, kind, bad, named):
    texts = [
        value for value in bad.values() if isinstance(value, str) and value.isascii() and len(value) > 3 and value not in (named, "true")
    ]

    _, failures = wire.check(full(kind), {**GOOD[full(kind)], **bad})

    assert not [text for text in texts for reason in failures.values() if f" {text}" in reason]


def test_every_bad_argument_is_told_at_once(wire):
    _, failures = wire.check("aws:secretsmanager/secret:Secret", {"name": "a b", "recoveryWindowInDays": 3, "colour": "red", "tags": 7})

    assert set(failures) == {"name", "recoveryWindowInDays", "colour", "tags"}


def test_a_misspelt_argument_gets_a_hint(wire):
    _, failures = wire.check("aws:secretsmanager/secret:Secret", {"recoveryWindowDays": 7})

    assert failures["recoveryWindowDays"].endswith("did you mean recoveryWindowInDays?")


def test_a_name_that_would_become_too_long_is_refused_before_it_is_made(wire):
    _, failures = wire.check("aws:iam/role:Role", GOOD["aws:iam/role:Role"], name="a" * 57)

    assert list(failures) == ["name"]


def test_what_is_unknown_is_not_judged(wire, unknown):
    arguments = {"secretArn": unknown, "policy": unknown, "blockPublicPolicy": unknown}

    inputs, failures = wire.check("aws:secretsmanager/secretPolicy:SecretPolicy", arguments)

    assert failures == {}
    assert inputs["policy"] == unknown


def test_types_that_can_only_be_previewed_are_checked_against_the_sdk(wire):
    _, misspelt = wire.check("aws:s3/bucket:Bucket", {"bucket": "any", "forceDestory": True})
    _, missing = wire.check("aws:ssm/parameter:Parameter", {"name": "/dev/a", "type": ["String"]})

    assert misspelt == {"forceDestory": "is not an argument of aws:s3/bucket:Bucket; did you mean forceDestroy?"}
    assert missing == {"type": "must be a text"}


def test_types_that_are_nowhere_are_refused_by_name(wire):
    refusal = wire.refusal(lambda: wire.check("aws:s3/bucket:Buckett", {}))

    assert refusal.startswith("aws:s3/bucket:Buckett is no resource of the aws SDK")
