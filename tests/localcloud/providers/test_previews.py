"""A preview creates nothing and tells what it knows; a difference is what the service would see."""

import json
import re

import pytest
from pulumi.runtime.proto.provider_pb2 import PropertyDiff

SECRET = "aws:secretsmanager/secret:Secret"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
GRANT = {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], "Resource": "*"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def changes(answer):
    return {path: difference.kind for path, difference in answer.detailedDiff.items()}


class TestCheck:
    def test_what_the_real_provider_fills_in_is_filled_in(self, wire):
        inputs, _ = wire.check(SECRET, {"name": "dev/a"})

        assert inputs == {
            "name": "dev/a",
            "recoveryWindowInDays": 30,
            "forceOverwriteReplicaSecret": False,
            "__defaults": ["forceOverwriteReplicaSecret", "recoveryWindowInDays"],
        }

    def test_a_rotation_rotates_at_once_unless_told_otherwise(self, wire):
        inputs, _ = wire.check(ROTATION, {"secretId": "dev/a", "rotationRules": {"automaticallyAfterDays": 30}})

        assert inputs["rotateImmediately"] is True

    @pytest.mark.parametrize(
        ("kind", "arguments", "pattern"),
        [
            (SECRET, {}, r"thing-[0-9a-f]{7}"),
            ("aws:kms/alias:Alias", {"targetKeyId": "1"}, r"alias/thing-[0-9a-f]{7}"),
            ("aws:sqs/queue:Queue", {"fifoQueue": True}, r"thing-[0-9a-f]{7}\.fifo"),
        ],
    )
    def test_a_resource_without_a_name_gets_one(self, wire, kind, arguments, pattern):
        inputs, failures = wire.check(kind, arguments)

        assert failures == {}
        assert re.fullmatch(pattern, inputs["name"])

    def test_a_made_name_stays_and_a_given_one_that_is_taken_back_does_not(self, wire):
        made, _ = wire.check(SECRET, {})

        again, _ = wire.check(SECRET, {}, olds=made)
        after_a_given_one, _ = wire.check(SECRET, {}, olds={"name": "dev/a", "__defaults": []})

        assert again["name"] == made["name"]
        assert after_a_given_one["name"] != "dev/a"

    def test_a_made_name_is_made_anew_when_another_shape_is_needed(self, wire):
        made, _ = wire.check("aws:sqs/queue:Queue", {})

        again, failures = wire.check("aws:sqs/queue:Queue", {"fifoQueue": True}, olds=made)

        assert failures == {}
        assert again["name"].endswith(".fifo")

    def test_the_same_seed_gives_the_same_name(self, wire):
        names = {wire.check(SECRET, {}, randomSeed=b"plan")[0]["name"] for _ in range(2)}

        assert len(names) == 1

    def test_an_autonaming_configuration_is_followed(self, wire):
        proposed = {"proposed_name": "thing-in-house-style", "mode": "ENFORCE"}

        followed, _ = wire.check(SECRET, {}, autonaming=proposed)
        _, failures = wire.check(SECRET, {}, autonaming={"mode": "DISABLE"})

        assert followed["name"] == "thing-in-house-style"
        assert list(failures) == ["name"]

    def test_a_typed_document_becomes_json_and_unknown_as_a_whole(self, wire, unknown):
        document = {"Version": "2012-10-17", "Statement": [GRANT]}
        half_known = {"Version": "2012-10-17", "Statement": [{**GRANT, "Resource": unknown}]}

        known, _ = wire.check(ROLE_POLICY, {"role": "rotator", "policy": document})
        secret, failures = wire.check(ROLE_POLICY, {"role": "rotator", "policy": half_known})

        assert json.loads(known["policy"]) == document
        assert (secret["policy"], failures) == (unknown, {})

    def test_the_providers_default_tags_are_on_every_resource_that_has_tags(self, started):
        wire = started({"region": "eu-central-1", "defaultTags": json.dumps({"tags": {"team": "us", "cost": "1"}})}, KEYTURN_OFFLINE="1")

        inputs, _ = wire.check(SECRET, {"tags": {"team": "them"}})
        untagged, _ = wire.check(ROLE_POLICY, {"role": "rotator", "policy": policy(GRANT)})

        assert inputs["tags"] == {"team": "them", "cost": "1"}
        assert "tags" not in untagged


class TestPlan:
    def test_what_only_aws_can_tell_is_unknown(self, wire, unknown):
        inputs, _ = wire.check(SECRET, {"name": "dev/a", "tags": {"a": "b"}})

        state = wire.preview(SECRET, inputs)

        assert {name for name, value in state.items() if value == unknown} == {"arn", "namePrefix", "policy", "replicas"}
        assert (state["region"], state["tagsAll"], state["name"]) == ("eu-central-1", {"a": "b"}, "dev/a")

    def test_an_update_keeps_what_does_not_change_and_drops_what_is_taken_back(self, wire):
        olds = {"name": "dev/a", "arn": "arn:1", "description": "old", "tags": {"a": "b"}, "recoveryWindowInDays": 30}
        inputs, _ = wire.check(SECRET, {"name": "dev/a", "tags": {"a": "c"}})

        state = wire.preview(SECRET, inputs, olds=olds)

        assert state["arn"] == "arn:1"
        assert "description" not in state
        assert state["tagsAll"] == {"a": "c"}

    def test_a_type_that_can_only_be_previewed_shows_its_arguments_and_what_it_will_have(self, wire, unknown):
        state = wire.preview("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "files", "policy": "{}"})
        parameter = wire.preview("aws:ssm/parameter:Parameter", {"name": "/dev/a", "type": "String"})

        assert state == {"bucket": "files", "policy": "{}", "region": "eu-central-1"}
        assert (parameter["name"], parameter["arn"], parameter["tagsAll"]) == ("/dev/a", unknown, {})


class TestDiff:
    def inputs(self, wire, **more):
        return wire.check(SECRET, {"name": "dev/a", **more})[0]

    def test_the_same_differs_in_nothing(self, wire):
        inputs = self.inputs(wire, tags={"a": "b"})

        answer = wire.diff(SECRET, {**inputs, "arn": "arn:1", "description": "", "policy": "{}", "kmsKeyId": ""}, inputs)

        assert (answer.changes, changes(answer)) == (answer.DIFF_NONE, {})

    def test_changes_are_told_by_path(self, wire):
        olds = self.inputs(wire, tags={"a:b": "1", "c": "2"}, description="old")
        news = self.inputs(wire, tags={"c": "3", "d": "4"}, kmsKeyId="alias/mine")

        answer = wire.diff(SECRET, olds, news)

        assert changes(answer) == {
            "description": PropertyDiff.DELETE,
            "kmsKeyId": PropertyDiff.ADD,
            'tags["a:b"]': PropertyDiff.DELETE,
            "tags.c": PropertyDiff.UPDATE,
            "tags.d": PropertyDiff.ADD,
        }
        assert list(answer.replaces) == []

    def test_another_name_needs_another_secret_and_both_can_stand_side_by_side(self, wire):
        answer = wire.diff(SECRET, self.inputs(wire), self.inputs(wire, name="dev/b"))

        assert (list(answer.replaces), answer.deleteBeforeReplace) == (["name"], False)

    def test_a_replacement_under_the_same_given_name_deletes_first(self, wire):
        role = {"name": "rotator", "assumeRolePolicy": policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"})}
        olds, _ = wire.check("aws:iam/role:Role", role)
        news, _ = wire.check("aws:iam/role:Role", {**role, "path": "/rotation/"})

        answer = wire.diff("aws:iam/role:Role", olds, news)

        assert (list(answer.replaces), answer.deleteBeforeReplace) == (["path"], True)

    def test_an_argument_that_is_unknown_yet_may_need_another_resource(self, wire, unknown):
        olds, _ = wire.check(ROLE_POLICY, {"role": "rotator", "policy": policy(GRANT), "name": "reads"})
        news, _ = wire.check(ROLE_POLICY, {"role": unknown, "policy": unknown, "name": "reads"})

        answer = wire.diff(ROLE_POLICY, olds, news)

        assert (list(answer.diffs), list(answer.replaces)) == (["policy", "role"], ["role"])

    def test_policies_that_mean_the_same_are_the_same(self, wire):
        olds = {"role": "rotator", "name": "reads", "policy": policy(GRANT)}
        other = {**GRANT, "Resource": ["*"], "Action": GRANT["Action"][::-1]}
        news, _ = wire.check(ROLE_POLICY, {**olds, "policy": policy(other)})

        answer = wire.diff(ROLE_POLICY, olds, news)
        wider = wire.diff(ROLE_POLICY, olds, {**news, "policy": policy({**GRANT, "Action": "*"})})

        assert (changes(answer), list(wider.diffs)) == ({}, ["policy"])

    def test_json_that_says_the_same_is_the_same(self, wire):
        kind = "aws:cloudwatch/eventRule:EventRule"
        olds, _ = wire.check(kind, {"name": "failed", "eventPattern": '{"source":["a"],"account":["1"]}'})
        news, _ = wire.check(kind, {"name": "failed", "eventPattern": '{ "account": ["1"], "source": ["a"] }'})

        assert list(wire.diff(kind, olds, news).diffs) == []

    def test_what_aws_never_tells_is_no_change_after_an_import(self, wire):
        read = {"name": "dev/a", "arn": "arn:1"}

        answer = wire.diff(SECRET, read, self.inputs(wire, recoveryWindowInDays=7))

        assert list(answer.diffs) == []

    def test_ignored_changes_are_none(self, wire):
        olds = {**self.inputs(wire, tags={"a": "1", "b": "1"}), "arn": "arn:1"}

        answer = wire.diff(SECRET, olds, self.inputs(wire, tags={"a": "2", "b": "2"}), ignoreChanges=["tags.a"])

        assert list(answer.detailedDiff) == ["tags.b"]

    def test_code_is_compared_by_its_hash(self, wire):
        code = {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "path": "a.zip", "hash": "1"}
        function = {"role": "arn:aws:iam::123456789012:role/r", "handler": "a.b", "runtime": "python3.13", "name": "rotator"}
        kind = "aws:lambda/function:Function"
        olds, _ = wire.check(kind, {**function, "code": code})

        moved = wire.diff(kind, olds, wire.check(kind, {**function, "code": {**code, "path": "b.zip"}})[0])
        changed = wire.diff(kind, olds, wire.check(kind, {**function, "code": {**code, "hash": "2"}})[0])

        assert (list(moved.diffs), list(changed.diffs)) == ([], ["code"])

    def test_types_that_can_only_be_previewed_are_compared_argument_by_argument(self, wire):
        answer = wire.diff("aws:s3/bucket:Bucket", {"bucket": "a", "acl": "private"}, {"bucket": "b", "acl": "private"})

        assert list(answer.diffs) == ["bucket"]
