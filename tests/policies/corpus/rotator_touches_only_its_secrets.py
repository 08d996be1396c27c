"""What the roles of rotations may change."""

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import DEPLOYED, FIRST_PREVIEW, Cases
from tests.policies.program import ACCOUNT, ATTACHMENT, ROLE_POLICY, SECRET_POLICY, document, statement
from tests.policies.rotations import RIGHTS, encrypted, function, function_arn, key, rights, rotation

cases = Cases("rotator-touches-only-its-secrets")

ANY_OF_DEV = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/*"
PUT = "secretsmanager:PutSecretValue"


def rotating(program):
    """A role whose function rotates a secret; its rights are left to the case."""
    secret, role = program.secret(), program.role("rotator")
    rotation(program, secret, function(program, role))
    return secret, role


def neighbour(program):
    return program.secret("neighbour", "dev/reports/database")


@cases.violated("Its role may write a neighbour's secret, too", at="rotator", properties="policy", when=DEPLOYED)
def writes_a_neighbour(program):
    secret, role = rotating(program)
    rights(program, role, secret)
    program.grant(role, neighbour(program), action=PUT)


@cases.violated("It may move a neighbour's labels, which it names", at="rotator", properties="policy", when=DEPLOYED)
def moves_labels_of_a_neighbour(program):
    secret, role = rotating(program)
    rights(program, role, secret, by_name=True)
    rights(program, role, neighbour(program), actions="secretsmanager:UpdateSecretVersionStage", by_name=True, name="more")


@cases.violated("It may delete what it does not rotate", at="rotator", when=DEPLOYED)
def deletes_a_neighbour(program):
    secret, role = rotating(program)
    rights(program, role, secret)
    program.grant(role, neighbour(program), action="secretsmanager:DeleteSecret")


@cases.violated("A wildcard reaches every secret of the environment", at="rotator", properties="policy")
def wildcard(program):
    _, role = rotating(program)
    program.inline(role, document(statement(ANY_OF_DEV, RIGHTS)))


@cases.violated("A wildcard reaches secrets that somebody else will create", at="rotator", properties="policy")
def wildcard_without_a_neighbour(program):
    _, role = rotating(program)
    program.inline(role, document(statement(f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database-*", RIGHTS)))


@cases.violated("It has AWS' policy for all secrets", at="rotator")
def policy_of_aws(program):
    _, role = rotating(program)
    program.add(
        ATTACHMENT, "all", {"role": "rotator", "policyArn": "arn:aws:iam::aws:policy/SecretsManagerReadWrite"}, made_from={"role": [role]}
    )


@cases.violated("An application runs as the same role", at="rotator", properties="")
def an_application_runs_as_it(program):
    secret, role = rotating(program)
    rights(program, role, secret)
    function(program, role, name="billing-api")


@cases.violated("A task of ECS runs as the same role", at="rotator")
def a_task_runs_as_it(program):
    secret, role = rotating(program)
    rights(program, role, secret)
    given = {"family": "billing", "taskRoleArn": program.later(f"arn:aws:iam::{ACCOUNT}:role/rotator")}
    program.add("aws:ecs/taskDefinition:TaskDefinition", "billing", given, made_from={"taskRoleArn": [role]})


@cases.violated("A neighbour's own policy lets it in", at="rotator", when=DEPLOYED)
def let_in_by_the_neighbour(program):
    secret, role = rotating(program)
    rights(program, role, secret)
    said = document(statement("*", PUT, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/rotator"}))
    other = neighbour(program)
    given = {"secretArn": program.later(program.arn_of(other)), "policy": program.later(said)}
    program.add(SECRET_POLICY, "opened", given, made_from={"secretArn": [other], "policy": [role]})


@cases.holds("It may change the secret that it rotates")
def its_own(program):
    secret, role = rotating(program)
    rights(program, role, secret)


@cases.holds("It names its secret by name, before that has an ARN")
def its_own_by_name(program):
    secret, role = rotating(program)
    rights(program, role, secret, by_name=True)
    neighbour(program)


@cases.holds("One function rotates two secrets of its service")
def two_of_its_own(program):
    secret, role = program.secret(), program.role("rotator")
    other = program.secret("replica", "dev/billing/replica")
    by = function(program, role)
    for number, each in enumerate((secret, other)):
        rotation(program, each, by, name=f"rotation-{number}")
        rights(program, role, each, name=f"rights-{number}")


@cases.holds("It reads the administrator's secret, and no more", when=DEPLOYED)
def reads_the_administrator(program):
    secret, role = rotating(program)
    rights(program, role, secret, statement(program.arn_of(program.secret("admin", "dev/platform/admin"))))


@cases.holds("AWS' template lets it change what the function rotates, and nothing else")
def template_of_aws(program):
    _, role = rotating(program)
    neighbour(program)
    condition = {"StringEquals": {"secretsmanager:resource/AllowRotationLambdaArn": function_arn()}}
    random = statement("*", "secretsmanager:GetRandomPassword")
    program.inline(role, document(statement(ANY_OF_DEV, RIGHTS, Condition=condition), random))


@cases.holds("A wide grant on other things, and on describing")
def wide_on_other_things(program):
    secret, role = rotating(program)
    said = statement("*", ["secretsmanager:GetRandomPassword", "secretsmanager:DescribeSecret", "ec2:CreateNetworkInterface"])
    program.inline(role, document(said), name="describes")
    rights(program, role, secret)


@cases.holds("What a wildcard reaches too much is denied", when=DEPLOYED)
def denied(program):
    secret, role = rotating(program)
    neighbour(program)
    others = {"Effect": "Deny", "Action": "secretsmanager:*", "NotResource": program.arn_of(secret)}
    program.inline(role, document(statement(ANY_OF_DEV, RIGHTS), others), made_from=[secret])


@cases.holds("Somebody else may change the neighbour")
def somebody_else(program):
    secret, role = rotating(program)
    rights(program, role, secret)
    program.grant(program.role("deployer"), neighbour(program), action=PUT)


@cases.holds("The function is of another stack, and so is its role")
def central_function(program):
    given = {"secretId": UNKNOWN, "rotationLambdaArn": function_arn("central")}
    program.add("aws:secretsmanager/secretRotation:SecretRotation", "rotation", given, made_from={"secretId": [program.secret()]})


@cases.holds("Keyturn's component writes its rights, before their ARNs are known")
def own_component(program):
    component = program.component("DatabaseCredential", "billing/database", environment="dev", service="billing", secret="database")
    secret, role = encrypted(program, key(program), parent=component), program.role("rotator")
    rotation(program, secret, function(program, role), parent=component)
    admin = program.secret("admin", "dev/platform/admin")
    said = document(statement(program.arn_of(secret), RIGHTS), statement(program.arn_of(admin)))
    given = {"role": program.later("rotator"), "policy": program.later(said)}
    program.add(ROLE_POLICY, "rights", given, made_from={"role": [role], "policy": [secret, admin]}, parent=component)


@cases.holds("Its document is marked secret")
def marked(program):
    secret, role = rotating(program)
    said = document(statement(f"{program.arn_of(secret)[:-6]}??????", RIGHTS))
    program.add(ROLE_POLICY, "rights", {"role": program.later("rotator"), "policy": Marked(said)}, made_from={"role": [role]})


@cases.cannot_decide("Its document is made from a neighbour, too", at="rotator", properties="policy")
def made_from_a_neighbour(program):
    secret, role = rotating(program)
    rights(program, role, secret, statement(program.arn_of(neighbour(program))))
    made_from = program.resources[-1].property_dependencies["policy"]
    program.resources[-1].property_dependencies["policy"] = (*made_from, program.resources[-2].urn)


@cases.cannot_decide("It names a neighbour, whose account and region are not known yet", at="rotator", properties="policy")
def perhaps_a_neighbour(program):
    moves_labels_of_a_neighbour(program)


@cases.cannot_decide("Its document comes from get_policy_document", at="rotator", properties="policy")
def from_an_invoke(program):
    _, role = rotating(program)
    program.add(ROLE_POLICY, "rights", {"role": program.later("rotator"), "policy": UNKNOWN}, made_from={"role": [role]})


@cases.cannot_decide("Its policy is kept elsewhere", at="rotator", properties="policyArn")
def kept_elsewhere(program):
    _, role = rotating(program)
    given = {"role": program.later("rotator"), "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/rotation"}
    program.add(ATTACHMENT, "attached", given, made_from={"role": [role]})


@cases.cannot_decide("Which of two secrets it rotates is not known yet", at="rotator", when=FIRST_PREVIEW)
def one_of_two(program):
    role = program.role("rotator")
    secrets = [program.secret(), neighbour(program)]
    rights(program, role, secrets[0], by_name=True)
    given = {"secretId": UNKNOWN, "rotationLambdaArn": UNKNOWN}
    by = function(program, role)
    made_from = {"secretId": secrets, "rotationLambdaArn": [by]}
    program.add("aws:secretsmanager/secretRotation:SecretRotation", "rotation", given, made_from=made_from)
