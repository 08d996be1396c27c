"""Whether something renews a secret."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from policies.pack.values import UNKNOWN, Marked
from policies.rules.secret_is_rotated import policy as rule
from tests.policies.program import ACCOUNT, FUNCTION, ROTATION, SECRET, TODAY, Program

FUNCTION_ARN = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:rotate"


def test_a_rotation_with_function_and_schedule_holds(any_program, judge):
    any_program.rotation(any_program.secret())

    assert judge(rule, any_program).answer == "holds"


def test_a_secret_without_rotation_is_a_violation(any_program, judge):
    any_program.secret()

    verdict = judge(rule, any_program)

    assert verdict.answer == "violated"
    assert verdict.resources == {"database"}
    assert "never rotated" in verdict.text


def test_the_rotation_of_another_secret_does_not_count(any_program, judge):
    any_program.rotation(any_program.secret("other", "dev/billing/other"))
    any_program.secret()

    verdict = judge(rule, any_program)

    assert verdict.answer == "violated"
    assert verdict.resources == {"database"}


@pytest.mark.parametrize(
    ("inputs", "answer", "about"),
    [
        ({"rotationEnabled": False}, "violated", "rotationEnabled"),
        ({"rotationEnabled": UNKNOWN}, "cannot decide", "rotationEnabled"),
        ({"rotationEnabled": True}, "holds", ""),
        ({"rotationLambdaArn": None}, "violated", "rotationLambdaArn"),
        ({"rotationLambdaArn": ""}, "violated", "rotationLambdaArn"),
        ({"rotationLambdaArn": FUNCTION_ARN}, "holds", ""),
        ({"rotationLambdaArn": Marked(FUNCTION_ARN)}, "holds", ""),
        ({"rotationLambdaArn": None, "externalSecretRotationRoleArn": f"arn:aws:iam::{ACCOUNT}:role/partner"}, "holds", ""),
        ({"rotationLambdaArn": None, "externalSecretRotationRoleArn": UNKNOWN}, "cannot decide", "externalSecretRotationRoleArn"),
        ({"rotationRules": None}, "violated", "rotationRules"),
        ({"rotationRules": {}}, "violated", "rotationRules"),
        ({"rotationRules": UNKNOWN}, "cannot decide", "rotationRules"),
        ({"rotationRules": {"automaticallyAfterDays": UNKNOWN}}, "cannot decide", "rotationRules.automaticallyAfterDays"),
        ({"rotationRules": {"scheduleExpression": UNKNOWN}}, "cannot decide", "rotationRules.scheduleExpression"),
        ({"rotationRules": {"automaticallyAfterDays": 0}}, "violated", "rotationRules"),
        ({"rotationRules": {"automaticallyAfterDays": 1001}}, "violated", "rotationRules"),
        ({"rotationRules": {"automaticallyAfterDays": "30"}}, "holds", ""),
        ({"rotationRules": [{"automaticallyAfterDays": 30}]}, "holds", ""),
        ({"rotationRules": Marked({"automaticallyAfterDays": Marked(30)})}, "holds", ""),
        ({"rotationRules": {"AutomaticallyAfterDays": 30}}, "violated", "rotationRules"),
        ({"rotationRules": {"scheduleExpression": "rate(10 days)"}}, "holds", ""),
        ({"rotationRules": {"scheduleExpression": "cron(0 4 1 * ? *)"}}, "holds", ""),
        ({"rotationRules": {"scheduleExpression": "cron(0 4 1 1 ? 2027)"}}, "violated", "rotationRules"),
        ({"rotationRules": {"scheduleExpression": "every week"}}, "violated", "rotationRules"),
        ({"rotationRules": {"scheduleExpression": "rate(2000 days)"}}, "violated", "rotationRules"),
    ],
)
def test_what_a_rotation_says(any_program, judge, inputs, answer, about):
    any_program.rotation(any_program.secret(), **inputs)
    if inputs.get("externalSecretRotationRoleArn") is UNKNOWN:
        any_program.resources[-1].property_dependencies.pop("rotationLambdaArn")

    verdict = judge(rule, any_program)

    assert verdict.answer == answer
    assert verdict.properties == ({about} if about else set())


@pytest.mark.parametrize("meant", ["dev/billing/database", Program.arn("dev/billing/database")])
def test_a_rotation_may_name_its_secret_by_name_or_arn(deployed, judge, meant):
    deployed.secret()
    rules = {"automaticallyAfterDays": 30}
    deployed.add(ROTATION, "rotation", {"secretId": meant, "rotationLambdaArn": FUNCTION_ARN, "rotationRules": rules})

    assert judge(rule, deployed).answer == "holds"


def test_a_rotation_of_nobody_knows_what_cannot_be_decided(program, judge):
    program.secret()
    rules = {"automaticallyAfterDays": 30}
    program.add(ROTATION, "rotation", {"secretId": UNKNOWN, "rotationLambdaArn": FUNCTION_ARN, "rotationRules": rules})

    verdict = judge(rule, program)

    assert verdict.answer == "cannot decide"
    assert verdict.properties == {"secretId"}


def test_a_rotation_of_one_of_two_secrets_cannot_be_decided(program, judge):
    secrets = [program.secret(), program.secret("other", "dev/billing/other")]
    rules = {"automaticallyAfterDays": 30}
    inputs = {"secretId": UNKNOWN, "rotationLambdaArn": FUNCTION_ARN, "rotationRules": rules}
    program.add(ROTATION, "rotation", inputs, made_from={"secretId": secrets})

    assert judge(rule, program).answer == "cannot decide"


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        (FUNCTION, "holds"),
        ("aws:lambda/alias:Alias", "holds"),
        ("aws:serverlessrepository/cloudFormationStack:CloudFormationStack", "holds"),
        ("aws:ssm/parameter:Parameter", "cannot decide"),
        (None, "cannot decide"),
    ],
)
def test_a_function_that_is_not_known_yet_is_told_by_what_it_is_made_from(program, judge, origin, answer):
    secret = program.secret()
    made_from = {"secretId": [secret], **({"rotationLambdaArn": [program.add(origin, "origin")]} if origin else {})}
    inputs = {"secretId": UNKNOWN, "rotationLambdaArn": UNKNOWN, "rotationRules": {"automaticallyAfterDays": 30}}
    program.add(ROTATION, "rotation", inputs, made_from=made_from)

    assert judge(rule, program).answer == answer


def static(reason="rolled in the vendor's dashboard", review="2026-09-01"):
    return {"keyturn:kind": "static", "keyturn:reason": reason, "keyturn:review-by": review}


@pytest.mark.parametrize(
    ("tags", "answer", "about"),
    [
        (static(), "holds", set()),
        (static(review="2026-06-15"), "holds", set()),
        (static(review="2026-06-14"), "violated", {"reviewBy"}),
        (static(review="soon"), "violated", {"reviewBy"}),
        (static(review=None), "violated", {"reviewBy"}),
        (static(reason=" "), "violated", {"reason"}),
        (static(reason=None, review=None), "violated", {"reason", "reviewBy"}),
        (static(reason=UNKNOWN), "cannot decide", {"reason"}),
        (static(review=UNKNOWN), "cannot decide", {"reviewBy"}),
        (Marked(static()), "holds", set()),
        ({**static(), "keyturn:kind": UNKNOWN}, "cannot decide", {"tags"}),
        (UNKNOWN, "cannot decide", {"tags"}),
        ({**static(), "keyturn:kind": "postgres"}, "violated", {""}),
        ({**static(), "keyturn:kind": "Static"}, "violated", {""}),
    ],
)
def test_a_static_secret_says_why_and_until_when(any_program, judge, tags, answer, about):
    any_program.secret(tags=tags)

    verdict = judge(rule, any_program)

    assert verdict.answer == answer
    assert verdict.properties == about


@pytest.mark.parametrize(("days", "answer"), [(366, "holds"), (367, "violated")])
def test_a_review_is_a_year_ahead_at_most(any_program, judge, days, answer):
    any_program.secret(tags=static(review=(TODAY + timedelta(days=days)).isoformat()))

    assert judge(rule, any_program).answer == answer


def test_a_name_that_only_an_aws_service_can_choose_is_enough(any_program, judge):
    any_program.secret("master", "rds!cluster-3bea3cf2")

    assert judge(rule, any_program).answer == "holds"


@pytest.mark.parametrize(
    "wrong",
    [
        {"maxReviewDays": 0},
        {"staticAllow": {"dev/a/b": {"reason": "why"}}},
        {"staticAllow": {"dev/a/b": {"reason": " ", "expires": "2026-12-31"}}},
    ],
)
def test_what_is_configured_is_checked(any_program, judge, wrong):
    with pytest.raises(ValidationError):
        judge(rule, any_program, wrong)


def test_a_rotation_that_may_count_comes_before_one_that_does_not(any_program, judge):
    secret = any_program.secret()
    any_program.rotation(secret, rotationEnabled=False)
    any_program.rotation(secret, rotationEnabled=UNKNOWN)

    assert judge(rule, any_program).answer == "cannot decide"


def test_a_component_may_say_that_a_secret_is_static(any_program, judge):
    component = any_program.component("StaticSecret", "vendor", kind="static", reason="no API", reviewBy="2026-09-01")
    any_program.add(SECRET, "vendor", {"name": "dev/billing/vendor"}, parent=component)

    assert judge(rule, any_program).answer == "holds"


def test_one_good_rotation_is_enough(any_program, judge):
    secret = any_program.secret()
    any_program.rotation(secret, rotationEnabled=False)
    any_program.rotation(secret)

    assert judge(rule, any_program).answer == "holds"


@pytest.mark.parametrize(("answered", "answer"), [(False, "violated"), (True, "holds"), (UNKNOWN, "holds"), (None, "holds")])
def test_a_rotation_that_was_switched_off_since_is_found(deployed, judge, answered, answer):
    deployed.rotation(deployed.secret())
    # The program leaves it open, and so the provider keeps it as it is.
    deployed.resources[-1].outputs["rotationEnabled"] = answered

    assert judge(rule, deployed).answer == answer
