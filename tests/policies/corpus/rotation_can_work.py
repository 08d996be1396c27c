"""Whether rotations have what it takes to run."""

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, DEPLOYED, FIRST_PREVIEW, Cases
from tests.policies.program import ACCOUNT, READ, ROLE_POLICY, ROTATION, document, statement
from tests.policies.rotations import (
    ANYWHERE,
    KEY_ARN,
    PERMISSION,
    RIGHTS,
    encrypted,
    function,
    function_arn,
    invocation,
    key,
    rights,
    rotation,
    working,
)

cases = Cases("rotation-can-work")


@cases.violated("Nobody lets Secrets Manager invoke the function", at="rotation", properties="rotationLambdaArn")
def no_permission(program):
    working(program, invoked=False)


@cases.violated("The function is invoked by somebody else", at="rotation", properties="rotationLambdaArn")
def permission_for_somebody_else(program):
    _, _, by = working(program, invoked=False)
    invocation(program, by, principal="events.amazonaws.com")


@cases.violated("The permission is for another function", at="rotation", properties="rotationLambdaArn")
def permission_for_another_function(program):
    _, role, _ = working(program, invoked=False)
    invocation(program, function(program, role, name="other"))


@cases.violated("The permission is for another secret", at="rotation", properties="rotationLambdaArn")
def permission_for_another_secret(program):
    _, _, by = working(program, invoked=False)
    invocation(program, by, program.secret("other", "dev/billing/other"))


@cases.violated("The permission is for secrets of another account", at="rotation", properties="rotationLambdaArn", when=DEPLOYED)
def permission_for_another_account(program):
    _, _, by = working(program, invoked=False)
    invocation(program, by, sourceAccount="999988887777")


@cases.violated("The permission is for an alias, and the rotation names none", at="rotation", properties="rotationLambdaArn")
def permission_for_an_alias(program):
    _, _, by = working(program, invoked=False)
    invocation(program, by, qualifier="live")


@cases.violated(
    "Anybody's Secrets Manager may invoke the function",
    at="invocation",
    properties="sourceAccount",
    cites=("aws-cdk#28406", "aws-cdk#29791"),
)
def unscoped(program):
    _, _, by = working(program, invoked=False)
    invocation(program, by, sourceAccount=None)


@cases.violated("The permission is for secrets of every account", at="invocation", properties="sourceAccount")
def scoped_to_everybody(program):
    _, _, by = working(program, invoked=False)
    invocation(program, by, sourceAccount=None, sourceArn="arn:aws:secretsmanager:*:*:secret:*")


@cases.violated("The role may read the secret and not write it", at="rotation", properties="policy")
def reads_only(program):
    working(program, actions=[READ, "secretsmanager:DescribeSecret"])


@cases.violated("The role may do everything but move the label", at="rotation", properties="policy")
def cannot_finish(program):
    working(program, actions=RIGHTS[:3])


@cases.violated("The role may rotate another secret", at="rotation", properties="policy")
def rights_on_another_secret(program):
    secret, role = program.secret(), program.role("rotator")
    by = function(program, role)
    program.inline(role, document(statement(ANYWHERE.replace("database", "other"), RIGHTS)))
    invocation(program, by)
    rotation(program, secret, by)


@cases.violated("The role may not use the secret's key", at="rotation", properties="policy")
def no_key(program):
    secret, role = encrypted(program, key(program)), program.role("rotator")
    by = function(program, role)
    program.inline(role, document(statement(ANYWHERE, RIGHTS)))
    invocation(program, by)
    rotation(program, secret, by)


@cases.violated("The role may decrypt and not encrypt", at="rotation", properties="policy", when=DEPLOYED)
def decrypts_only(program):
    with_key = key(program)
    secret, role = encrypted(program, with_key), program.role("rotator")
    by = function(program, role)
    said = document(statement(program.arn_of(secret), RIGHTS), statement(KEY_ARN, "kms:Decrypt"))
    program.inline(role, said, made_from=[secret, with_key])
    invocation(program, by)
    rotation(program, secret, by)


@cases.violated("What the role needs is denied elsewhere", at="rotation", properties="policy")
def denied(program):
    _, role, _ = working(program)
    program.inline(role, document(statement("*", "secretsmanager:UpdateSecretVersionStage", "Deny")))


@cases.violated("Keyturn's function also lists versions", at="rotation", properties="policy", when=DEPLOYED)
def our_function_lists_versions(program):
    working(program, parent=program.component("RotationFunction", "billing", environment="dev", service="billing", engine="postgres"))


@cases.violated("AWS ends the function after three seconds when the program says nothing", at="rotate", properties="timeout")
def default_timeout(program):
    working(program, timeout=None)


@cases.violated("Ten seconds are too few for a login that waits", at="rotate", properties="timeout")
def short_timeout(program):
    working(program, timeout=10)


@cases.violated("The team wants two minutes", at="rotate", properties="timeout", settings={"minTimeout": 120})
def short_for_the_team(program):
    working(program, timeout=60)


@cases.violated("The function may never run", at="rotate", properties="reservedConcurrentExecutions")
def never_runs(program):
    working(program, reservedConcurrentExecutions=0)


@cases.holds("It has all that it needs")
def complete(program):
    working(program)


@cases.holds("Its document is made of ARNs, which are known by now", when=DEPLOYED)
def complete_with_a_key(program):
    with_key = key(program)
    secret, role = encrypted(program, with_key), program.role("rotator")
    by = function(program, role)
    rights(program, role, secret, with_key=with_key)
    invocation(program, by, secret)
    rotation(program, secret, by)


@cases.holds("The permission is for this one secret", when=ALWAYS)
def permission_for_one_secret(program):
    secret, _, by = working(program, invoked=False)
    invocation(program, by, secret)


@cases.holds("Rights by a wildcard are rights: how wide they are is another rule's question")
def wide_rights(program):
    working(program, actions="secretsmanager:*")


@cases.holds("Permission and rotation name the same alias")
def by_alias(program):
    secret, role = program.secret(), program.role("rotator")
    by = function(program, role)
    alias = program.add(
        "aws:lambda/alias:Alias", "live", {"name": "live", "functionName": program.later("rotate")}, made_from={"functionName": [by]}
    )
    program.inline(role, document(statement(ANYWHERE, RIGHTS)))
    invocation(program, by, qualifier="live")
    given = {"secretId": program.later(program.arn_of(secret)), "rotationLambdaArn": program.later(f"{function_arn()}:live")}
    program.add(ROTATION, "rotation", given, made_from={"secretId": [secret], "rotationLambdaArn": [alias]})


@cases.holds("Names are enough: nothing was made from anything")
def by_names(program):
    program.secret()
    role = program.role("rotator")
    program.inline(role, document(statement(ANYWHERE, RIGHTS)))
    program.add("aws:lambda/function:Function", "rotate", {"name": "rotate", "role": f"arn:aws:iam::{ACCOUNT}:role/rotator", "timeout": 60})
    given = {"action": "lambda:*", "function": "rotate", "principal": "secretsmanager.amazonaws.com", "sourceAccount": ACCOUNT}
    program.add(PERMISSION, "invocation", given)
    program.add(ROTATION, "rotation", {"secretId": "dev/billing/database", "rotationLambdaArn": function_arn()})


@cases.holds("A replica's key is looked after by AWS", when=DEPLOYED)
def key_of_a_replica(program):
    with_key = key(program)
    secret, role = (
        program.secret(replicas=[{"region": "eu-west-1", "kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"}]),
        program.role("r"),
    )
    by = function(program, role)
    rights(program, role, secret, with_key=with_key)
    invocation(program, by)
    rotation(program, secret, by)


@cases.holds("Keyturn's component writes the rights, before their ARNs are known")
def own_component(program):
    component = program.component("DatabaseCredential", "billing/database", environment="dev", service="billing", secret="database")
    with_key = key(program)
    secret, role = encrypted(program, with_key, parent=component), program.role("rotator")
    by = function(program, role, parent=program.component("RotationFunction", "billing", environment="dev", service="billing"))
    said = document(statement(program.arn_of(secret), [*RIGHTS, "secretsmanager:ListSecretVersionIds"]), statement(KEY_ARN, "kms:*"))
    given = {"role": "rotator", "policy": program.later(said)}
    program.add(ROLE_POLICY, "rights", given, made_from={"role": [role], "policy": [secret, with_key]}, parent=component)
    invocation(program, by, secret, made_from={"sourceAccount": [secret]}, sourceAccount=program.later(ACCOUNT))
    rotation(program, secret, by, parent=component)


@cases.holds("A function of AWS's Serverless Application Repository brings its own rights", when=FIRST_PREVIEW)
def application(program):
    made = program.add("aws:serverlessrepository/cloudFormationStack:CloudFormationStack", "rotator")
    given = {"secretId": UNKNOWN, "rotationLambdaArn": UNKNOWN}
    program.add(ROTATION, "rotation", given, made_from={"secretId": [program.secret()], "rotationLambdaArn": [made]})


@cases.holds("AWS itself rotates, without a function", cites="floci#2378")
def without_a_function(program):
    given = {"secretId": program.later("x"), "rotationRules": {"automaticallyAfterDays": 7}}
    program.add(ROTATION, "rotation", given, made_from={"secretId": [program.secret()]})


@cases.holds("Another function of the stack is short")
def short_function_that_rotates_nothing(program):
    working(program)
    function(program, program.role("api"), name="api", timeout=3)


@cases.holds("Permission and document are marked secret")
def marked(program):
    secret, role = program.secret(), program.role("rotator")
    by = function(program, role, timeout=Marked(30))
    program.inline(role, Marked(document(statement(ANYWHERE, RIGHTS))))
    invocation(program, by, sourceAccount=Marked(ACCOUNT))
    rotation(program, secret, by)


@cases.cannot_decide("What the role may do depends on ARNs that are not known yet", at="rotation", properties="policy")
def unknown_document(program):
    complete_with_a_key(program)


@cases.cannot_decide("A document names the secret by its name, beside a key whose ARN is not known yet", at="rotation", properties="policy")
def by_name_beside_a_key(program):
    with_key = key(program)
    secret, role = encrypted(program, with_key), program.role("rotator")
    by = function(program, role)
    said = document(statement(ANYWHERE, RIGHTS), statement(KEY_ARN, ["kms:Decrypt", "kms:GenerateDataKey"]))
    program.inline(role, said, made_from=[with_key])
    invocation(program, by)
    rotation(program, secret, by)


@cases.cannot_decide("The document comes from get_policy_document", at="rotation", properties="policy")
def from_an_invoke(program):
    secret, role = program.secret(), program.role("rotator")
    by = function(program, role)
    program.add(ROLE_POLICY, "rights", {"role": "rotator", "policy": UNKNOWN}, made_from={"role": [role]})
    invocation(program, by)
    rotation(program, secret, by)


@cases.cannot_decide("The role is of another stack", at="rotation", properties="policy", when=ALWAYS)
def role_of_another_stack(program):
    secret = program.secret()
    given = {"name": "rotate", "role": f"arn:aws:iam::{ACCOUNT}:role/platform-rotator", "timeout": 60}
    by = program.add("aws:lambda/function:Function", "rotate", given)
    invocation(program, by)
    rotation(program, secret, by)


@cases.cannot_decide("The function is of another stack", at="rotation", properties="rotationLambdaArn", when=ALWAYS)
def function_of_another_stack(program):
    given = {"secretId": program.later("x"), "rotationLambdaArn": function_arn("central")}
    program.add(ROTATION, "rotation", given, made_from={"secretId": [program.secret()]})


@cases.cannot_decide(
    "The function is of another account, and called like one of this stack", at="rotation", properties="rotationLambdaArn", when=DEPLOYED
)
def function_of_another_account(program):
    secret = program.secret()
    own = program.add("aws:lambda/function:Function", "rotate", {"name": "rotate"}, outputs={"name": "rotate", "arn": function_arn()})
    given = {"secretId": program.arn_of(secret), "rotationLambdaArn": function_arn().replace(ACCOUNT, "999988887777")}
    program.add(ROTATION, "rotation", given, made_from={"secretId": [secret], "rotationLambdaArn": [own]})


@cases.cannot_decide("For whom the permission is is not known yet", at=("rotation", "invocation"), when=ALWAYS)
def unknown_principal(program):
    _, _, by = working(program, invoked=False)
    invocation(program, by, principal=UNKNOWN, sourceAccount=None)


@cases.cannot_decide("For which account the permission is is not known yet", at=("rotation", "invocation"), when=ALWAYS)
def unknown_account(program):
    _, _, by = working(program, invoked=False)
    invocation(program, by, sourceAccount=UNKNOWN)


@cases.cannot_decide("How long the function may run is not known yet", at="rotate", properties="timeout", when=ALWAYS)
def unknown_timeout(program):
    working(program, timeout=UNKNOWN)
