"""Who reads and writes."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import ACCOUNT, ATTACHMENT, READ, SECRET_POLICY, document, statement

cases = Cases("reader-cannot-write")

USER_POLICY = "aws:iam/userPolicy:UserPolicy"
DATABASE = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database-??????"


def inline(program, *statements, role="billing"):
    program.secret()
    program.inline(program.role(role), document(*statements), name="policy")


@cases.violated("An application reads and writes its secret", at="billing", properties="policy", when=DEPLOYED)
def writes(program):
    inline(program, statement(DATABASE, [READ, "secretsmanager:PutSecretValue"]))


@cases.violated("An application may do everything to its secret", at="billing", when=DEPLOYED)
def everything(program):
    inline(program, statement(DATABASE, "secretsmanager:*"))


@cases.violated("An application moves the staging label of its secret", at="billing", when=DEPLOYED)
def moves_a_label(program):
    inline(program, statement(DATABASE), statement(DATABASE, "secretsmanager:UpdateSecretVersionStage"))


@cases.violated("An application may let others read, by the secret's policy", at="billing", when=DEPLOYED)
def writes_the_policy(program):
    inline(program, statement(DATABASE), statement(DATABASE, "secretsmanager:*ResourcePolicy"))


@cases.violated("An application may delete any secret, so also its own", at="billing", when=DEPLOYED)
def deletes_any(program):
    inline(program, statement(DATABASE), statement("*", "secretsmanager:DeleteSecret"))


@cases.violated("Reading and writing come from two documents", at="billing", when=DEPLOYED)
def two_documents(program):
    program.secret()
    role = program.role("billing")
    program.inline(role, document(statement(DATABASE)), name="reads")
    program.inline(role, document(statement(DATABASE, "secretsmanager:RotateSecret")), name="rotates")


@cases.violated("A policy of AWS lets it write", at="billing")
def policy_of_aws(program):
    program.secret()
    role = program.role("billing")
    arn = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
    program.add(ATTACHMENT, "attached", {"role": program.later("billing"), "policyArn": arn}, made_from={"role": [role]})


@cases.violated("The secret's own policy lets its reader write", at="billing", when=DEPLOYED)
def by_the_secrets_policy(program):
    secret = program.secret()
    program.role("billing")
    opened = statement("*", [READ, "secretsmanager:UpdateSecret"], Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/billing"})
    program.add(
        SECRET_POLICY, "opened", {"secretArn": program.arn_of(secret), "policy": document(opened)}, made_from={"secretArn": [secret]}
    )


@cases.violated("A user that is not of this stack reads and writes", at="database", when=DEPLOYED)
def user_of_nowhere(program):
    program.secret()
    program.add(USER_POLICY, "policy", {"user": "ops", "policy": document(statement(DATABASE, "secretsmanager:*"))})


@cases.violated("A rotation function also rotates another secret than the one that it reads", at="rotator", when=DEPLOYED)
def rotator_of_another(program):
    program.secret("stripe", "dev/billing/stripe")
    rotator = program.role("rotator")
    program.rotation(program.secret(), rotator)
    program.grant(rotator, program.secret("other", "dev/billing/other"), action=[READ, "secretsmanager:PutSecretValue"])


@cases.holds("An application only reads")
def only_reads(program):
    inline(program, statement(DATABASE, [READ, "secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"]))


@cases.holds("The role of the secret's own rotation reads and writes", when=DEPLOYED)
def its_own_rotation(program):
    secret = program.secret()
    rotator = program.role("rotator")
    program.rotation(secret, rotator)
    program.grant(rotator, secret, action="secretsmanager:*")
    program.grant(program.role("billing"), secret)


@cases.holds("It reads one secret and writes another")
def another_secret(program):
    program.secret("stripe", "dev/billing/stripe")
    stripe = DATABASE.replace("database", "stripe")
    inline(program, statement(DATABASE), statement(stripe, "secretsmanager:PutSecretValue"))


@cases.holds("Who writes does not read")
def writes_only(program):
    inline(program, statement(DATABASE, ["secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret"]))


@cases.holds("Writing is denied again", cites="checkov#4394")
def denied(program):
    inline(program, statement(DATABASE, "secretsmanager:*"), {"Effect": "Deny", "NotAction": [READ], "Resource": "*"})


@cases.holds("The secret's own policy denies writing", when=DEPLOYED)
def denied_by_the_secrets_policy(program):
    secret = program.secret()
    program.inline(program.role("billing"), document(statement(DATABASE, "secretsmanager:*")))
    denied = {"Effect": "Deny", "Principal": "*", "NotAction": [READ], "Resource": "*"}
    program.add(
        SECRET_POLICY, "closed", {"secretArn": program.arn_of(secret), "policy": document(denied)}, made_from={"secretArn": [secret]}
    )


@cases.holds("The secret's own policy lets it write, and its own document denies that", when=DEPLOYED)
def denied_by_its_document(program):
    secret = program.secret()
    role = program.role("billing")
    program.inline(role, document(statement(DATABASE), statement("*", "secretsmanager:Put*", "Deny")))
    opened = statement("*", "secretsmanager:PutSecretValue", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/billing"})
    program.add(
        SECRET_POLICY, "opened", {"secretArn": program.arn_of(secret), "policy": document(opened)}, made_from={"secretArn": [secret]}
    )


@cases.holds("A pipeline's role is named as an administrator", settings={"adminRoles": ["deploy-*"]})
def pipeline(program):
    inline(program, statement(DATABASE, "secretsmanager:*"), role="deploy-shop")


@cases.cannot_decide("Its document is made from the secret, and not known yet", at="billing", properties="policy")
def not_known_yet(program):
    program.grant(program.role("billing"), program.secret())


@cases.cannot_decide("Its document is that of get_policy_document, and not known yet", at="policy", properties="policy")
def invoke(program):
    program.secret()
    role = program.role("billing")
    program.add("aws:iam/rolePolicy:RolePolicy", "policy", {"role": UNKNOWN, "policy": UNKNOWN}, made_from={"role": [role]})


@cases.cannot_decide("It attaches a policy that is kept elsewhere", at="attached", properties="policyArn", when=ALWAYS)
def kept_elsewhere(program):
    program.secret()
    role = program.role("billing")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/elsewhere"
    program.add(ATTACHMENT, "attached", {"role": program.later("billing"), "policyArn": arn}, made_from={"role": [role]})
