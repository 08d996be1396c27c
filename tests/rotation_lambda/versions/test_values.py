"""How values are asked for, to the letter, and what becomes of those that are none."""

import pytest

from rotation_lambda.errors import ConfigurationError, NetworkError, PermissionRefusedError
from rotation_lambda.versions import State
from tests.rotation_lambda.versions.secret import ALL_PAUSES, NO_OBJECT, TOKEN, refuse


def test_a_labelled_value_is_read_by_its_version(world, versions):
    assert versions.labelled(versions.state(), "AWSCURRENT") == {"username": "billing", "password": "the-current-one"}
    assert world.manager.calls[-1] == ("get_secret_value", {"SecretId": world.arn, "VersionId": "before"})


def test_a_label_that_nobody_carries_gives_nothing(world, versions):
    assert versions.labelled(versions.state(), "AWSPREVIOUS") is None
    assert len(world.manager.calls) == 1


def test_an_empty_object_is_no_value(world, versions):
    world.version("before", {}, "AWSCURRENT")

    assert versions.labelled(versions.state(), "AWSCURRENT") is None


@pytest.mark.parametrize("label", ["AWSCURRENT", "AWSPREVIOUS"])
def test_a_labelled_version_without_a_value_is_refused_after_a_while(world, versions, pauses, label):
    world.version("before", None, label)

    with pytest.raises(ConfigurationError) as refused:
        versions.labelled(versions.state(), label)

    assert str(refused.value) == f"the version labelled {label} has no value; put one, or let the secret rotate from empty"
    assert pauses == ALL_PAUSES


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException"])
def test_a_value_that_cannot_be_read_yet_is_waited_for(world, versions, pauses, code):
    before = versions.state()
    refuse(world, code, "get_secret_value", times=2)

    assert versions.labelled(before, "AWSCURRENT") == {"username": "billing", "password": "the-current-one"}
    assert pauses == [0.1, 0.2]


def test_a_refused_read_is_not_waited_for(world, versions, pauses):
    before = versions.state()
    refuse(world, "AccessDeniedException", "get_secret_value")

    with pytest.raises(PermissionRefusedError):
        versions.labelled(before, "AWSCURRENT")

    assert pauses == []


@pytest.mark.parametrize("value", ["no json", "[1, 2]", '"text"', "null", "[" * 100_000])
def test_a_value_that_is_no_object_is_refused_and_not_told(world, versions, value):
    world.version("before", value, "AWSCURRENT")

    with pytest.raises(ConfigurationError) as refused:
        versions.labelled(versions.state(), "AWSCURRENT")

    assert str(refused.value) == NO_OBJECT
    assert world.redaction.clean(f"it was {value}") == "it was [redacted]"


def test_a_binary_value_is_refused(world, versions, monkeypatch):
    monkeypatch.setattr(world.manager, "get_secret_value", lambda **_: {"SecretBinary": b"binary"})

    with pytest.raises(ConfigurationError) as refused:
        versions.labelled(versions.state(), "AWSCURRENT")

    assert str(refused.value) == NO_OBJECT


def test_a_value_that_was_read_is_redacted(world, versions):
    versions.labelled(versions.state(), "AWSCURRENT")

    assert world.redaction.clean("billing has the-current-one") == "billing has [redacted]"


def test_the_previous_value_is_read_too(world, versions):
    world.version("long ago", {"password": "the-previous-one"}, "AWSPREVIOUS")

    assert versions.previous(versions.state()) == {"password": "the-previous-one"}


@pytest.mark.parametrize("value", [None, "no json"])
def test_a_previous_version_that_is_no_credential_is_passed_over(world, versions, value):
    world.version("long ago", value, "AWSPREVIOUS")

    assert versions.previous(versions.state()) is None


def test_a_previous_value_that_cannot_be_asked_for_is_an_error(world, versions):
    world.version("long ago", {}, "AWSPREVIOUS")
    before = versions.state()
    refuse(world, "ThrottlingException", "get_secret_value")

    with pytest.raises(NetworkError):
        versions.previous(before)


@pytest.mark.parametrize(("wait", "waited"), [(True, ALL_PAUSES), (False, [])])
def test_rule_5_the_new_value_is_read_by_token_and_label(world, versions, pauses, wait, waited):
    assert versions.pending(wait=wait) is None
    assert pauses == waited
    assert world.manager.calls[-1] == (
        "get_secret_value",
        {"SecretId": world.arn, "VersionId": TOKEN, "VersionStage": "AWSPENDING"},
    )


def test_rule_5_a_new_value_without_its_label_is_not_it(world, versions):
    world.version(TOKEN, {"password": "abandoned"})

    assert versions.pending(wait=False) is None


def test_the_admin_secret_is_read_by_its_current_label(world, versions):
    assert versions.admin(world.admin) == {"username": "admin", "password": "of-the-admin"}
    assert world.manager.calls == [("get_secret_value", {"SecretId": world.admin, "VersionStage": "AWSCURRENT"})]
    assert world.redaction.clean("of-the-admin") == "[redacted]"


def test_an_admin_secret_that_is_denied_is_named(world, versions):
    refuse(world, "AccessDeniedException", "get_secret_value")

    with pytest.raises(PermissionRefusedError, match="get_secret_value on the admin secret is denied"):
        versions.admin(world.admin)


def test_an_admin_secret_without_an_object_is_named(world, versions):
    world.manager.write(world.admin, "no json")

    with pytest.raises(ConfigurationError) as refused:
        versions.admin(world.admin)

    assert str(refused.value) == NO_OBJECT.replace("the secret", "the admin secret")


def test_values_without_a_label_come_newest_first(world, versions):
    for number in range(5):
        world.version(f"old {number}", {"number": number})

    assert list(versions.older(versions.state())) == [{"number": number} for number in (4, 3, 2, 1, 0)]
    pages = [request for call, request in world.manager.calls if call == "list_secret_version_ids"]
    assert pages == [
        {"SecretId": world.arn, "IncludeDeprecated": True},
        {"SecretId": world.arn, "IncludeDeprecated": True, "NextToken": "2"},
        {"SecretId": world.arn, "IncludeDeprecated": True, "NextToken": "4"},
        {"SecretId": world.arn, "IncludeDeprecated": True, "NextToken": "6"},
    ]


def test_of_those_before_the_current_one_no_more_than_ten_old_values_are_read(world, versions):
    for number in range(12):
        world.version(f"old {number}", {"number": number})
    world.version("before", {"username": "billing"}, "AWSCURRENT")

    assert list(versions.older(versions.state())) == [{"number": number} for number in range(11, 1, -1)]


@pytest.mark.parametrize("rotated", [True, False])
def test_rule_27_all_that_were_abandoned_since_are_read(world, versions, rotated):
    del world.secret.versions["before"]
    for number in range(11):
        world.version(f"long ago {number}", {"number": number})
    if rotated:
        world.version("before", {"username": "billing"}, "AWSCURRENT")
    for number in range(11, 23):
        world.version(f"abandoned since {number}", {"number": number})

    assert list(versions.older(versions.state())) == [{"number": number} for number in range(22, 0 if rotated else -1, -1)]


def test_rule_27_what_is_as_old_as_the_current_one_may_have_come_after_it(world, versions):
    for number in range(11):
        world.version(f"old {number}", {"number": number})
        world.secret.versions[f"old {number}"].created = world.secret.versions["before"].created

    assert len(list(versions.older(versions.state()))) == 11


def test_what_carries_a_label_then_or_now_is_not_old(world, versions):
    world.version("lost its label since", {"number": 1}, "AWSPREVIOUS")
    world.version("has an empty list of labels", {"number": 2})
    before = versions.state()
    before = State(before.rotates, {**before.labels, "has an empty list of labels": frozenset()})
    world.labels("lost its label since").clear()
    world.labels(TOKEN).clear()
    world.secret.versions[TOKEN].value = '{"number": 3}'
    world.version("began since", {"number": 4}, "AWSPENDING")

    assert list(versions.older(before)) == [{"number": 2}]


def test_old_versions_that_hold_nothing_are_passed_over(world, versions, pauses):
    world.version("older", {"number": 1})
    world.version("a note", "written by hand")
    world.version("empty", {})
    world.version("nothing", None)

    assert list(versions.older(versions.state())) == [{"number": 1}]
    assert pauses == []


def test_an_answer_without_versions_is_the_end(world, versions, monkeypatch):
    monkeypatch.setattr(world.manager, "list_secret_version_ids", lambda **_: {"ARN": world.arn})

    assert list(versions.older(versions.state())) == []


def test_old_values_that_cannot_be_listed_are_an_error(world, versions):
    before = versions.state()
    refuse(world, "AccessDeniedException", "list_secret_version_ids")

    with pytest.raises(PermissionRefusedError, match="list_secret_version_ids is denied"):
        list(versions.older(before))
