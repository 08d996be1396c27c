"""How often secrets are rotated."""

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, Cases
from tests.policies.program import ROTATION, SECRET

cases = Cases("rotation-is-frequent-enough")

IN_PROD = {"keyturn:environment": "prod", "keyturn:service": "billing"}
IN_DEV = {"keyturn:environment": "dev", "keyturn:service": "billing"}


def rotated(program, tags=None, **rules):
    schedule(program, program.secret(tags={} if tags is None else tags), **rules)


def schedule(program, secret, **rules):
    given = {"secretId": program.later(program.arn_of(secret)), "rotationRules": rules}
    program.add(ROTATION, "rotation", given, made_from={"secretId": [secret]})


@cases.violated("Half a year lies between two rotations", at="rotation", properties="rotationRules")
def half_a_year(program):
    rotated(program, automaticallyAfterDays=180)


@cases.violated("In production 45 days are too many", at="rotation", properties="rotationRules")
def too_long_for_production(program):
    rotated(program, IN_PROD, automaticallyAfterDays=45)


@cases.violated("The stack's configuration says that it is production", at="rotation")
def production_by_configuration(program):
    program.environment = "prod"
    rotated(program, automaticallyAfterDays=45)


@cases.violated("A component says that it is production", at="rotation")
def production_by_component(program):
    component = program.component("DatabaseCredential", "billing", environment="prod", service="billing")
    schedule(program, program.add(SECRET, "database", {"name": "prod/billing/database"}, parent=component), automaticallyAfterDays=45)


@cases.violated("A cron expression of every third month leaves up to 92 days", at="rotation")
def every_third_month(program):
    rotated(program, scheduleExpression="cron(0 4 1 */3 ? *)")


@cases.violated("A cron expression of a yearly day is no fig leaf", at="rotation")
def once_a_year(program):
    rotated(program, scheduleExpression="cron(0 12 1 1 ? *)")


@cases.violated("The first of each month is 31 days apart, and production allows 30", at="rotation")
def monthly_in_production(program):
    rotated(program, IN_PROD, scheduleExpression="cron(0 4 1 * ? *)")


@cases.violated("A rate in days is counted as days", at="rotation")
def slow_rate(program):
    rotated(program, scheduleExpression="rate(91 days)")


@cases.violated("The expression is no schedule", at="rotation", properties="rotationRules")
def no_schedule(program):
    rotated(program, scheduleExpression="every second Tuesday")


@cases.violated("A rotation each hour is more than AWS takes, so there is none", at="rotation", properties="rotationRules")
def every_hour(program):
    rotated(program, scheduleExpression="rate(1 hour)")


@cases.violated("The cron expression has five fields, as on Unix", at="rotation")
def unix_cron(program):
    rotated(program, scheduleExpression="cron(0 4 1 * *)")


@cases.violated("The schedule ends", at="rotation")
def ends(program):
    rotated(program, scheduleExpression="cron(0 4 1 * ? 2026-2027)")


@cases.violated("Days and an expression are given together, which AWS refuses", at="rotation", cites="terraform-provider-aws#33329")
def both(program):
    rotated(program, automaticallyAfterDays=30, scheduleExpression="rate(30 days)")


@cases.violated("There are no rotation rules at all", at="rotation")
def no_rules(program):
    rotated(program)


@cases.violated("A long window does not make a rotation more frequent", at="rotation")
def long_window(program):
    rotated(program, automaticallyAfterDays=180, duration="24h")


@cases.violated("The team allows a week in dev", at="rotation", settings={"maxDays": {"dev": 7}})
def own_limit(program):
    rotated(program, IN_DEV, automaticallyAfterDays=8)


@cases.violated("A limit for dev leaves that of production as it was", at="rotation", settings={"maxDays": {"dev": 200}})
def other_limits_stay(program):
    rotated(program, IN_PROD, automaticallyAfterDays=31)


@cases.holds("Thirty days in production")
def thirty_days(program):
    rotated(program, IN_PROD, automaticallyAfterDays=30)


@cases.holds("Ninety days where nobody says which environment it is")
def ninety_days(program):
    rotated(program, automaticallyAfterDays=90)


@cases.holds("A rate expression is understood", cites=("checkov#6199", "cdk-nag#1560", "cdk-nag#1565"))
def rate(program):
    rotated(program, IN_PROD, scheduleExpression="rate(30 days)")


@cases.holds("A cron expression is understood", cites="checkov#6199")
def cron(program):
    rotated(program, IN_PROD, scheduleExpression="cron(0 4 1,15 * ? *)")


@cases.holds("A rate in hours, with a short window")
def hours(program):
    rotated(program, IN_PROD, scheduleExpression="rate(4 hours)", duration="1h")


@cases.holds("The first Sunday of each month is at most 35 days apart, and dev allows 90")
def first_sunday(program):
    rotated(program, IN_DEV, scheduleExpression="cron(0 16 ? * SUN#1 *)")


@cases.holds("Days that were given as text")
def days_as_text(program):
    rotated(program, automaticallyAfterDays="30")


@cases.holds("The rules are marked secret, and in time")
def marked(program):
    rotated(program, IN_PROD, automaticallyAfterDays=Marked(30))


@cases.holds("A rotation that is switched off is not this rule's question")
def switched_off(program):
    program.rotation(program.secret(), rotationEnabled=False)


@cases.holds("A secret without any rotation is not this rule's question")
def no_rotation(program):
    program.secret()


@cases.holds("The team allows a year", settings={"maxDays": {"default": 365}})
def longer_limit(program):
    rotated(program, IN_DEV, scheduleExpression="cron(0 4 1 */6 ? *)")


@cases.cannot_decide("How many days is not known yet", at="rotation", properties="rotationRules.automaticallyAfterDays", when=ALWAYS)
def unknown_days(program):
    rotated(program, automaticallyAfterDays=UNKNOWN)


@cases.cannot_decide("The expression is not known yet", at="rotation", properties="rotationRules.scheduleExpression", when=ALWAYS)
def unknown_expression(program):
    rotated(program, scheduleExpression=UNKNOWN)


@cases.cannot_decide("Sixty days, and whether it is production is not known yet", at="rotation", properties="tags", when=ALWAYS)
def unknown_environment(program):
    rotated(program, UNKNOWN, automaticallyAfterDays=60)


@cases.violated("A hundred days are too many wherever it is", at="rotation")
def too_long_anywhere(program):
    rotated(program, UNKNOWN, automaticallyAfterDays=100)


@cases.holds("Thirty days are few enough wherever it is")
def short_enough_anywhere(program):
    rotated(program, UNKNOWN, automaticallyAfterDays=30)
