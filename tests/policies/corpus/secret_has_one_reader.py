"""Who reads secrets."""

import json

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import (
    ACCOUNT,
    ATTACHMENT,
    FUNCTION,
    POLICY,
    READ,
    ROLE_POLICY,
    SECRET_POLICY,
    SECRET_TAG,
    Program,
    document,
    statement,
)

cases = Cases("secret-has-one-reader")

NAME = "dev/billing/database"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
EXTERNAL_SECRET = "kubernetes:external-secrets.io/v1:ExternalSecret"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
SECRET_STORE = "kubernetes:external-secrets.io/v1:SecretStore"


def tags(service):
    return {"keyturn:environment": "dev", "keyturn:service": service}


def opened(program, secret, **said):
    """A resource policy that lets somebody read."""
    text = document({"Effect": "Allow", "Action": READ, "Resource": "*", **said})
    inputs = {"secretArn": program.later(program.arn_of(secret)), "policy": text}
    program.add(SECRET_POLICY, "opened", inputs, made_from={"secretArn": [secret]})


def task(program, value_from, *, made_from=(), **inputs):
    """A task of ECS whose container gets a secret, by an execution role of another stack."""
    definitions = [{"name": "web", "secrets": [{"name": "DB", "valueFrom": value_from}]}]
    text = UNKNOWN if value_from is UNKNOWN else json.dumps(definitions)
    given = {"family": "web", "containerDefinitions": text, "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution", **inputs}
    program.add(TASK, "web", given, made_from={"containerDefinitions": list(made_from)})


def synced(program, role):
    """An ExternalSecret with a store that reads as a role."""
    aws = {
        "service": "SecretsManager",
        "region": "eu-central-1",
        "role": role if role is UNKNOWN else f"arn:aws:iam::{ACCOUNT}:role/{role}",
    }
    program.add(SECRET_STORE, "store", {"metadata": {"name": "store"}, "spec": {"provider": {"aws": aws}}})
    spec = {"secretStoreRef": {"name": "store"}, "data": [{"secretKey": "password", "remoteRef": {"key": NAME, "property": "password"}}]}
    program.add(EXTERNAL_SECRET, "synced", {"metadata": {"name": "synced"}, "spec": spec})


def run_as(program, role, name="function", **inputs):
    """A function that runs as a role."""
    given = {"name": name, "role": program.later(f"arn:aws:iam::{ACCOUNT}:role/{program.name_of(role)}"), **inputs}
    program.add(FUNCTION, name, given, made_from={"role": [role]})


@cases.violated("Two roles may read it", at="database", when=DEPLOYED)
def two_roles(program):
    secret = program.secret()
    for name in ("billing", "reports"):
        program.grant(program.role(name), secret)


@cases.violated("A role of another service may read it", at="database", when=DEPLOYED)
def another_service(program):
    program.grant(program.role("reports", tags=tags("reports")), program.secret(tags=tags("billing")))


@cases.violated("A wildcard of another service covers it, before any ARN is known", at="database")
def wildcard(program):
    program.secret(tags=tags("billing"))
    program.inline(program.role("reports", tags=tags("reports")), document(statement("*")))


@cases.violated("A service declares to read the secret of another, and no exception names it", at="month-end", properties="reads")
def declared(program):
    program.component("ServiceAccess", "month-end", environment="dev", service="reports", reads=[NAME], exceptions={})


@cases.violated("The exception that names the reader has ended", at="month-end")
def exception_has_ended(program):
    exceptions = {NAME: {"reason": "month-end report", "until": "2026-06-14"}}
    program.component("ServiceAccess", "month-end", environment="dev", service="reports", reads=[NAME], exceptions=exceptions)


@cases.violated("Its own policy lets everybody in", at="database")
def everybody(program):
    opened(program, program.secret(), Principal="*")


@cases.violated("Its own policy lets another account in", at="database", when=DEPLOYED)
def another_account(program):
    opened(program, program.secret(), Principal={"AWS": "arn:aws:iam::999988887777:root"})


@cases.violated("The role of its rotation runs an application, too", at="database", when=DEPLOYED)
def rotator_is_an_application(program):
    secret, reports = program.secret(), program.role("reports")
    program.grant(program.role("billing"), secret)
    program.rotation(secret, reports)
    program.add(
        FUNCTION, "application", {"name": "application", "role": f"arn:aws:iam::{ACCOUNT}:role/reports"}, made_from={"role": [reports]}
    )


@cases.violated("An administrator of AWS's making may read it beside its reader", at="database", when=DEPLOYED)
def administrator(program):
    program.grant(program.role("billing"), program.secret())
    operations = program.role("operations")
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    program.add(ATTACHMENT, "administers", {"role": "operations", "policyArn": arn}, made_from={"role": [operations]})


@cases.violated("ECS puts it into a container of another service", at="database", when=DEPLOYED)
def container_of_another(program):
    secret = program.secret(tags=tags("billing"))
    task(program, f"{program.arn_of(secret)}:password::", tags=tags("reports"))


@cases.violated("The External Secrets Operator fetches it as a role beside its reader", at="database", when=DEPLOYED)
def synced_for_another(program):
    program.grant(program.role("billing"), program.secret())
    synced(program, "another-cluster")


@cases.violated("A function of another service runs as the role that reads it, and the role says nothing", at="database", when=DEPLOYED)
def runs_for_another_service(program):
    secret, role = program.secret(tags=tags("billing")), program.role("app")
    program.grant(role, secret)
    run_as(program, role, tags=tags("reports"))


@cases.violated("The role of its rotation runs a pod, too", at="database", when=DEPLOYED)
def rotator_runs_a_pod(program):
    secret, rotator = program.secret(), program.role("rotator")
    program.grant(program.role("billing"), secret)
    program.rotation(secret, rotator)
    pod = {"namespace": "reports", "serviceAccount": "reports", "roleArn": program.later(f"arn:aws:iam::{ACCOUNT}:role/rotator")}
    program.add(POD_IDENTITY, "reports", pod, made_from={"roleArn": [rotator]})


@cases.holds("One role reads it")
def one_role(program):
    program.grant(program.role("billing"), program.secret())


@cases.holds("Roles that say nothing run for its own service")
def run_for_its_own_service(program):
    secret = program.secret(tags=tags("billing"))
    for name in ("web", "worker"):
        role = program.role(name)
        program.grant(role, secret)
        run_as(program, role, f"{name}-function", tags=tags("billing"))


@cases.holds("One role without an owner to compare with runs for two services: another rule says that")
def runs_for_two_services(program):
    secret, role = program.secret(), program.role("app")
    program.grant(role, secret)
    for service in ("billing", "reports"):
        run_as(program, role, service, tags=tags(service))


@cases.holds("Two roles of its own service read it")
def two_roles_of_one_service(program):
    secret = program.secret(tags=tags("billing"))
    for name in ("web", "worker"):
        program.grant(program.role(name, tags=tags("billing")), secret)


@cases.holds("Its rotation reads it, and one role")
def rotation(program):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    program.rotation(secret)


@cases.holds("An exception names the reader, with a reason and an end")
def exception(program):
    exceptions = {NAME: {"reason": "month-end report", "until": "2026-12-31"}}
    program.component("ServiceAccess", "month-end", environment="dev", service="reports", reads=[NAME], exceptions=exceptions)


@cases.holds("The documented form by name is no wildcard", cites=("kics#6256", "tfsec#1978", "defsec#906"))
def by_name(program):
    program.secret()
    for name in ("billing", "reports"):
        arn = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/{name}/database-??????"
        program.inline(program.role(name), document(statement(arn)))


@cases.holds("Its own policy denies everybody but its reader", cites=("checkov#4394",))
def denied_to_others(program):
    secret = program.secret()
    for name in ("billing", "operations"):
        program.inline(program.role(name), document(statement("*")))
    but_one = {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/billing"}}
    opened(program, secret, Effect="Deny", Principal="*", Condition=but_one)


@cases.holds("A second role may only describe it")
def describes(program):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    program.inline(program.role("inventory"), document(statement("*", action="secretsmanager:DescribeSecret")))


@cases.holds("A function's environment names it, and nothing lets the function read")
def only_named(program):
    program.grant(program.role("billing"), program.secret())
    variables = {"variables": {"DATABASE_SECRET_ARN": Program.arn(NAME)}}
    program.add(FUNCTION, "reports", {"name": "reports", "environment": variables})


@cases.holds("ECS puts it into a container of its own service")
def container_of_its_own(program):
    secret = program.secret(tags=tags("billing"))
    task(program, program.later(program.arn_of(secret)), made_from=[secret], tags=tags("billing"))


@cases.holds("ECS puts a parameter into a container, whose name is that of the secret")
def container_with_a_parameter(program):
    program.secret(tags=tags("billing"))
    task(program, NAME, tags=tags("reports"))


@cases.holds("The operator fetches it as the role that reads it")
def synced_as_its_reader(program):
    program.grant(program.role("billing"), program.secret())
    synced(program, "billing")


@cases.holds("The operator fetches it as a role of the stack that may not read it, so AWS denies it")
def synced_in_vain(program):
    program.grant(program.role("billing"), program.secret())
    program.role("reports")
    synced(program, "reports")


@cases.cannot_decide("Two documents are made from it, and no ARN is known yet", at="database", properties="policy")
def two_documents(program):
    secret = program.secret()
    for name in ("billing", "reports"):
        program.grant(program.role(name), secret)


@cases.cannot_decide("A document of get_policy_document says nothing about what it is made from", at="invoked", properties="policy")
def invoked(program):
    program.secret()
    program.add(ROLE_POLICY, "invoked", {"role": "billing", "policy": UNKNOWN}, made_from={"role": [program.role("billing")]})


@cases.cannot_decide("A policy that is kept outside the stack is attached", at="attached", properties="policyArn", when=ALWAYS)
def kept_elsewhere(program):
    program.secret()
    arn = f"arn:aws:iam::{ACCOUNT}:policy/kept-elsewhere"
    program.add(ATTACHMENT, "attached", {"role": "billing", "policyArn": arn}, made_from={"role": [program.role("billing")]})


@cases.cannot_decide(
    "A policy that is kept elsewhere is told by the ARN of one of the stack", at="a", properties="policyArn", when=DEPLOYED
)
def kept_elsewhere_made_from_one(program):
    program.secret()
    arn = f"arn:aws:iam::{ACCOUNT}:policy/reads"
    inputs = {"name": "reads", "policy": document(statement("*", action="s3:GetObject"))}
    own = program.add(POLICY, "reads", inputs, outputs={**inputs, "arn": arn})
    origins = {"role": [program.role("billing")], "policyArn": [own]}
    program.add(ATTACHMENT, "a", {"role": "billing", "policyArn": f"{arn}-more"}, made_from=origins)


@cases.cannot_decide("Whose the reader is is not known yet", at="database", when=ALWAYS)
def reader_not_known(program):
    program.grant(program.role("somebody", tags=UNKNOWN), program.secret(tags=tags("billing")))


@cases.cannot_decide("For which service the role of its reader runs is not known yet", at="database", when=ALWAYS)
def runner_not_known(program):
    secret, role = program.secret(tags=tags("billing")), program.role("app")
    program.grant(role, secret)
    run_as(program, role, tags=UNKNOWN)


@cases.cannot_decide("A tag beside the secret may let somebody read", at="database", when=ALWAYS)
def tag_beside(program):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    by_tag = {"StringEquals": {"aws:ResourceTag/service": "reports"}}
    program.inline(program.role("reports"), document(statement("*", Condition=by_tag)))
    tag = {"secretId": program.later(program.arn_of(secret)), "key": "service", "value": "reports"}
    program.add(SECRET_TAG, "beside", tag, made_from={"secretId": [secret]})


@cases.cannot_decide("What ECS puts into a container of another service may be it", at="database", properties="policy")
def container_not_known(program):
    secret = program.secret(tags=tags("billing"))
    task(program, UNKNOWN, made_from=[secret], tags=tags("reports"))


@cases.cannot_decide("What ECS puts into a container comes from another stack", at="web", properties="containerDefinitions", when=ALWAYS)
def container_from_another_stack(program):
    program.secret(tags=tags("billing"))
    task(program, UNKNOWN, tags=tags("billing"))


@cases.cannot_decide("As whom the store of an ExternalSecret reads is not known yet", at="synced", properties="spec", when=ALWAYS)
def store_not_known(program):
    program.grant(program.role("billing"), program.secret())
    synced(program, UNKNOWN)
