"""Documents that grant something on secrets."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import ACCOUNT, ATTACHMENT, POLICY, document, statement

cases = Cases("grant-names-exact-secrets")

GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
SECRET = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database"
BUCKET = "aws:s3/bucket:Bucket"
EVERY_SECRET = "arn:aws:secretsmanager:*:*:secret:*"


def inline(program, *statements, name="reads"):
    program.secret()
    program.inline(program.role("billing"), document(*statements), name=name)


@cases.violated("It allows reading every secret", at="reads", properties="policy")
def every_secret(program):
    inline(program, statement("*"))


@cases.violated("It allows everything in Secrets Manager, and nobody holds it", at="reads")
def nobody_holds_it(program):
    program.add(POLICY, "reads", {"policy": document(statement(EVERY_SECRET, "secretsmanager:*"))})


@cases.violated("It allows everything everywhere", at="reads")
def everything(program):
    inline(program, statement("*", "*"))


@cases.violated("It captures every name that begins like the secret's", at="reads")
def prefix(program):
    inline(program, statement(f"{SECRET}-*"))


@cases.violated("It captures the secrets of a service that are still to come", at="reads")
def folder(program):
    inline(program, statement(SECRET.replace("database", "*"), ["secretsmanager:GetSecretValue"]))


@cases.violated("It names the secret in every region", at="reads")
def every_region(program):
    inline(program, statement(SECRET.replace("eu-central-1", "*") + "-??????"))


@cases.violated("It names the secret in every account", at="reads")
def every_account(program):
    inline(program, statement(SECRET.replace(ACCOUNT, "*") + "-AbCdEf"))


@cases.violated("It allows everything but what NotAction names", at="reads")
def all_but_some_actions(program):
    inline(program, {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"})


@cases.violated("It allows reading everything but what NotResource names", at="reads")
def all_but_some_resources(program):
    inline(program, {"Effect": "Allow", "Action": "secretsmanager:Get*", "NotResource": f"{SECRET}-??????"})


@cases.violated("It allows changing every secret", at="reads")
def writes_anywhere(program):
    inline(program, statement("*", ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret"]))


@cases.violated("A group's document reads every secret, in a spelling that AWS would not take", at="developers")
def other_case(program):
    said = {"effect": "allow", "action": ["SecretsManager:GETSECRETVALUE"], "resource": [EVERY_SECRET]}
    program.add(GROUP_POLICY, "developers", {"group": "developers", "policy": document(said)})


@cases.violated("An inline policy inside the role reads every secret", at="billing", properties="inlinePolicies")
def inside_the_role(program):
    program.role("billing", inlinePolicies=[{"name": "reads", "policy": document(statement("*"))}])


@cases.violated("It attaches a policy of AWS that reads every secret", at="attached", properties="policyArn")
def policy_of_aws(program):
    role = program.role("billing")
    inputs = {"role": program.later("billing"), "policyArn": "arn:aws:iam::aws:policy/SecretsManagerReadWrite"}
    program.add(ATTACHMENT, "attached", inputs, made_from={"role": [role]})


@cases.violated("The role itself attaches the policy of administrators", at="billing", properties="managedPolicyArns")
def administrator(program):
    program.role("billing", managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])


@cases.violated("It demands the tag of an environment, and no service", at="reads")
def tags_of_an_environment(program):
    inline(program, statement("*", Condition={"StringEquals": {"aws:ResourceTag/keyturn:environment": "dev"}}))


@cases.violated("It demands tags only of secrets that have some", at="reads")
def tags_if_exists(program):
    condition = {"StringEqualsIfExists": {"aws:ResourceTag/service": "${aws:PrincipalTag/service}"}}
    inline(program, statement("*", Condition=condition))


@cases.violated("A denial under a condition takes nothing off", at="reads")
def denial_under_a_condition(program):
    denial = statement("*", "secretsmanager:*", "Deny", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})
    inline(program, statement("*", "*"), denial)


@cases.violated("It allows a prefix that another team configured", at="reads", settings={"allowPrefixes": ["dev/reports/"]})
def another_prefix(program):
    inline(program, statement(SECRET.replace("database", "*")))


@cases.violated("It allows describing every secret: tags and rotation say what there is to attack", at="reads")
def describes_all(program):
    inline(program, statement("*", "secretsmanager:DescribeSecret"))


@cases.holds("Monitoring describes every secret, and that is allowed", settings={"allowUnscoped": ["DescribeSecret", "ListSecrets"]})
def monitoring(program):
    inline(program, statement("*", ["secretsmanager:DescribeSecret", "secretsmanager:ListSecrets"]))


@cases.violated("Listing is wide where the configuration allows none", at="reads", settings={"allowUnscoped": []})
def listing_not_allowed(program):
    inline(program, statement("*", "secretsmanager:ListSecrets"))


@cases.violated("Text behind the ARN of a secret captures more than the secret", at="reads", when=DEPLOYED)
def text_behind_an_arn(program):
    secret = program.secret()
    program.inline(program.role("billing"), document(statement(f"{program.arn_of(secret)}*")), made_from=[secret], name="reads")


@cases.holds(
    "It names the secret with `-??????`, the form that AWS documents",
    cites=("kics#6256", "tfsec#1978", "defsec#906", "terraform-provider-aws#39953"),
)
def by_name(program):
    inline(program, statement(f"{SECRET}-??????", ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]))


@cases.holds("It names the secret by its ARN", when=DEPLOYED)
def by_arn(program):
    program.grant(program.role("billing"), program.secret())


@cases.holds("A denial has `*`", cites="checkov#4394")
def denial(program):
    inline(program, statement(f"{SECRET}-??????"), statement("*", "secretsmanager:*", "Deny", Condition={"Bool": {"x": "y"}}))


@cases.holds("Everything is allowed, and Secrets Manager denied")
def everything_but_secrets(program):
    inline(program, statement("*", "*"), statement("*", "secretsmanager:*", "Deny"))


@cases.holds("Every secret but one is denied")
def denied_but_one(program):
    spared = {"Effect": "Deny", "Action": "secretsmanager:*", "NotResource": [f"{SECRET}-??????"]}
    inline(program, statement("*", "secretsmanager:*"), spared)


@cases.holds("It lists secrets and asks for random passwords, which takes no name")
def takes_no_name(program):
    actions = ["secretsmanager:ListSecrets", "secretsmanager:GetRandomPassword", "secretsmanager:BatchGetSecretValue"]
    inline(program, statement("*", actions), statement(f"{SECRET}-??????"))


@cases.holds("It allows everything in a bucket, with wildcards")
def bucket(program):
    inline(program, statement(["arn:aws:s3:::logs/*", "arn:aws:s3:::logs-*"], "*"))


@cases.holds("It allows all of another service")
def another_service(program):
    inline(program, statement("*", ["s3:*", "ssm:Get*"]))


@cases.holds("NotAction spares Secrets Manager")
def not_action_spares_secrets(program):
    inline(program, {"Effect": "Allow", "NotAction": "secretsmanager:*", "Resource": "*"})


@cases.holds("NotResource spares every secret")
def not_resource_spares_secrets(program):
    inline(program, {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:secretsmanager:*"})


@cases.holds("A tag of the secret has to equal a tag of the caller")
def same_tag(program):
    inline(program, statement("*", Condition={"StringEquals": {"aws:ResourceTag/service": "${aws:PrincipalTag/service}"}}))


@cases.holds("The secret's tags have to name one service of one environment")
def tags_of_a_service(program):
    tags = {"secretsmanager:ResourceTag/keyturn:environment": "dev", "secretsmanager:ResourceTag/keyturn:service": "billing"}
    inline(program, statement("*", Condition={"StringEquals": tags}))


@cases.holds("It names a folder by a tag of the caller, and one secret in it")
def variable_in_the_name(program):
    inline(program, statement(SECRET.replace("billing", "${aws:PrincipalTag/service}") + "-??????"))


@cases.holds("Its prefix is allowed", settings={"allowPrefixes": ["dev/billing/"]})
def allowed_prefix(program):
    inline(program, statement(SECRET.replace("database", "*")))


@cases.holds("It attaches a policy of AWS that reads no secret")
def harmless_policy_of_aws(program):
    role = program.role("billing")
    inputs = {"role": program.later("billing"), "policyArn": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}
    program.add(ATTACHMENT, "attached", inputs, made_from={"role": [role]})


@cases.holds("Its document is not known yet, and made from a bucket only")
def made_from_a_bucket(program):
    program.secret()
    bucket = program.add(BUCKET, "logs")
    program.inline(program.role("billing"), document(statement("arn:aws:s3:::logs/*", "s3:*")), made_from=[bucket])


@cases.cannot_decide("Its document is made from the secret, and not known yet", at="reads", properties="policy")
def made_from_the_secret(program):
    program.grant(program.role("billing"), program.secret(), name="reads")


@cases.cannot_decide("Its document is that of get_policy_document, and not known yet", at="reads", properties="policy")
def made_by_an_invoke(program):
    role = program.role("billing")
    program.secret()
    program.add("aws:iam/rolePolicy:RolePolicy", "reads", {"role": UNKNOWN, "policy": UNKNOWN}, made_from={"role": [role]})


@cases.cannot_decide("Its text is no document", at="reads", properties="policy", when=ALWAYS)
def no_document(program):
    program.add(POLICY, "reads", {"policy": "{"})


@cases.cannot_decide("An inline policy of the role is not known yet", at="billing", properties="inlinePolicies", when=ALWAYS)
def inline_not_known(program):
    program.role("billing", inlinePolicies=[{"name": "reads", "policy": UNKNOWN}])


@cases.cannot_decide(
    "An element stands twice, and nobody can say which one counts", at=("effects", "spelt", "both"), properties="policy", when=ALWAYS
)
def twice(program):
    program.add(POLICY, "effects", {"policy": document(statement("*")).replace('"Resource"', '"Effect": "Deny", "Resource"')})
    program.add(POLICY, "spelt", {"policy": document(statement("*")).replace('"Resource"', '"action": "s3:GetObject", "Resource"')})
    program.add(POLICY, "both", {"policy": document(statement("*", action="s3:GetObject", NotAction="iam:*"))})


@cases.violated("A condition demands any secret of an environment", at="reads")
def secret_id_with_a_wildcard(program):
    inline(program, statement("*", Condition={"StringLike": {"secretsmanager:SecretId": ["dev/*", f"{SECRET}-*"]}}))


@cases.holds("A condition demands one secret, by its name")
def secret_id_by_name(program):
    inline(program, statement("*", Condition={"ArnLike": {"secretsmanager:SecretId": f"{SECRET}-??????"}}))


@cases.holds("It is for what one function rotates, as in AWS' own templates")
def of_its_function(program):
    function = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:rotate"
    inline(program, statement(EVERY_SECRET, Condition={"StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": function}}))
