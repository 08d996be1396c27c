"""Every resource type through its life, on the real engine and a real local AWS: one program holds them all."""

import copy
import json
import zipfile

import pytest

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
    """Each resource: its type, the arguments at first, those that an update changes, those that replace it."""
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
        "topic-policy": (
            "aws:sns/topicPolicy:TopicPolicy",
            {"arn": "${topic.arn}", "policy": open_to("events.amazonaws.com", "sns:Publish", "${topic.arn}")},
            {"policy": open_to("cloudwatch.amazonaws.com", "sns:Publish", "${topic.arn}")},
            {"arn": "${second.arn}"},
        ),
        "second": ("aws:sns/topic:Topic", {}, {"displayName": "Second"}, None),
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
        "user": ("aws:iam/user:User", {"name": "deployer"}, {"tags": {"a": "b"}}, {"path": "/people/"}),
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
        "secret": (
            "aws:secretsmanager/secret:Secret",
            {"name": BILLING, "kmsKeyId": "${key.arn}", "recoveryWindowInDays": 0, "tags": {"keyturn:service": "billing"}},
            {"description": "of billing", "tags": {"keyturn:service": "billing", "keyturn:kind": "postgres"}},
            None,
        ),
        "plain": ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}, {"description": "plain"}, {"name": "test/plain"}),
        "secret-policy": (
            "aws:secretsmanager/secretPolicy:SecretPolicy",
            {"secretArn": "${secret.arn}", "policy": policy(allow("secretsmanager:GetSecretValue", Principal={"AWS": OWN}))},
            {"policy": policy(allow("secretsmanager:DescribeSecret", Principal={"AWS": OWN}))},
            {"secretArn": "${plain.arn}"},
        ),
        "rotation": (
            "aws:secretsmanager/secretRotation:SecretRotation",
            rotation(automaticallyAfterDays=30),
            rotation(scheduleExpression="rate(10 days)"),
            None,
            {"depends_on": ["permission", "grant"]},
        ),
        "version": (
            "aws:secretsmanager/secretVersion:SecretVersion",
            {"secretId": "${plain.id}", "secretString": "canary-one"},
            None,
            {"secretString": "canary-two"},
        ),
        "queue": ("aws:sqs/queue:Queue", {"name": "inbox"}, {"visibilityTimeoutSeconds": 60, "tags": {"a": "b"}}, None),
        "spare": ("aws:sqs/queue:Queue", {}, {"delaySeconds": 5}, {"fifoQueue": True}),
        "queue-policy": (
            "aws:sqs/queuePolicy:QueuePolicy",
            {"queueUrl": "${queue.id}", "policy": open_to("sns.amazonaws.com", "sqs:SendMessage", "${queue.arn}")},
            {"policy": open_to("events.amazonaws.com", "sqs:SendMessage", "${queue.arn}")},
            {"queueUrl": "${spare.id}"},
        ),
    }


ORDER = ("key", "other", "alias", "topic", "second", "queue", "spare", "topic-policy", "subscription", "rule", "target", "logs", "role", "reader", "user",
         "secret", "plain", "grant", "managed", "attachment", "function", "permission", "rotation", "secret-policy", "version", "queue-policy")  # fmt: skip


def in_stage(resources, stage):
    """Gives the program's resources after all changes up to `stage`: 0 as at first, 1 updated, 2 replaced."""
    wanted = {}
    for name in ORDER:
        kind, first, *changes = resources[name]
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
    sns.set_topic_attributes(TopicArn=states["topic"]["id"], AttributeName="DisplayName", AttributeValue="Somebody's")
    sns.set_topic_attributes(
        TopicArn=states["topic-policy"]["id"], AttributeName="Policy", AttributeValue=open_to("s3.amazonaws.com", "sns:Publish")
    )
    sns.set_subscription_attributes(
        SubscriptionArn=states["subscription"]["id"], AttributeName="RawMessageDelivery", AttributeValue="false"
    )
    events.disable_rule(Name="failed")
    events.put_targets(Rule="failed", Targets=[{"Id": states["target"]["outputs"]["targetId"], "Arn": states["second"]["id"]}])
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
        "key": "enableKeyRotation", "alias": "targetKeyId", "topic": "displayName", "topic-policy": "policy", "subscription": "rawMessageDelivery",
        "rule": "state", "target": "arn", "logs": "retentionInDays", "role": "tags", "grant": "policy", "managed": "policy", "user": "tags",
        "function": "timeout", "secret": "tags", "secret-policy": "policy", "rotation": "rotationEnabled", "queue": "visibilityTimeoutSeconds",
        "queue-policy": "policy",
    }  # fmt: skip


def test_every_type_is_created_updated_mended_replaced_and_deleted(stack, aws, resources):
    stack.wants(in_stage(resources, 0))
    assert only(stack.preview()) == everything("create")
    assert left_in(aws) == []

    assert only(stack.up()) == everything("create")
    assert (only(stack.up("--refresh")), stack.differences()) == (everything("refresh", "same"), {})

    stack.wants(in_stage(resources, 1))
    assert only(stack.up()) == {name: ["update"] if resources[name][2] else ["same"] for name in ORDER}

    before = stack.states()
    expected = drifts(aws, before)
    stack.refresh()
    after = stack.states()
    seen = {name for name, argument in expected.items() if after[name]["outputs"].get(argument) != before[name]["outputs"].get(argument)}
    assert seen == set(expected)
    assert only(stack.up()) == {name: ["update"] if name in expected else ["same"] for name in ORDER}
    assert (only(stack.up("--refresh")), stack.differences()) == (everything("refresh", "same"), {})

    copy_of_it = stack.another("copy")
    copy_of_it.wants(to_import(in_stage(resources, 1), stack.states()))
    assert (only(copy_of_it.up()), copy_of_it.differences()) == (everything("import"), {})
    assert (only(copy_of_it.up("--refresh")), copy_of_it.differences()) == (everything("refresh", "same"), {})
    copy_of_it.forget()

    stack.wants(in_stage(resources, 2))
    steps = only(stack.up())
    assert {name for name in ORDER if any("replace" in step for step in steps[name])} >= {name for name in ORDER if resources[name][3]}
    assert (only(stack.up("--refresh")), stack.differences()) == (everything("refresh", "same"), {})

    stack.wants({})
    assert only(stack.up()) == everything("delete")
    assert left_in(aws) == []


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


def everything(*steps):
    return {name: [*steps] for name in ORDER}


def only(steps):
    """Leaves out the stack and the provider."""
    return {name: steps[name] for name in steps if name in ORDER}


def left_in(aws):
    """Gives what the account still holds of all that a stack made."""
    left = [secret["Name"] for secret in aws.client("secretsmanager").list_secrets()["SecretList"]]
    left += [role["RoleName"] for role in aws.client("iam").list_roles()["Roles"]]
    left += [found["PolicyName"] for found in aws.client("iam").list_policies(Scope="Local")["Policies"]]
    left += [user["UserName"] for user in aws.client("iam").list_users()["Users"] if user["UserName"] != "administrator"]
    left += [function["FunctionName"] for function in aws.client("lambda").list_functions()["Functions"]]
    left += [topic["TopicArn"] for topic in aws.client("sns").list_topics()["Topics"]]
    left += [found["SubscriptionArn"] for found in aws.client("sns").list_subscriptions()["Subscriptions"]]
    left += [rule["Name"] for rule in aws.client("events").list_rules()["Rules"]]
    left += [
        group["logGroupName"]
        for group in aws.client("logs").describe_log_groups()["logGroups"]
        if group["logGroupName"].startswith("/test")
    ]
    left += aws.client("sqs").list_queues().get("QueueUrls", [])
    left += [found["AliasName"] for found in aws.client("kms").list_aliases()["Aliases"] if found["AliasName"].startswith("alias/keyturn")]
    return left
