"""What goes wrong on a real local AWS is told by operation, resource and code, and mended by the next update."""

import json

import pytest

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"


def policy(*actions, **more):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def limited(aws):
    """The environment of a user who may make secrets and look at them, but not write policies on them."""
    iam = aws.client("iam")
    iam.create_user(UserName="limited")
    allowed = policy("secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy")
    iam.put_user_policy(UserName="limited", PolicyName="some", PolicyDocument=allowed)
    key = iam.create_access_key(UserName="limited")["AccessKey"]
    yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    iam.delete_access_key(UserName="limited", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="limited", PolicyName="some")
    iam.delete_user(UserName="limited")


@pytest.fixture
def online(started, aws):
    """Starts providers that talk to the local AWS."""
    return lambda config=None, **environment: started({"region": aws.region, **(config or {})}, **{**aws.environment, **environment})


def test_a_half_made_resource_is_kept_and_completed_by_the_next_update(stack, aws, limited):
    wanted = policy("secretsmanager:GetSecretValue", Principal={"AWS": "arn:aws:iam::000000000000:root"})
    stack.wants({"half": (SECRET, {"name": "test/half", "policy": wanted, "recoveryWindowInDays": 0})})
    output = stack.run("up", "--yes", "--skip-preview", exits=1, **limited)
    assert "creating aws:secretsmanager/secret:Secret half: PutResourcePolicy: AccessDeniedException" in output
    assert "it exists, and the next update completes it" in output
    assert stack.states()["half"]["id"].startswith("arn:aws:secretsmanager:")

    assert stack.up()["half"] == ["update"]

    answer = aws.client("secretsmanager").get_resource_policy(SecretId="test/half")
    assert json.loads(answer["ResourcePolicy"]) == json.loads(wanted)


def test_a_name_in_its_recovery_window_says_which_until_when_and_the_way_out(online, aws):
    wire = online()
    inputs, _ = wire.check(SECRET, {"name": "test/window", "recoveryWindowInDays": 7})
    identity, state = wire.create(SECRET, inputs)
    wire.delete(SECRET, identity, state)

    refusal = wire.refusal(lambda: wire.create(SECRET, inputs))

    assert "CreateSecret: InvalidRequestException" in refusal
    assert "The name test/window is kept by its recovery window until 20" in refusal
    assert "restore-secret --secret-id test/window" in refusal
    aws.client("secretsmanager").restore_secret(SecretId="test/window")
    aws.client("secretsmanager").delete_secret(SecretId="test/window", ForceDeleteWithoutRecovery=True)


def test_what_is_gone_already_is_no_error_and_a_refresh_sees_it(online):
    wire = online()
    inputs, _ = wire.check(SECRET, {"name": "test/gone", "recoveryWindowInDays": 0})
    identity, state = wire.create(SECRET, inputs)

    wire.delete(SECRET, identity, state)
    wire.delete(SECRET, identity, state)

    assert wire.read(SECRET, identity, state, inputs) == ("", {}, {})


def test_a_refusal_of_aws_names_operation_resource_and_code(online):
    wire = online()
    inputs, _ = wire.check("aws:kms/alias:Alias", {"name": "alias/test/lost", "targetKeyId": "00000000-0000-0000-0000-000000000000"})

    refusal = wire.refusal(lambda: wire.create("aws:kms/alias:Alias", inputs))

    assert refusal.startswith("creating aws:kms/alias:Alias thing: CreateAlias: NotFoundException: ")


def test_a_value_is_in_no_message(online):
    wire = online()
    inputs, _ = wire.check(VERSION, {"secretId": "canary-hunter2", "secretString": "canary-hunter2"})

    refusal = wire.refusal(lambda: wire.create(VERSION, inputs))

    assert "PutSecretValue: ResourceNotFoundException" in refusal
    assert "canary-hunter2" not in refusal


def test_other_types_are_refused_by_name_in_an_update(online):
    wire = online()

    refusal = wire.refusal(lambda: wire.create("aws:s3/bucket:Bucket", {"bucket": "any"}))

    assert refusal.startswith("aws:s3/bucket:Bucket is not a type that Keyturn's local stand-in")
    assert "secretsmanager.Secret," in refusal


def test_arguments_that_are_not_modelled_are_refused_by_name_in_an_update(online):
    wire = online()
    inputs, failures = wire.check("aws:kms/key:Key", {"xksKeyId": "1"})

    refusal = wire.refusal(lambda: wire.create("aws:kms/key:Key", inputs))

    assert failures == {}
    assert refusal.startswith("xksKeyId of aws:kms/key:Key is not done by")


def test_credentials_of_another_account_are_refused_before_anything_else(started, aws):
    wire = started(**aws.environment)

    refusal = wire.refusal(lambda: wire.configure({"region": aws.region, "allowedAccountIds": '["123456789012"]'}))

    assert f"the credentials belong to account {aws.account}, which the provider's configuration does not allow" in refusal


def test_a_lookup_of_a_missing_secret_names_it(online):
    wire = online()

    refusal = wire.refusal(lambda: wire.invoke("aws:secretsmanager/getSecret:getSecret", {"name": "test/platform/database-admin"}))

    assert refusal.startswith("invoking aws:secretsmanager/getSecret:getSecret (test/platform/database-admin)")
    assert "ResourceNotFoundException" in refusal


def test_lookups_answer_from_the_local_aws(online, aws):
    wire = online()
    arn = aws.client("secretsmanager").create_secret(Name="test/looked/up", SecretString="canary-hunter3")["ARN"]
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]

    secret, _ = wire.invoke("aws:secretsmanager/getSecret:getSecret", {"name": "test/looked/up"})
    found, _ = wire.invoke("aws:kms/getKey:getKey", {"keyId": key})
    caller, _ = wire.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})

    assert (secret["arn"], found["arn"], caller["accountId"]) == (arn, key, aws.account)
    assert "canary-hunter3" not in json.dumps(secret)
    aws.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_a_resource_may_stand_in_another_region(online):
    wire = online()
    inputs, _ = wire.check(SECRET, {"name": "test/elsewhere", "region": "eu-west-1", "recoveryWindowInDays": 0})

    identity, state = wire.create(SECRET, inputs)

    assert identity.startswith("arn:aws:secretsmanager:eu-west-1:")
    assert state["region"] == "eu-west-1"
    wire.delete(SECRET, identity, state)


def test_policies_declared_on_a_role_are_its_only_ones_and_go_with_it(online, aws):
    wire, role = online(), "aws:iam/role:Role"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    both = {
        "name": "declared",
        "assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        "managedPolicyArns": [aws.client("iam").create_policy(PolicyName="managed", PolicyDocument=policy("s3:*"))["Policy"]["Arn"]],
        "inlinePolicies": [{"name": "one", "policy": policy("s3:*")}, {"name": "two", "policy": policy("kms:*")}],
    }
    inputs, failures = wire.check(role, both)
    identity, state = wire.create(role, inputs)
    assert (failures, list(wire.diff(role, state, inputs).diffs)) == ({}, [])

    fewer, _ = wire.check(role, {**both, "managedPolicyArns": [], "inlinePolicies": both["inlinePolicies"][:1]})
    state = wire.update(role, identity, state, fewer)

    assert aws.client("iam").list_role_policies(RoleName="declared")["PolicyNames"] == ["one"]
    assert aws.client("iam").list_attached_role_policies(RoleName="declared")["AttachedPolicies"] == []
    wire.delete(role, identity, state)
    aws.client("iam").delete_policy(PolicyArn=both["managedPolicyArns"][0])


def test_a_name_prefix_is_completed_and_stays(online):
    wire = online()
    inputs, _ = wire.check(SECRET, {"namePrefix": "test/prefix-", "recoveryWindowInDays": 0})

    identity, state = wire.create(SECRET, inputs)

    assert state["name"].startswith("test/prefix-20")
    assert list(wire.diff(SECRET, state, inputs).diffs) == []
    wire.delete(SECRET, identity, state)
