"""Who takes the roles that have to do with secrets."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import ACCOUNT, FUNCTION, document, statement

cases = Cases("role-is-assumed-by-one-service")

INSTANCE_PROFILE = "aws:iam/instanceProfile:InstanceProfile"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"

OTHER = "999988887777"
GITHUB = "token.actions.githubusercontent.com"
CLUSTER = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
LAMBDA = {"Service": "lambda.amazonaws.com"}
SUBJECT = "system:serviceaccount:billing:billing"


def provider(issuer):
    return {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}


def taking(principal, action="sts:AssumeRole", **condition):
    said = {"Effect": "Allow", "Action": action, "Principal": principal}
    return {**said, "Condition": condition} if condition else said


def with_token(issuer, **condition):
    return taking(provider(issuer), "sts:AssumeRoleWithWebIdentity", **condition)


def from_cluster(subject, operator="StringEquals", **more):
    return with_token(CLUSTER, **{operator: {f"{CLUSTER}:sub": subject, f"{CLUSTER}:aud": "sts.amazonaws.com"}}, **more)


def from_github(subject, operator="StringEquals"):
    return with_token(GITHUB, **{operator: {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": subject}})


def reader(program, *trust, **inputs):
    """A role that reads a secret, and who may take it."""
    role = program.role("billing", assumeRolePolicy=document(*trust), **inputs)
    program.grant(role, program.secret())
    return role


def running(program, role, name, type_token=FUNCTION, property_name="role", *, service=None):
    tags = {} if service is None else {"tags": {"keyturn:service": service}}
    arn = program.later(f"arn:aws:iam::{ACCOUNT}:role/billing")
    called = {"family" if type_token == TASK_DEFINITION else "name": name}
    return program.add(type_token, name, {**called, property_name: arn, **tags}, made_from={property_name: [role]})


def associated(program, role, name, account):
    inputs = {"clusterName": "main", "namespace": "billing", "serviceAccount": account}
    arn = program.later(f"arn:aws:iam::{ACCOUNT}:role/billing")
    program.add(POD_IDENTITY, name, {**inputs, "roleArn": arn}, made_from={"roleArn": [role]})


@cases.violated("Everybody takes it", at="billing", properties="assumeRolePolicy")
def everybody(program):
    reader(program, taking("*"))


@cases.violated("Everybody of an organization takes it", at="billing")
def organization(program):
    reader(program, taking({"AWS": "*"}, StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"}))


@cases.violated("Everybody but a principal takes it", at="billing")
def all_but_one(program):
    reader(program, {"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": f"arn:aws:iam::{OTHER}:root"}})


@cases.violated("Another account takes it as a whole", at="billing", when=DEPLOYED)
def another_account(program):
    reader(program, taking({"AWS": f"arn:aws:iam::{OTHER}:root"}))


@cases.violated("Every workflow on GitHub takes it: nothing is asked of the subject", at="billing")
def github_without_subject(program):
    reader(program, with_token(GITHUB, StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"}))


@cases.violated("Every pull request of a repository takes it, without any wildcard", at="billing", properties="assumeRolePolicy")
def github_pull_requests(program):
    reader(program, from_github("repo:acme/shop:pull_request"))


@cases.violated("Every branch and pull request of a repository takes it", at="billing")
def github_any_branch(program):
    reader(program, from_github("repo:acme/shop:*", "StringLike"))


@cases.violated("Every repository of an owner takes it", at="billing")
def github_any_repository(program):
    reader(program, from_github("repo:acme/*", "StringLike"))


@cases.violated("Two repositories take it", at="billing")
def two_repositories(program):
    reader(program, from_github(["repo:acme/shop:ref:refs/heads/main", "repo:acme/reports:ref:refs/heads/main"]))


@cases.violated("Every service account of a namespace takes it", at="billing")
def any_service_account(program):
    reader(program, from_cluster("system:serviceaccount:billing:*", "StringLike"))


@cases.violated("A token for any audience takes it", at="billing")
def any_audience(program):
    reader(program, with_token(CLUSTER, StringEquals={f"{CLUSTER}:sub": SUBJECT}))


@cases.violated("The subject is asked for only where there is one", at="billing")
def subject_if_exists(program):
    condition = {f"{CLUSTER}:sub": SUBJECT, f"{CLUSTER}:aud": "sts.amazonaws.com"}
    reader(program, with_token(CLUSTER, StringEqualsIfExists=condition))


@cases.violated("The subject of another cluster is asked for", at="billing")
def subject_of_another_cluster(program):
    other = CLUSTER.replace("0123", "4567")
    reader(program, with_token(CLUSTER, StringEquals={f"{other}:sub": SUBJECT, f"{CLUSTER}:aud": "sts.amazonaws.com"}))


@cases.violated("Anybody of a SAML provider takes it", at="billing")
def saml(program):
    principal = {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/office"}
    reader(program, taking(principal, "sts:AssumeRoleWithSAML", StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml"}))


@cases.violated("Two service accounts take it", at="billing")
def two_service_accounts(program):
    reader(program, from_cluster([SUBJECT, "system:serviceaccount:reports:reports"]))


@cases.violated("Functions and tasks take it", at="billing")
def two_services_of_aws(program):
    reader(program, taking({"Service": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]}))


@cases.violated("A function and a person's role take it, in two statements", at="billing")
def function_and_role(program):
    reader(program, taking(LAMBDA), taking({"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}))


@cases.violated("Functions of two services run as it", at="billing", properties="tags")
def functions_of_two_services(program):
    role = reader(program, taking(LAMBDA))
    running(program, role, "charge", service="billing")
    running(program, role, "report", service="reports")


@cases.violated("A task of another service runs as it", at="billing", properties="tags")
def task_of_another_service(program):
    role = reader(program, taking({"Service": "ecs-tasks.amazonaws.com"}), tags={"keyturn:service": "billing"})
    running(program, role, "report", TASK_DEFINITION, "executionRoleArn", service="reports")


@cases.violated("EKS hands it to two service accounts", at="billing", properties="serviceAccount")
def pods_of_two_accounts(program):
    role = reader(program, taking({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"]))
    associated(program, role, "first", "billing")
    associated(program, role, "second", "reports")


@cases.violated("A role that reads secrets of another stack is taken by everybody", at="billing")
def secrets_of_another_stack(program):
    role = program.role("billing", assumeRolePolicy=document(taking("*")))
    program.inline(role, document(statement(f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database-??????")))


@cases.holds("Functions take it")
def functions(program):
    role = reader(program, taking(LAMBDA))
    running(program, role, "charge", service="billing")
    running(program, role, "refund", service="billing")


@cases.holds("Functions and their copies at the edge take it")
def at_the_edge(program):
    reader(program, taking({"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]}))


@cases.holds("Tasks of one account take it")
def tasks(program):
    reader(program, taking({"Service": "ecs-tasks.amazonaws.com"}, StringEquals={"aws:SourceAccount": ACCOUNT}))


@cases.holds("Machines take it")
def machines(program):
    role = reader(program, taking({"Service": "ec2.amazonaws.com"}), tags={"keyturn:service": "billing"})
    running(program, role, "machines", INSTANCE_PROFILE, service="billing")


@cases.holds("One service account takes it")
def service_account(program):
    reader(program, from_cluster(SUBJECT))


@cases.holds("One service account takes it, spelt with StringLike and without a wildcard")
def service_account_by_string_like(program):
    reader(program, from_cluster(SUBJECT, "StringLike"))


@cases.holds("A service account of the same name in two clusters takes it")
def two_clusters(program):
    other = CLUSTER.replace("0123", "4567")
    same = {f"{other}:sub": SUBJECT, f"{other}:aud": "sts.amazonaws.com"}
    reader(program, from_cluster(SUBJECT), with_token(other, StringEquals=same))


@cases.holds("One repository takes it, from a branch and from an environment")
def one_repository(program):
    reader(program, from_github(["repo:acme/shop:ref:refs/heads/main", "repo:acme/shop:environment:prod"]))


@cases.holds("One project of GitLab takes it, from two branches")
def two_branches_of_gitlab(program):
    subjects = [f"project_path:acme/shop:ref_type:branch:ref:{branch}" for branch in ("main", "release")]
    reader(program, with_token("gitlab.com", StringEquals={"gitlab.com:aud": "https://gitlab.com", "gitlab.com:sub": subjects}))


@cases.holds("Every branch of a repository takes it, and that is allowed", settings={"allowedSubjects": ["repo:acme/shop:*"]})
def allowed_branches(program):
    reader(program, from_github("repo:acme/shop:*", "StringLike"))


@cases.holds("EKS hands it to the pods of one service account, in two clusters")
def pods(program):
    role = reader(program, taking({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"]))
    associated(program, role, "blue", "billing")
    associated(program, role, "green", "billing")


@cases.holds("A role of another account takes it, by its ARN")
def role_of_another_account(program):
    reader(program, taking({"AWS": f"arn:aws:iam::{OTHER}:role/billing"}))


@cases.holds("Another account takes it with an external id")
def external_id(program):
    reader(program, taking({"AWS": f"arn:aws:iam::{OTHER}:root"}, StringEquals={"sts:ExternalId": "shop-4711"}))


@cases.holds("The role that a condition names takes it")
def role_of_a_condition(program):
    reader(program, taking({"AWS": "*"}, ArnEquals={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/billing-node"}))


@cases.holds("A function takes it, and an administrator who does not count", settings={"allowedSubjects": ["arn:aws:iam::*:role/admin"]})
def administrator(program):
    reader(program, taking(LAMBDA), taking({"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}))


@cases.holds("Everybody is denied", cites="checkov#4394")
def denial(program):
    denied = {**taking("*", StringNotEquals={"aws:SourceAccount": ACCOUNT}), "Effect": "Deny"}
    reader(program, taking(LAMBDA), denied)


@cases.holds("Everybody takes a role that has nothing to do with secrets")
def another_role(program):
    program.secret()
    role = program.role("logs", assumeRolePolicy=document(taking("*")))
    program.inline(role, document(statement("arn:aws:s3:::logs/*", "*"), statement("*", "secretsmanager:ListSecrets")))


@cases.cannot_decide("Its trust policy is not known yet", at="billing", properties="assumeRolePolicy", when=ALWAYS)
def not_known_yet(program):
    role = program.role("billing", assumeRolePolicy=UNKNOWN)
    program.grant(role, program.secret())


@cases.cannot_decide("Everybody takes it, and whether it reads secrets is not known yet", at="billing")
def may_read(program):
    program.secret()
    role = program.role("billing", assumeRolePolicy=document(taking("*")))
    program.add("aws:iam/rolePolicy:RolePolicy", "policy", {"role": UNKNOWN, "policy": UNKNOWN}, made_from={"role": [role]})


@cases.cannot_decide("An account takes it before anybody knows which is its own", at="billing", properties="assumeRolePolicy")
def whose_account(program):
    reader(program, taking({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))


@cases.cannot_decide("Whose function runs as it is not known yet", at="billing", properties="tags", when=ALWAYS)
def whose_function(program):
    role = reader(program, taking(LAMBDA), tags={"keyturn:service": "billing"})
    running(program, role, "charge", service=UNKNOWN)


@cases.cannot_decide("Its trust policy is no document", at="billing", properties="assumeRolePolicy", when=ALWAYS)
def no_document(program):
    role = program.role("billing", assumeRolePolicy="{")
    program.grant(role, program.secret())
