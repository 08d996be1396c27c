"""The parts of a rotation that works, so that a case can leave one out or change it."""

from tests.policies.program import ACCOUNT, FUNCTION, KEY, ROTATION, document, statement

PERMISSION = "aws:lambda/permission:Permission"
KEY_ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"

ANYWHERE = "arn:aws:secretsmanager:*:*:secret:dev/billing/database-??????"
"""Names the secret that `working` makes for every region and account: what it grants is certain at the first preview, too."""

RIGHTS = [f"secretsmanager:{action}" for action in ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")]
USE_OF_KEY = ["kms:Decrypt", "kms:GenerateDataKey"]


def function_arn(name="rotate"):
    """The ARN that a function gets."""
    return f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:{name}"


def key(program):
    """A key whose policy lets IAM decide."""
    return program.add(KEY, "key", {"enableKeyRotation": True}, outputs={"arn": program.later(KEY_ARN)})


def encrypted(program, with_key, name="database", physical="dev/billing/database", parent=""):
    """A secret under a key of the stack."""
    inputs = {"name": physical, "kmsKeyId": program.later(KEY_ARN)}
    outputs = {**inputs, "arn": program.later(program.arn(physical))}
    return program.add("aws:secretsmanager/secret:Secret", name, inputs, outputs=outputs, made_from={"kmsKeyId": [with_key]}, parent=parent)


def rights(program, role, secret, *more, actions=RIGHTS, with_key=None, name="rights", by_name=False):
    """What a role may do for a secret; `more` are further statements. By name, the document is known before the secret exists."""
    arn = f"{program.arn_of(secret)[:-6]}??????" if by_name else program.arn_of(secret)
    said = [statement(arn, actions), *([statement(KEY_ARN, USE_OF_KEY)] if with_key else []), *more]
    origins = [secret, *([with_key] if with_key else [])]
    return program.inline(role, document(*said), made_from=None if by_name else origins, name=name)


def function(program, role, name="rotate", parent="", **inputs):
    """A function that runs as a role, for half a minute at most."""
    given = {"name": name, "role": program.later(f"arn:aws:iam::{ACCOUNT}:role/{program.name_of(role)}"), "timeout": 30, **inputs}
    return program.add(FUNCTION, name, given, made_from={"role": [role]}, parent=parent)


def invocation(program, of, secret=None, made_from=None, **inputs):
    """The permission that Secrets Manager invokes a function: for any secret of the account, or for one."""
    for_one = {} if secret is None else {"sourceArn": program.later(program.arn_of(secret))}
    given = {
        "action": "lambda:InvokeFunction",
        "function": program.later(function_arn(program.name_of(of))),
        "principal": "secretsmanager.amazonaws.com",
        **({"sourceAccount": ACCOUNT} if secret is None else for_one),
        **inputs,
    }
    origins = {"function": [of], **({} if secret is None else {"sourceArn": [secret]}), **(made_from or {})}
    return program.add(PERMISSION, "invocation", given, made_from=origins)


def rotation(program, secret, by, name="rotation", parent="", **inputs):
    """The rotation of a secret by a function."""
    given = {
        "secretId": program.later(program.arn_of(secret)),
        "rotationLambdaArn": program.later(function_arn(program.name_of(by))),
        "rotationRules": {"automaticallyAfterDays": 30},
        **inputs,
    }
    return program.add(ROTATION, name, given, made_from={"secretId": [secret], "rotationLambdaArn": [by]}, parent=parent)


def working(program, *, actions=RIGHTS, invoked=True, parent="", **inputs):
    """A secret, its rotation, and all that this needs; what is given is left out or changed."""
    secret, role = program.secret(), program.role("rotator")
    by = function(program, role, parent=parent, **inputs)
    program.inline(role, document(statement(ANYWHERE, actions)))
    if invoked:
        invocation(program, by)
    rotation(program, secret, by, parent=parent)
    return secret, role, by
