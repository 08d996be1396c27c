"""When the next rotation is, and which schedules are none."""

import datetime

import pytest


@pytest.fixture
def scheduled(cloud):
    """Gives NextRotationDate of a new secret with these rules, in UTC."""

    def ask(**rules):
        secret, secrets = cloud.secret("first"), cloud.client("secretsmanager")
        secrets.rotate_secret(
            SecretId=secret,
            RotationLambdaARN=cloud.function("def handler(event, context): pass"),
            RotationRules=rules,
            RotateImmediately=False,
        )
        return secrets.describe_secret(SecretId=secret)["NextRotationDate"].astimezone(datetime.UTC)

    return ask


def in_days(count):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=count)).date()


def test_days_end_with_the_day(scheduled):
    date = scheduled(AutomaticallyAfterDays=30)

    assert (date.date(), date.hour, date.minute) == (in_days(30), 23, 59)


def test_a_rate_of_days_with_a_duration_ends_with_its_window(scheduled):
    date = scheduled(ScheduleExpression="rate(10 days)", Duration="3h")

    assert (date.date(), date.hour, date.minute) == (in_days(10), 3, 0)


def test_a_rate_of_hours_has_a_window_of_one(scheduled):
    date = scheduled(ScheduleExpression="rate(6 hours)")

    hours = (date - datetime.datetime.now(datetime.UTC)).total_seconds() / 3600
    assert (date.minute, 5 < hours <= 7) == (0, True)


def test_a_cron_expression_fires_on_its_day(scheduled):
    date = scheduled(ScheduleExpression="cron(0 16 1,15 * ? *)", Duration="2h")

    assert (date.day in (1, 15), date.hour) == (True, 18)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"}, "can't specify both"),
        ({"AutomaticallyAfterDays": 1001}, "between 1 and 1000"),
        ({"ScheduleExpression": "rate(3 hours)"}, "from 4 hours"),
        ({"ScheduleExpression": "rate(30 minutes)"}, "whole hours or days"),
        ({"ScheduleExpression": "rate(1001 days)"}, "1000 days"),
        ({"ScheduleExpression": "cron(30 16 1 * ? *)"}, "cron(0 hours"),
        ({"ScheduleExpression": "cron(0 16 1 * ? 2027)"}, "cron(0 hours"),
        ({"ScheduleExpression": "every monday"}, "Invalid ScheduleExpression"),
        ({"AutomaticallyAfterDays": 30, "Duration": "25h"}, "1h to 24h"),
        ({"ScheduleExpression": "rate(4 hours)", "Duration": "5h"}, "must not run into the next"),
    ],
)
def test_a_schedule_that_is_none_is_refused(cloud, refused, rules, words):
    secret, secrets = cloud.secret("first"), cloud.client("secretsmanager")

    with refused("InvalidParameterException", words):
        secrets.rotate_secret(SecretId=secret, RotationLambdaARN=cloud.arn("lambda", "function:any"), RotationRules=rules)
