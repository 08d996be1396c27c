"""Who reads a secret, in programs that know nothing of Keyturn."""

import json

import pytest

from policies.pack.values import UNKNOWN, Marked
from policies.rules.secret_has_one_reader import policy as rule
from tests.policies.program import (
    ACCOUNT,
    ATTACHMENT,
    FUNCTION,
    POLICY,
    READ,
    ROLE,
    ROLE_POLICY,
    ROTATION,
    SECRET,
    SECRET_POLICY,
    SECRET_TAG,
    SECRET_VERSION,
    document,
    statement,
)

ELSEWHERE = "urn:pulumi:dev::shop::pulumi:pulumi:StackReference::acme/platform/prod"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
BY_NAME = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database-??????"


def test_one_role_that_reads_it_holds(any_program, judge):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret)

    assert judge(rule, any_program).answer == "holds"


def test_two_roles_that_read_it_are_a_violation_once_arns_are_known(deployed, judge):
    secret = deployed.secret()
    deployed.grant(deployed.role("billing"), secret)
    deployed.grant(deployed.role("reports"), secret, name="reports-reads")

    verdict = judge(rule, deployed)

    assert verdict.answer == "violated"
    assert verdict.resources == {"database"}
    assert 'Role "billing"' in verdict.text
    assert 'Role "reports" (through RolePolicy "reports-reads")' in verdict.text


def test_two_roles_whose_documents_are_made_from_it_cannot_be_decided_before(program, judge):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    program.grant(program.role("reports"), secret)

    verdict = judge(rule, program)

    assert verdict.answer == "cannot decide"
    assert 'may be read by Role "billing"' in verdict.text
    assert 'Role "reports"' in verdict.text


def test_two_secrets_with_a_reader_each_hold(any_program, judge):
    for service in ("billing", "reports"):
        secret = any_program.secret(service, f"dev/{service}/database")
        any_program.grant(any_program.role(f"{service}-role"), secret)

    assert judge(rule, any_program).answer == "holds"


def test_the_role_of_its_own_rotation_is_no_reader(any_program, judge):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret)
    any_program.rotation(secret)

    assert judge(rule, any_program).answer == "holds"


def test_the_role_of_another_secrets_rotation_is_a_reader(deployed, judge):
    secret, other = deployed.secret(), deployed.secret("other", "dev/billing/other")
    rotator = deployed.role("rotator")
    deployed.rotation(other, rotator)
    deployed.grant(rotator, secret)
    deployed.grant(deployed.role("billing"), secret)

    assert judge(rule, deployed).answer == "violated"


@pytest.mark.parametrize(
    ("token", "property_name"),
    [
        (FUNCTION, "role"),
        ("aws:ecs/taskDefinition:TaskDefinition", "taskRoleArn"),
        ("aws:ecs/taskDefinition:TaskDefinition", "executionRoleArn"),
        ("aws:iam/instanceProfile:InstanceProfile", "role"),
    ],
)
def test_the_role_of_its_rotation_is_a_reader_when_something_else_runs_as_it_too(any_program, judge, token, property_name):
    secret, reports = any_program.secret(), any_program.role("reports")
    any_program.grant(any_program.role("billing"), secret)
    any_program.rotation(secret, reports)
    runs_as = any_program.later(f"arn:aws:iam::{ACCOUNT}:role/reports")
    any_program.add(token, "application", {"name": "application", property_name: runs_as}, made_from={property_name: [reports]})

    verdict = judge(rule, any_program)

    assert verdict.answer == ("violated" if any_program.deployed else "cannot decide")
    assert 'Role "reports"' in verdict.text


def test_one_role_may_rotate_two_secrets(any_program, judge):
    rotator = any_program.role("rotator")
    for service in ("billing", "reports"):
        secret = any_program.secret(service, f"dev/{service}/database")
        any_program.grant(any_program.role(f"{service}-role"), secret)
        any_program.rotation(secret, rotator)

    assert judge(rule, any_program).answer == "holds"


def test_the_role_of_a_managed_external_rotation_is_no_reader(deployed, judge):
    secret, partner = deployed.secret(), deployed.role("partner")
    deployed.grant(partner, secret)
    deployed.grant(deployed.role("billing"), secret)
    partner_arn = f"arn:aws:iam::{ACCOUNT}:role/partner"
    deployed.add(ROTATION, "managed", {"secretId": deployed.arn_of(secret), "externalSecretRotationRoleArn": partner_arn})

    assert judge(rule, deployed).answer == "holds"


@pytest.mark.parametrize(
    "wide",
    [
        statement("*"),
        statement("*", action="*"),
        statement("*", action="secretsmanager:*"),
        statement("*", action="SecretsManager:getsecretvalue"),
        statement("*", action=["s3:GetObject", "secretsmanager:Get*"]),
        statement("*", action="secretsmanager:*Value"),
        statement(["arn:aws:s3:::bucket", "arn:aws:secretsmanager:*:*:secret:*"]),
        statement("arn:aws:secretsmanager:*:*:secret:dev/*"),
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Allow", "Action": READ, "NotResource": "arn:aws:secretsmanager:*:*:secret:prod/*"},
        {"effect": "allow", "action": READ, "resource": "*"},
        statement("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    ],
)
def test_a_known_wildcard_makes_a_second_reader_before_any_arn_is_known(program, judge, wide):
    program.secret(kmsKeyId=UNKNOWN)
    for name in ("billing", "operations"):
        program.inline(program.role(name), document(wide))

    assert judge(rule, program).answer in ("violated", "cannot decide")
    assert 'Role "operations"' in judge(rule, program).text


@pytest.mark.parametrize(
    "narrow",
    [
        statement("*", action="secretsmanager:DescribeSecret"),
        statement("*", action=["secretsmanager:ListSecrets", "secretsmanager:PutSecretValue", "secretsmanager:BatchGetSecretValue"]),
        statement("*", action="s3:*"),
        statement("arn:aws:secretsmanager:*:*:secret:dev/reports/*"),
        statement(f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database-replica-??????"),
        statement(f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database"),
        {"Effect": "Allow", "NotAction": ["secretsmanager:*", "iam:*"], "Resource": "*"},
        {"Effect": "Allow", "Action": READ, "NotResource": "arn:aws:secretsmanager:*:*:secret:dev/*"},
        statement("*", effect="Deny"),
    ],
)
def test_a_near_miss_is_no_reader(any_program, judge, narrow):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret)
    any_program.inline(any_program.role("other"), document(narrow))

    assert judge(rule, any_program).answer == "holds"


@pytest.mark.parametrize("resource", ["*", BY_NAME])
@pytest.mark.parametrize("action", [READ, "secretsmanager:*", "*"])
def test_a_denied_role_is_no_reader(deployed, judge, resource, action):
    secret = deployed.secret()
    deployed.grant(deployed.role("billing"), secret)
    other = deployed.role("other")
    deployed.grant(other, secret)
    deployed.inline(other, document(statement(resource, action, "Deny")))

    assert judge(rule, deployed).answer == "holds"


def test_a_denial_under_a_condition_protects_from_nothing(deployed, judge):
    secret = deployed.secret()
    deployed.grant(deployed.role("billing"), secret)
    other = deployed.role("other")
    deployed.grant(other, secret)
    deployed.inline(other, document(statement("*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})))

    assert judge(rule, deployed).answer == "violated"


def test_the_documented_form_by_name_is_no_wildcard(any_program, judge):
    any_program.secret()
    any_program.inline(any_program.role("billing"), document(statement(BY_NAME)))
    any_program.inline(any_program.role("other"), document(statement(BY_NAME.replace("billing", "reports"))))

    assert judge(rule, any_program).answer == "holds"


def test_secrets_of_one_name_in_two_regions_are_told_apart_before_any_arn_is_known(program, judge):
    for region in ("eu-central-1", "us-east-1"):
        name = {"name": "dev/billing/database"}
        program.add(SECRET, region, name, outputs={**name, "arn": UNKNOWN, "region": region})
        program.inline(program.role(f"billing-{region}"), document(statement(BY_NAME.replace("eu-central-1", region))))

    assert judge(rule, program).answer == "holds"


def test_two_roles_that_name_it_are_found_before_any_arn_is_known(any_program, judge):
    any_program.secret()
    for name in ("billing", "reports"):
        any_program.inline(any_program.role(name), document(statement(BY_NAME)))

    assert judge(rule, any_program).answer == ("violated" if any_program.deployed else "cannot decide")


def test_access_by_tag_counts_where_the_tags_agree(any_program, judge):
    for service in ("billing", "reports"):
        any_program.secret(service, f"dev/{service}/database", tags={"Service": service})
        by_tag = {"StringEquals": {"aws:ResourceTag/service": "${aws:PrincipalTag/Service}"}}
        any_program.inline(any_program.role(f"{service}-role", tags={"service": service}), document(statement("*", Condition=by_tag)))

    assert judge(rule, any_program).answer == "holds"


def test_access_by_tag_to_another_services_secret_is_found(any_program, judge):
    secret = any_program.secret(tags={"service": "billing"})
    any_program.grant(any_program.role("billing"), secret)
    by_tag = {"StringEquals": {"secretsmanager:ResourceTag/service": ["reports", "billing"]}}
    any_program.inline(any_program.role("reports"), document(statement("*", Condition=by_tag)))

    assert judge(rule, any_program).answer != "holds"


@pytest.mark.parametrize(
    ("effect", "condition"),
    [
        ("Allow", {"StringEqualsIgnoreCase": {"aws:ResourceTag/service": "Billing"}}),
        ("Allow", {"StringEqualsIgnoreCase": {"aws:ResourceTag/service": "${aws:PrincipalTag/team}"}}),
        ("Allow", {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
        ("Deny", {"StringEquals": {"aws:ResourceTag/service": "*"}}),
        ("Deny", {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
    ],
)
def test_what_an_operator_compares_is_compared_as_aws_does(deployed, judge, effect, condition):
    secret = deployed.secret(tags={"service": "billing"})
    deployed.grant(deployed.role("billing"), secret)
    reports = deployed.role("reports", tags={"team": "BILLING"})
    if effect == "Deny":
        deployed.grant(reports, secret)
    deployed.inline(reports, document(statement("*", effect=effect, Condition=condition)))

    assert judge(rule, deployed).answer == "violated"


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:ResourceTag/service": "BILLING"}},
        {"StringEqualsIgnoreCase": {"aws:ResourceTag/service": "reports"}},
        {"StringLike": {"aws:ResourceTag/service": "rep*"}},
        {"StringEquals": {"aws:ResourceTag/missing": "billing"}},
        {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/reports"}},
    ],
)
def test_a_condition_that_does_not_hold_lets_nobody_read(deployed, judge, condition):
    secret = deployed.secret(tags={"service": "billing"})
    deployed.grant(deployed.role("billing"), secret)
    deployed.inline(deployed.role("reports"), document(statement("*", Condition=condition)))

    assert judge(rule, deployed).answer == "holds"


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
        {"StringEquals": {"aws:ResourceTag/service": "${aws:PrincipalTag/service}"}},
    ],
)
def test_a_condition_on_the_caller_may_hold_for_somebody_in_a_group(deployed, judge, condition):
    secret = deployed.secret(tags={"service": "billing"})
    deployed.grant(deployed.role("billing"), secret)
    arn = f"arn:aws:iam::{ACCOUNT}:group/staff"
    group = deployed.add("aws:iam/group:Group", "staff", {"name": "staff"}, outputs={"name": "staff", "arn": arn})
    inputs = {"group": "staff", "policy": document(statement("*", Condition=condition))}
    deployed.add("aws:iam/groupPolicy:GroupPolicy", "staff-reads", inputs, made_from={"group": [group]})

    assert judge(rule, deployed).answer == "cannot decide"


def test_a_tag_beside_the_secret_may_let_somebody_read(any_program, judge):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret)
    by_tag = {"StringEquals": {"aws:ResourceTag/service": "reports"}}
    any_program.inline(any_program.role("reports"), document(statement("*", Condition=by_tag)))
    tag = {"secretId": any_program.later(any_program.arn_of(secret)), "key": "service", "value": "reports"}
    any_program.add(SECRET_TAG, "beside", tag, made_from={"secretId": [secret]})

    assert judge(rule, any_program).answer == "cannot decide"


def test_a_document_made_by_an_invoke_cannot_be_decided(program, judge):
    program.secret()
    role = program.role("billing")
    program.add(ROLE_POLICY, "invoked", {"role": "billing", "policy": UNKNOWN}, made_from={"role": [role]})

    verdict = judge(rule, program)

    assert verdict.answer == "cannot decide"
    assert verdict.resources == {"invoked"}
    assert verdict.properties == {"policy"}
    assert 'Role "billing"' in verdict.text


def test_a_stack_without_secrets_has_nothing_to_decide(program, judge):
    program.add(ROLE_POLICY, "invoked", {"role": program.role("billing"), "policy": UNKNOWN})

    assert judge(rule, program).answer == "holds"


@pytest.mark.parametrize("origin", ["aws:s3/bucket:Bucket", "aws:sqs/queue:Queue", "aws:kms/key:Key", "aws:lambda/function:Function"])
def test_an_unknown_document_made_from_something_else_accuses_nobody(program, judge, origin):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    # The function knows the secret's ARN; who may invoke it does not.
    thing = program.add(origin, "thing", {"environment": UNKNOWN}, made_from={"environment": [secret]})
    program.inline(program.role("other"), UNKNOWN, made_from=[thing])

    assert judge(rule, program).answer == "holds"


@pytest.mark.parametrize("token", [SECRET_VERSION, "aws:ssm/parameter:Parameter", "command:local:Command"])
def test_an_unknown_document_made_from_what_passes_the_arn_on_may_read(program, judge, token):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    via = program.add(token, "via", {"secretId": UNKNOWN, "value": UNKNOWN}, made_from={"secretId": [secret], "value": [secret]})
    program.inline(program.role("other"), UNKNOWN, made_from=[via])

    assert judge(rule, program).answer == "cannot decide"


def test_an_unknown_document_made_from_a_component_may_read_the_secret_inside(program, judge):
    component = program.add("acme:index:Database", "acme")
    secret = program.secret()
    program.resources[-1] = type(program.resources[-1])(**{**program.resources[-1].__dict__, "parent": component})
    program.grant(program.role("billing"), secret)
    program.inline(program.role("other"), UNKNOWN, made_from=[component])

    assert judge(rule, program).answer == "cannot decide"


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        ("pulumi:pulumi:StackReference::acme/platform/prod", "cannot decide"),
        ("aws:secretsmanager/secret:Secret::admin", "holds"),
        ("aws:s3/bucket:Bucket::logs", "holds"),
    ],
)
def test_an_unknown_document_made_from_what_the_engine_does_not_show(program, judge, read, answer):
    program.secret()
    program.inline(program.role("other"), UNKNOWN, made_from=[f"urn:pulumi:dev::shop::{read}"])

    assert judge(rule, program).answer == answer


@pytest.mark.parametrize(
    "managed",
    [
        "AdministratorAccess",
        "SecretsManagerReadWrite",
        "PowerUserAccess",
        "job-function/AdministratorAccess",
        "AWSSecretsManagerClientReadOnlyAccess",
    ],
)
def test_a_wide_policy_of_aws_makes_a_reader(any_program, judge, managed):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret)
    any_program.role("operations", managedPolicyArns=[f"arn:aws:iam::aws:policy/{managed}"])

    assert judge(rule, any_program).answer != "holds"
    assert 'Role "operations"' in judge(rule, any_program).text


def test_an_ordinary_policy_of_aws_makes_none(any_program, judge):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret)
    role = any_program.role("other")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    any_program.add(ATTACHMENT, "logs", {"role": "other", "policyArn": arn}, made_from={"role": [role]})

    assert judge(rule, any_program).answer == "holds"


def test_an_attached_policy_of_the_stack_counts(any_program, judge):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret)
    text = any_program.later(document(statement(any_program.arn_of(secret))))
    arn = any_program.later(f"arn:aws:iam::{ACCOUNT}:policy/read")
    managed = any_program.add(POLICY, "read", {"name": "read", "policy": text}, outputs={"arn": arn}, made_from={"policy": [secret]})
    role = any_program.role("reports")
    any_program.add(ATTACHMENT, "attached", {"role": "reports", "policyArn": arn}, made_from={"role": [role], "policyArn": [managed]})

    assert judge(rule, any_program).answer == ("violated" if any_program.deployed else "cannot decide")
    assert 'through RolePolicyAttachment "attached"' in judge(rule, any_program).text


def test_a_policy_that_nobody_holds_grants_nothing(deployed, judge):
    secret = deployed.secret()
    deployed.grant(deployed.role("billing"), secret)
    deployed.add(POLICY, "unused", {"name": "unused", "policy": document(statement("*"))})

    assert judge(rule, deployed).answer == "holds"


@pytest.mark.parametrize("origin", [None, "aws:ssm/parameter:Parameter"])
@pytest.mark.parametrize("arn", [UNKNOWN, f"arn:aws:iam::{ACCOUNT}:policy/kept-elsewhere"])
def test_an_attached_policy_from_elsewhere_cannot_be_decided(any_program, judge, arn, origin):
    any_program.secret()
    any_program.role("billing")
    made_from = {"policyArn": [any_program.add(origin, "origin")]} if origin else {}
    any_program.add(ATTACHMENT, "attached", {"role": "billing", "policyArn": arn}, made_from=made_from)

    verdict = judge(rule, any_program)

    assert verdict.answer == "cannot decide"
    assert 'Role "billing"' in verdict.text
    assert "its document is not part of this stack" in verdict.text


@pytest.mark.parametrize(
    ("arns", "other"),
    [(UNKNOWN, ELSEWHERE), ([UNKNOWN, UNKNOWN], ELSEWHERE), ([UNKNOWN, UNKNOWN], "aws:cloudformation/stack:Stack")],
)
def test_a_policy_of_another_stack_beside_one_of_this_stack_cannot_be_decided(program, judge, arns, other):
    program.secret()
    own = program.add(POLICY, "logs", {"name": "logs", "policy": document(statement("*", "logs:PutLogEvents"))}, outputs={"arn": UNKNOWN})
    made_from = {"managedPolicyArns": [own, other if other == ELSEWHERE else program.add(other, "other")]}
    program.add(ROLE, "billing", {"name": "billing", "managedPolicyArns": arns}, made_from=made_from)

    verdict = judge(rule, program)

    assert verdict.answer == "cannot decide"
    assert "its document is not part of this stack" in verdict.text


@pytest.mark.parametrize("roles", [UNKNOWN, [UNKNOWN, UNKNOWN]])
def test_a_role_of_another_stack_beside_one_of_this_stack_is_named(program, judge, roles):
    secret, role = program.secret(), program.role("billing")
    program.grant(role, secret)
    inputs = {"roles": roles, "policyArn": ADMINISTRATOR}
    program.add("aws:iam/policyAttachment:PolicyAttachment", "both", inputs, made_from={"roles": [role, ELSEWHERE]})

    verdict = judge(rule, program)

    assert verdict.answer == "cannot decide"
    assert 'a role that is not known yet (of PolicyAttachment "both")' in verdict.text


@pytest.mark.parametrize("from_secret", [True, False])
@pytest.mark.parametrize("token", [POLICY, ROLE_POLICY])
def test_an_unknown_document_copied_from_another_may_read_what_that_one_reads(program, judge, token, from_secret):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    # Without an origin it is as get_policy_document leaves it.
    copied = program.add(
        token, "copied", {"name": "copied", "role": "billing", "policy": UNKNOWN}, made_from={"policy": [secret]} if from_secret else {}
    )
    program.inline(program.role("reports"), UNKNOWN, made_from=[copied], name="copy")

    verdict = judge(rule, program)

    assert verdict.answer == "cannot decide"
    assert 'Role "reports"' in verdict.text


def test_a_replica_is_the_same_secret(deployed, judge):
    secret = deployed.secret(replicas=[{"region": "us-east-1"}])
    deployed.grant(deployed.role("billing"), secret)
    deployed.inline(deployed.role("reports"), document(statement(BY_NAME.replace("eu-central-1", "us-east-1"))))

    assert judge(rule, deployed).answer == "violated"


def test_a_secret_of_the_same_name_in_another_region_is_another_secret(deployed, judge):
    secret = deployed.secret(replicas=[{"region": "us-east-1"}])
    deployed.grant(deployed.role("billing"), secret)
    deployed.inline(deployed.role("reports"), document(statement(BY_NAME.replace("eu-central-1", "us-west-2"))))

    assert judge(rule, deployed).answer == "holds"


def test_a_resource_policy_may_name_its_secret_without_the_suffix(any_program, judge):
    secret = any_program.secret()
    any_program.grant(any_program.role("billing"), secret)
    opened = document({"Effect": "Allow", "Action": READ, "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/reports"}})
    any_program.add(SECRET_POLICY, "opened", {"secretArn": BY_NAME.removesuffix("-??????"), "policy": opened})

    assert judge(rule, any_program).answer != "holds"


@pytest.mark.parametrize(
    ("token", "inputs", "reader"),
    [
        ("aws:iam/userPolicy:UserPolicy", {"user": "ada", "policy": document(statement("*"))}, 'user "ada"'),
        ("aws:iam/groupPolicy:GroupPolicy", {"group": "staff", "policy": document(statement("*"))}, 'group "staff"'),
        (
            "aws:iam/policyAttachment:PolicyAttachment",
            {"users": ["ada"], "policyArn": ADMINISTRATOR},
            'user "ada"',
        ),
        (
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            {"roleName": "ops", "policyArns": [ADMINISTRATOR]},
            'role "ops"',
        ),
        ("aws:iam/role:Role", {"name": "ops", "inlinePolicies": [{"name": "all", "policy": document(statement("*"))}]}, 'Role "second"'),
        ("aws:iam/role:Role", {"name": "ops", "inlinePolicies": {"name": "all", "policy": document(statement("*"))}}, 'Role "second"'),
    ],
)
def test_every_way_to_hold_a_document_counts(deployed, judge, token, inputs, reader):
    secret = deployed.secret()
    deployed.grant(deployed.role("billing"), secret)
    deployed.add(token, "second", inputs)

    verdict = judge(rule, deployed)

    assert verdict.answer == "violated"
    assert reader in verdict.text


def test_a_role_that_is_not_known_yet_is_named_as_such(program, judge):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    program.add(ROLE_POLICY, "whose", {"role": UNKNOWN, "policy": UNKNOWN}, made_from={"policy": [secret]})

    verdict = judge(rule, program)

    assert verdict.answer == "cannot decide"
    assert 'a role that is not known yet (of RolePolicy "whose")' in verdict.text


@pytest.mark.parametrize("text", ["not json", "[" * 50_000, "[1, 2]", '{"Statement": ["x"]}', '{"Statement": [{"Effect": "Maybe"}]}', 7])
def test_a_text_that_is_no_document_cannot_be_decided(any_program, judge, text):
    any_program.secret()
    any_program.inline(any_program.role("billing"), text, name="odd")

    assert judge(rule, any_program).answer == "cannot decide"
    assert judge(rule, any_program).resources == {"odd"}


def test_a_secret_wrapped_document_is_judged_and_not_quoted(deployed, judge):
    secret = deployed.secret()
    deployed.grant(deployed.role("billing"), secret)
    principal = {"Principal": {"AWS": "arn:aws:iam::999988887777:role/canary"}}
    deployed.add(SECRET_POLICY, "opened", {"secretArn": deployed.arn_of(secret), "policy": Marked(document(statement("*", **principal)))})

    verdict = judge(rule, deployed)

    assert verdict.answer == "violated"
    assert "canary" not in verdict.text


@pytest.mark.parametrize(
    ("said", "reader"),
    [
        ({"Principal": "*"}, "everybody"),
        ({"Principal": {"AWS": ["*"]}}, "everybody"),
        ({"NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/x"}}, "everybody"),
        ({"Principal": {"AWS": "999988887777"}}, "account 999988887777"),
        ({"Principal": {"AWS": "arn:aws:iam::999988887777:root"}}, "account 999988887777"),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ada"}}, 'user "ada"'),
        ({"Principal": {"Service": "redshift.amazonaws.com"}}, "redshift.amazonaws.com"),
        ({"Principal": "*", "Condition": {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/partner"}}}, 'role "partner"'),
    ],
)
@pytest.mark.parametrize("inline", [True, False])
def test_whom_the_resource_policy_lets_in_is_a_reader(deployed, judge, said, reader, inline):
    text = document({"Effect": "Allow", "Action": READ, "Resource": "*", **said})
    secret = deployed.secret(**({"policy": text} if inline else {}))
    deployed.grant(deployed.role("billing"), secret)
    if not inline:
        deployed.add(SECRET_POLICY, "opened", {"secretArn": deployed.arn_of(secret), "policy": text})

    verdict = judge(rule, deployed)

    assert verdict.answer == "violated"
    assert reader in verdict.text


@pytest.mark.parametrize(
    "said",
    [
        {"Effect": "Deny", "Principal": "*"},
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}},
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/billing"}},
        {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:DescribeSecret"},
        {"Effect": "Allow", "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/billing"}}},
    ],
)
def test_a_resource_policy_that_adds_no_reader_holds(deployed, judge, said):
    secret = deployed.secret()
    deployed.grant(deployed.role("billing"), secret)
    deployed.add(
        SECRET_POLICY, "kept", {"secretArn": deployed.arn_of(secret), "policy": document({"Action": READ, "Resource": "*", **said})}
    )

    assert judge(rule, deployed).answer == "holds"


def test_a_resource_policy_that_denies_all_but_one_keeps_the_others_out(any_program, judge):
    secret = any_program.secret()
    for name in ("billing", "operations"):
        any_program.inline(any_program.role(name), document(statement("*")))
    but_one = {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/billing"}}
    text = document({"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*", "Condition": but_one})
    any_program.add(
        SECRET_POLICY,
        "closed",
        {"secretArn": any_program.later(any_program.arn_of(secret)), "policy": text},
        made_from={"secretArn": [secret]},
    )

    assert judge(rule, any_program).answer == "holds"


@pytest.mark.parametrize(
    ("said", "reader"),
    [
        ({"Principal": "*"}, "everybody"),
        ({"NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/x"}}, "everybody"),
        ({"Principal": {"AWS": "999988887777"}}, "account 999988887777"),
    ],
)
@pytest.mark.parametrize("tags", [None, {"keyturn:environment": "dev", "keyturn:service": "billing"}])
def test_everybody_and_a_whole_account_are_more_than_one_reader(deployed, judge, said, reader, tags):
    deployed.secret(policy=document({"Effect": "Allow", "Action": READ, "Resource": "*", **said}), tags=tags)

    verdict = judge(rule, deployed)

    assert verdict.answer == "violated"
    assert f"is read by {reader}" in verdict.text


def test_a_role_that_a_condition_names_in_another_account_is_one_reader(deployed, judge):
    one = {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::999988887777:role/partner"}}
    partner = {"Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Condition": one}
    deployed.secret(policy=document({"Effect": "Allow", "Action": READ, "Resource": "*", **partner}))

    assert judge(rule, deployed).answer == "holds"


@pytest.mark.parametrize("origins", [[], ["secret"]])
def test_an_unknown_resource_policy_cannot_be_decided(program, judge, origins):
    secret = program.secret()
    made_from = {"secretArn": [secret], **({"policy": [secret]} if origins else {})}
    program.add(SECRET_POLICY, "opened", {"secretArn": UNKNOWN, "policy": UNKNOWN}, made_from=made_from)

    assert judge(rule, program).answer == "cannot decide"
    assert judge(rule, program).resources == {"opened"}


def test_an_unknown_resource_policy_made_from_the_reader_and_another_stack_cannot_be_decided(program, judge):
    secret, role = program.secret(), program.role("billing")
    program.grant(role, secret)
    made_from = {"secretArn": [secret], "policy": [role, ELSEWHERE]}
    program.add(SECRET_POLICY, "opened", {"secretArn": UNKNOWN, "policy": UNKNOWN}, made_from=made_from)

    assert judge(rule, program).answer == "cannot decide"
    assert judge(rule, program).resources == {"opened"}


def test_an_unknown_resource_policy_made_from_the_reader_holds(program, judge):
    secret, role = program.secret(), program.role("billing")
    program.grant(role, secret)
    program.add(
        SECRET_POLICY, "kept", {"secretArn": UNKNOWN, "policy": UNKNOWN}, made_from={"secretArn": [secret], "policy": [secret, role]}
    )

    assert judge(rule, program).answer == "holds"


def test_a_document_as_an_object_with_an_unknown_inside_is_not_passed(program, judge):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    half_known = {"Statement": [{"Effect": "Allow", "Action": READ, "Resource": [UNKNOWN]}]}
    program.add(ROLE_POLICY, "half", {"role": "other", "policy": half_known})

    assert judge(rule, program).answer == "cannot decide"


def test_a_statement_whose_effect_is_not_known_yet_may_allow(program, judge):
    secret = program.secret()
    program.grant(program.role("billing"), secret)
    program.add(ROLE_POLICY, "half", {"role": "other", "policy": {"Statement": [{"Effect": UNKNOWN, "Action": READ, "Resource": "*"}]}})

    assert judge(rule, program).answer == "cannot decide"


def test_scalars_and_lists_say_the_same(deployed, judge):
    secret = deployed.secret()
    arn = deployed.arn_of(secret)
    deployed.inline(deployed.role("billing"), json.dumps({"Statement": statement(arn)}))
    deployed.inline(deployed.role("reports"), json.dumps({"Statement": [statement([arn], [READ])]}))

    assert judge(rule, deployed).answer == "violated"


def test_a_policy_for_another_role_is_told_also_when_its_name_is_made_from_that_of_the_reader(deployed, judge):
    secret, billing = deployed.secret(), deployed.role("billing")
    deployed.grant(billing, secret)
    known = document(statement(deployed.arn_of(secret)))
    inputs = {"role": "billing-batch", "policy": known}

    deployed.add(ROLE_POLICY, "for-another", inputs, made_from={"role": [billing], "policy": [secret]})

    assert judge(rule, deployed).answer == "violated"


def test_a_role_of_another_account_that_is_called_like_the_reader_is_another_one(any_program, judge):
    provider = any_program.add("pulumi:providers:aws", "own", {"region": "eu-central-1", "allowedAccountIds": f'["{ACCOUNT}"]'})
    name = "dev/billing/database"
    secret = any_program.add(
        SECRET, "database", {"name": name}, outputs={"arn": any_program.later(any_program.arn(name))}, provider=provider
    )
    arn = any_program.later(f"arn:aws:iam::{ACCOUNT}:role/billing")
    billing = any_program.add(ROLE, "billing", {"name": "billing"}, outputs={"arn": arn}, provider=provider)
    any_program.inline(billing, document(statement(BY_NAME)))
    namesake = {"AWS": "arn:aws:iam::999988887777:role/billing"}
    inputs = {"secretArn": name, "policy": document({"Effect": "Allow", "Principal": namesake, "Action": READ, "Resource": "*"})}

    any_program.add(SECRET_POLICY, "opened", inputs, made_from={"secretArn": [secret]})

    assert judge(rule, any_program).answer == "violated"
