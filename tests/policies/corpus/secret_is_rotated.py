"""Whether something renews a secret."""

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, DEPLOYED, FIRST_PREVIEW, Cases
from tests.policies.program import ACCOUNT, FUNCTION, ROTATION, SECRET, SECRET_VERSION

cases = Cases("secret-is-rotated")

MONTHLY = {"automaticallyAfterDays": 30}
STATIC = {"keyturn:kind": "static", "keyturn:reason": "rolled in the vendor's dashboard", "keyturn:review-by": "2026-12-31"}


def rotation(program, origins, *, secret=UNKNOWN, function=UNKNOWN, **inputs):
    """A SecretRotation, and what its properties were made from."""
    given = {"secretId": secret, "rotationLambdaArn": function, "rotationRules": MONTHLY, **inputs}
    return program.add(ROTATION, "rotation", given, made_from=origins)


@cases.violated("Nothing rotates it", at="database", properties="")
def no_rotation(program):
    program.secret()


@cases.violated("A rotation rotates another secret", at="database")
def rotation_of_another(program):
    program.rotation(program.secret("other", "dev/billing/other"))
    program.secret()


@cases.violated("Its rotation is switched off", at="database", properties="rotationEnabled")
def switched_off(program):
    program.rotation(program.secret(), rotationEnabled=False)


@cases.violated("Somebody switched its rotation off since", at="database", properties="rotationEnabled", when=DEPLOYED)
def switched_off_since(program):
    program.rotation(program.secret())
    program.resources[-1].outputs["rotationEnabled"] = False


@cases.violated("A rotation without a function rotates nothing", at="database", properties="rotationLambdaArn")
def no_function(program):
    secret = program.secret()
    rotation(program, {"secretId": [secret]}, secret=program.later(program.arn_of(secret)), function=None)


@cases.violated("Its schedule ends", at="database", properties="rotationRules")
def schedule_ends(program):
    program.rotation(program.secret(), rotationRules={"scheduleExpression": "cron(0 4 1 1 ? 2027)"})


@cases.violated("A static secret gives no reason", at="database", properties="reason")
def no_reason(program):
    program.secret(tags={**STATIC, "keyturn:reason": ""})


@cases.violated("The review of a static secret is overdue", at="database", properties="reviewBy")
def overdue(program):
    program.secret(tags={**STATIC, "keyturn:review-by": "2026-06-14"})


@cases.violated("The review of a static secret is in ten years", at="database", properties="reviewBy")
def review_far_ahead(program):
    program.secret(tags={**STATIC, "keyturn:review-by": "2036-06-15"})


@cases.violated("The team wants a review each quarter", at="database", properties="reviewBy", settings={"maxReviewDays": 92})
def review_too_far_for_the_team(program):
    program.secret(tags=STATIC)


ALLOWED = {"dev/billing/stripe": {"reason": "no API", "expires": "2026-12-31"}}


@cases.violated("Another secret is allowed to be static", at="database", settings={"staticAllow": ALLOWED})
def allowed_is_another(program):
    program.secret()


@cases.violated(
    "It was allowed to be static until last month",
    at="stripe",
    properties="name",
    settings={"staticAllow": {"dev/billing/stripe": {"reason": "no API", "expires": "2026-05-31"}}},
)
def allowance_ended(program):
    program.secret("stripe", "dev/billing/stripe")


@cases.holds("A function rotates it on a schedule")
def rotated(program):
    program.rotation(program.secret())


@cases.holds("A schedule by an expression, rate or cron", cites=("cdk-nag#1560", "cdk-nag#1565", "checkov#6199"))
def by_expression(program):
    program.rotation(program.secret(), rotationRules={"scheduleExpression": "rate(30 days)"})
    program.rotation(program.secret("other", "dev/billing/other"), rotationRules={"scheduleExpression": "cron(0 4 1 * ? *)"})


@cases.holds("The rotation is attached to the secret's version", cites="cdk-nag#457")
def through_its_version(program):
    secret = program.secret()
    version = program.add(SECRET_VERSION, "seed", {"secretId": program.later(program.arn_of(secret))}, made_from={"secretId": [secret]})
    function = program.add(FUNCTION, "rotate", {"name": "rotate"})
    rotation(
        program,
        {"secretId": [version], "rotationLambdaArn": [function]},
        secret=program.later(program.arn_of(secret)),
        function=program.later(f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:rotate"),
    )


@cases.holds("The rotation names the secret by its name, before it exists")
def by_name(program):
    program.secret()
    rotation(program, {}, secret="dev/billing/database", function=f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:rotate")


@cases.holds("A function of AWS's Serverless Application Repository rotates it", when=FIRST_PREVIEW)
def by_an_application(program):
    application = program.add("aws:serverlessrepository/cloudFormationStack:CloudFormationStack", "rotator")
    rotation(program, {"secretId": [program.secret()], "rotationLambdaArn": [application]})


@cases.holds("It is RDS's own and rotated by RDS, without a function", cites=("floci#2378", "cloud-custodian#8245"))
def managed_by_rds(program):
    tags = {"aws:secretsmanager:owningService": "rds", "aws:rds:primaryDBInstanceArn": f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:probe"}
    secret = program.secret("master", "rds!db-3bea3cf2-0b5f-436f-a6a1-97aad29da293", tags=tags)
    rotation(program, {"secretId": [secret]}, secret=program.later(program.arn_of(secret)), function=None)


@cases.holds("The master password that RDS manages is no secret of the stack", cites="floci#2378")
def master_user_password(program):
    instance = program.add("aws:rds/instance:Instance", "database", {"manageMasterUserPassword": True})
    rotation(
        program,
        {"secretId": [instance]},
        secret=program.later("arn:aws:secretsmanager:eu-central-1:1:secret:rds!db-1-AbCdEf"),
        function=None,
    )


@cases.holds("The partner's own rotation renews it, by a role")
def managed_external(program):
    secret = program.secret(type="SalesforceClientSecret")
    rotation(
        program,
        {"secretId": [secret]},
        secret=program.later(program.arn_of(secret)),
        function=None,
        externalSecretRotationRoleArn=f"arn:aws:iam::{ACCOUNT}:role/partner",
    )


@cases.holds("A static secret says why, and when it is reviewed")
def static(program):
    program.secret(tags=STATIC)


@cases.holds("A component says that it is static")
def static_component(program):
    intent = {"kind": "static", "reason": "no API", "reviewBy": "2026-09-01"}
    program.add(SECRET, "vendor", {"name": "dev/billing/vendor"}, parent=program.component("StaticSecret", "vendor", **intent))


@cases.holds("The configuration says that it is static", settings={"staticAllow": ALLOWED})
def allowed(program):
    program.secret("stripe", "dev/billing/stripe")


@cases.holds("One of two rotations works")
def one_works(program):
    secret = program.secret()
    program.rotation(secret, rotationEnabled=False)
    program.rotation(secret)


@cases.holds("Schedule and tags are marked secret")
def marked(program):
    program.rotation(program.secret(), rotationRules=Marked({"automaticallyAfterDays": Marked(30)}))
    program.secret("vendor", "dev/billing/vendor", tags=Marked(STATIC))


@cases.cannot_decide("Which of two secrets is rotated is not known yet", at=("database", "other"), properties="secretId")
def one_of_two(program):
    secrets = [program.secret(), program.secret("other", "dev/billing/other")]
    rotation(program, {"secretId": secrets}, function=f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:rotate")


@cases.cannot_decide("What rotates it comes out of another stack", at="database", properties="rotationLambdaArn")
def function_of_another_stack(program):
    reference = "urn:pulumi:dev::shop::pulumi:pulumi:StackReference::acme/rotation/dev"
    rotation(program, {"secretId": [program.secret()], "rotationLambdaArn": [reference]})


@cases.cannot_decide("Whether it is switched on is not known yet", at="database", properties="rotationEnabled", when=ALWAYS)
def perhaps_switched_on(program):
    program.rotation(program.secret(), rotationEnabled=UNKNOWN)


@cases.cannot_decide("How often it is rotated is not known yet", at="database", properties="rotationRules", when=ALWAYS)
def unknown_schedule(program):
    program.rotation(program.secret(), rotationRules=UNKNOWN)


@cases.cannot_decide("Whether it is static is not known yet", at="database", properties="tags", when=ALWAYS)
def unknown_kind(program):
    program.secret(tags=UNKNOWN)


@cases.cannot_decide("When a static secret is reviewed is not known yet", at="database", properties="reviewBy", when=ALWAYS)
def unknown_review(program):
    program.secret(tags={**STATIC, "keyturn:review-by": UNKNOWN})


@cases.cannot_decide(
    "The configuration names static secrets, and its name is not known yet",
    at="database",
    properties="name",
    settings={"staticAllow": ALLOWED},
)
def unknown_name(program):
    program.add(SECRET, "database", {"name": UNKNOWN})
