"""Every resource type through its life, on the real engine and a real local AWS: one program holds them all."""

import copy
import json
import zipfile

import pytest

from localcloud.providers.aws.registry import RESOURCES

BILLING = "test/billing/database"
OWN = "arn:aws:iam::000000000000:root"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, **({"Resource": resource} if resource else {}), **more}


def trust(*services):
    return policy(allow("sts:AssumeRole", None, Principal={"Service": [*services]}))


def open_to(service, action, resource="*"):
    return policy(allow(action, resource, Principal={"Service": service}))


def rotation(**rules):
    return {"secretId": "${secret.id}", "rotationLambdaArn": "${function.arn}", "rotateImmediately": False, "rotationRules": rules}


@pytest.fixture
def code(tmp_path):
    """A rotation function that has nothing to do, as a zip."""
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("code.py", "def handler(event, context):\n    return None\n")
    return str(path)


@pytest.fixture
def resources(code):
    """By name: the type, the arguments at first, those that an update changes, those that replace it; later ones refer to earlier ones."""
    key_policy = policy(allow("kms:*", Principal={"AWS": OWN}))
    wider = policy(allow("kms:*", Principal={"AWS": OWN}), allow("kms:Decrypt", Principal={"AWS": OWN}))
    function = {"role": "${role.arn}", "handler": "code.handler", "runtime": "python3.13", "code": {"archive": code}, "name": "rotator"}
    read = policy(allow("secretsmanager:GetSecretValue", "${secret.arn}"))
    describe = policy(allow("secretsmanager:DescribeSecret", "${secret.arn}"))
    return {
        "key": (
            "aws:kms/key:Key",
            {"policy": key_policy, "enableKeyRotation": True, "deletionWindowInDays": 7, "tags": {"keyturn:environment": "test"}},
            {"policy": wider, "description": "of the environment", "tags": {"keyturn:environment": "test", "owner": "us"}},
            None,
        ),
        "other": ("aws:kms/key:Key", {"keyUsage": "ENCRYPT_DECRYPT"}, {"enableKeyRotation": True}, {"multiRegion": True}),
        "alias": (
            "aws:kms/alias:Alias",
            {"name": "alias/keyturn/test", "targetKeyId": "${key.keyId}"},
            {"targetKeyId": "${other.keyId}"},
            {"name": "alias/keyturn/t"},
        ),
        "topic": (
            "aws:sns/topic:Topic",
            {"name": "alerts", "tags": {"a": "b"}},
            {"displayName": "Alerts", "tags": {"a": "c"}},
            {"name": "alarms"},
        ),
        "second": ("aws:sns/topic:Topic", {}, {"displayName": "Second"}, None),
        "queue": ("aws:sqs/queue:Queue", {"name": "inbox"}, {"visibilityTimeoutSeconds": 60, "tags": {"a": "b"}}, None),
        "spare": ("aws:sqs/queue:Queue", {}, {"delaySeconds": 5}, {"fifoQueue": True}),
        "topic-policy": (
            "aws:sns/topicPolicy:TopicPolicy",
            {"arn": "${topic.arn}", "policy": open_to("events.amazonaws.com", "sns:Publish", "${topic.arn}")},
            {"policy": open_to("cloudwatch.amazonaws.com", "sns:Publish", "${topic.arn}")},
            {"arn": "${second.arn}"},
        ),
        "subscription": (
            "aws:sns/topicSubscription:TopicSubscription",
            {"topic": "${second.arn}", "protocol": "sqs", "endpoint": "${queue.arn}"},
            {"rawMessageDelivery": True},
            {"protocol": "email", "endpoint": "oncall@example.com", "rawMessageDelivery": False},
        ),
        "rule": (
            "aws:cloudwatch/eventRule:EventRule",
            {"name": "failed", "eventPattern": json.dumps({"source": ["aws.secretsmanager"]}), "tags": {"a": "b"}},
            {
                "description": "failed rotations",
                "eventPattern": json.dumps({"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationFailed"]}}),
            },
            {"name": "abandoned"},
        ),
        "target": (
            "aws:cloudwatch/eventTarget:EventTarget",
            {"rule": "${rule.name}", "arn": "${second.arn}"},
            {"arn": "${queue.arn}"},
            {"targetId": "queue"},
        ),
        "logs": (
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": "/test/one", "retentionInDays": 30, "tags": {"a": "b"}},
            {"retentionInDays": 90},
            {"name": "/test/two"},
        ),
        "role": (
            "aws:iam/role:Role",
            {"assumeRolePolicy": trust("lambda.amazonaws.com"), "tags": {"a": "b"}, "name": "rotator"},
            {"description": "rotates", "assumeRolePolicy": trust("lambda.amazonaws.com", "ecs-tasks.amazonaws.com"), "tags": {}},
            None,
        ),
        "reader": (
            "aws:iam/role:Role",
            {"assumeRolePolicy": trust("ec2.amazonaws.com")},
            {"maxSessionDuration": 7200},
            {"path": "/readers/"},
        ),
        "user": ("aws:iam/user:User", {"name": "deployer"}, {"tags": {"a": "b"}}, {"path": "/people/"}),
        "secret": (
            "aws:secretsmanager/secret:Secret",
            {"name": BILLING, "kmsKeyId": "${key.arn}", "recoveryWindowInDays": 0, "tags": {"keyturn:service": "billing"}},
            {"description": "of billing", "tags": {"keyturn:service": "billing", "keyturn:kind": "postgres"}},
            None,
        ),
        "plain": ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}, {"description": "plain"}, {"name": "test/plain"}),
        "grant": ("aws:iam/rolePolicy:RolePolicy", {"role": "${role.name}", "policy": read}, {"policy": describe}, {"name": "reads"}),
        "managed": (
            "aws:iam/policy:Policy",
            {"policy": read, "description": "reads"},
            {"policy": describe, "tags": {"a": "b"}},
            {"description": "describes"},
        ),
        "attachment": (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"role": "${role.name}", "policyArn": "${managed.arn}"},
            None,
            {"role": "${reader.name}"},
        ),
        "function": (
            "aws:lambda/function:Function",
            function,
            {"timeout": 60, "memorySize": 256, "environment": {"variables": {"A": "b"}}},
            {"name": "renewer"},
        ),
        "permission": (
            "aws:lambda/permission:Permission",
            {
                "action": "lambda:InvokeFunction",
                "function": "${function.name}",
                "principal": "secretsmanager.amazonaws.com",
                "sourceAccount": "000000000000",
            },
            None,
            {"sourceArn": "${secret.arn}"},
        ),
        "rotation": (
            "aws:secretsmanager/secretRotation:SecretRotation",
            rotation(automaticallyAfterDays=30),
            rotation(scheduleExpression="rate(10 days)"),
            None,
            {"depends_on": ["permission", "grant"]},
        ),
        "secret-policy": (
            "aws:secretsmanager/secretPolicy:SecretPolicy",
            {"secretArn": "${secret.arn}", "policy": policy(allow("secretsmanager:GetSecretValue", Principal={"AWS": OWN}))},
            {"policy": policy(allow("secretsmanager:DescribeSecret", Principal={"AWS": OWN}))},
            {"secretArn": "${plain.arn}"},
        ),
        "version": (
            "aws:secretsmanager/secretVersion:SecretVersion",
            {"secretId": "${plain.id}", "secretString": "canary-one"},
            None,
            {"secretString": "canary-two"},
        ),
        "queue-policy": (
            "aws:sqs/queuePolicy:QueuePolicy",
            {"queueUrl": "${queue.id}", "policy": open_to("sns.amazonaws.com", "sqs:SendMessage", "${queue.arn}")},
            {"policy": open_to("events.amazonaws.com", "sqs:SendMessage", "${queue.arn}")},
            {"queueUrl": "${spare.id}"},
        ),
    }


def in_stage(resources, stage):
    """Gives the program's resources after all changes up to `stage`: 0 as at first, 1 updated, 2 replaced."""
    wanted = {}
    for name, (kind, first, *changes) in resources.items():
        arguments = copy.deepcopy(first)
        for change in changes[:stage]:
            arguments |= change or {}
        wanted[name] = (kind, arguments, *changes[2:])
    return wanted


def drifts(aws, states):
    """Changes every resource out of band; gives by resource the argument that differs then."""
    kms, sns, events, logs, iam = (aws.client(service) for service in ("kms", "sns", "events", "logs", "iam"))
    functions, secrets, sqs = (aws.client(service) for service in ("lambda", "secretsmanager", "sqs"))
    key, secret, queue = (states[name]["id"] for name in ("key", "secret", "queue"))
    kms.disable_key_rotation(KeyId=key)
    kms.update_alias(AliasName="alias/keyturn/test", TargetKeyId=key)
    topics = {name: states[name]["id"] for name in ("topic", "topic-policy", "second")}
    open_one = open_to("s3.amazonaws.com", "sns:Publish")
    sns.set_topic_attributes(TopicArn=topics["topic"], AttributeName="DisplayName", AttributeValue="Somebody's")
    sns.set_topic_attributes(TopicArn=topics["topic-policy"], AttributeName="Policy", AttributeValue=open_one)
    sns.set_subscription_attributes(
        SubscriptionArn=states["subscription"]["id"], AttributeName="RawMessageDelivery", AttributeValue="false"
    )
    events.disable_rule(Name="failed")
    events.put_targets(Rule="failed", Targets=[{"Id": states["target"]["outputs"]["targetId"], "Arn": topics["second"]}])
    logs.delete_retention_policy(logGroupName="/test/one")
    iam.tag_role(RoleName="rotator", Tags=[{"Key": "by", "Value": "hand"}])
    role, name = states["grant"]["id"].split(":")
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy(allow("*")))
    iam.create_policy_version(PolicyArn=states["managed"]["id"], PolicyDocument=policy(allow("*")), SetAsDefault=True)
    iam.untag_user(UserName="deployer", TagKeys=["a"])
    functions.update_function_configuration(FunctionName="rotator", Timeout=5)
    secrets.untag_resource(SecretId=secret, TagKeys=["keyturn:kind"])
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=policy(allow("secretsmanager:*", Principal={"AWS": OWN})))
    secrets.cancel_rotate_secret(SecretId=secret)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "5"})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy(allow("sqs:*", Principal="*"))})
    return {
        "key": "enableKeyRotation", "alias": "targetKeyId", "topic": "displayName", "topic-policy": "policy",
        "subscription": "rawMessageDelivery", "rule": "state", "target": "arn", "logs": "retentionInDays", "role": "tags",
        "grant": "policy", "managed": "policy", "user": "tags", "function": "timeout", "secret": "tags", "secret-policy": "policy",
        "rotation": "rotationEnabled", "queue": "visibilityTimeoutSeconds", "queue-policy": "policy",
    }  # fmt: skip


def test_no_type_is_left_out(resources):
    assert {kind for kind, *_ in resources.values()} == set(RESOURCES)


def test_every_type_is_created_updated_mended_replaced_and_deleted(stack, aws, resources):
    stack.wants(in_stage(resources, 0))
    assert stack.preview() == everything(resources, "create")
    assert aws.left() == []

    assert stack.up() == everything(resources, "create")
    assert (stack.up("--refresh"), stack.differences()) == (everything(resources, "refresh", "same"), {})

    stack.wants(in_stage(resources, 1))
    assert stack.up() == {name: ["update"] if resources[name][2] else ["same"] for name in resources}

    before = stack.states()
    expected = drifts(aws, before)
    stack.refresh()
    after = stack.states()
    seen = {name for name, argument in expected.items() if after[name]["outputs"].get(argument) != before[name]["outputs"].get(argument)}
    assert seen == set(expected)
    assert stack.up() == {name: ["update"] if name in expected else ["same"] for name in resources}
    assert (stack.up("--refresh"), stack.differences()) == (everything(resources, "refresh", "same"), {})

    copy_of_it = stack.another("copy")
    copy_of_it.wants(to_import(in_stage(resources, 1), stack.states()))
    assert (copy_of_it.up(), copy_of_it.differences()) == (everything(resources, "import"), {})
    assert (copy_of_it.up("--refresh"), copy_of_it.differences()) == (everything(resources, "refresh", "same"), {})
    copy_of_it.forget()

    stack.wants(in_stage(resources, 2))
    steps = stack.up()
    assert {name for name in resources if any("replace" in step for step in steps[name])} >= {
        name for name in resources if resources[name][3]
    }
    assert (stack.up("--refresh"), stack.differences()) == (everything(resources, "refresh", "same"), {})

    stack.wants({})
    assert stack.up() == everything(resources, "delete")
    assert aws.left() == []


def to_import(wanted, states):
    """Gives the program that takes over what is there: each resource with its id, and the names that the provider made."""
    ids = {
        "target": f"failed/{states['target']['outputs']['targetId']}",
        "permission": f"rotator/{states['permission']['id']}",
    }
    importing = {}
    for name, (kind, arguments, *options) in wanted.items():
        made = {"name", "statementId"} & set(states[name]["inputs"]["__defaults"])
        named = {property_: states[name]["inputs"][property_] for property_ in made}
        taken = {"import_": ids.get(name, states[name]["id"])}
        importing[name] = (kind, arguments | named, {**(options[0] if options else {}), **taken})
    return importing


def everything(resources, *steps):
    return {name: [*steps] for name in resources}
