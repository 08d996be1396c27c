"""The same resources in plain pulumi_aws, as somebody writes them who knows them all and needs no components."""

import base64
import hashlib
import json

import pulumi
from pulumi_aws import cloudwatch, get_caller_identity_output, get_region_output, iam, kms, lambda_, secretsmanager, sns

from benchmarks.fleet import ADMIN, AUTHORITY, ENVIRONMENT, SECRETS, SERVICES, physical_name, target
from components import _bundle

CODE = _bundle.bundle("postgres", {AUTHORITY.name: AUTHORITY})
CODE_HASH = base64.b64encode(hashlib.sha256(CODE.read_bytes()).digest()).decode()


def document(*statements):
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def allow(sid, actions, resources=None, **rest):
    resource = {} if resources is None else {"Resource": resources}
    return {"Sid": sid, "Effect": "Allow", "Action": actions, **resource, **rest}


def refuse_others(sid, tag, value):
    condition = {"StringNotEquals": {f"aws:PrincipalTag/{tag}": [value]}}
    read = ["secretsmanager:GetSecretValue"]
    return {"Sid": sid, "Effect": "Deny", "Action": read, "Principal": {"AWS": "*"}, "Resource": ["*"], "Condition": condition}


def use_of_key(sid, actions, secrets):
    via = pulumi.Output.concat("secretsmanager.", key.arn.apply(lambda arn: arn.split(":")[3]), ".amazonaws.com")
    return allow(sid, actions, [key.arn], Condition={"StringEquals": {"kms:ViaService": via, "kms:EncryptionContext:SecretARN": secrets}})


caller, region = get_caller_identity_output(), get_region_output()
account = caller.apply(lambda caller: caller.account_id)
root = {"AWS": pulumi.Output.concat("arn:aws:iam::", account, ":root")}
administered = ["Delete*", "Describe*", "Disable*", "Enable*", "Get*", "List*", "Put*", "Revoke*", "Update*"]
administered += ["CancelKeyDeletion", "CreateAlias", "RotateKeyOnDemand", "ScheduleKeyDeletion", "TagResource", "UntagResource"]

key = kms.Key(
    ENVIRONMENT,
    description=f"Secrets of {ENVIRONMENT}",
    enable_key_rotation=True,
    policy=document(
        allow("TheAccountAdministersTheKey", sorted(f"kms:{action}" for action in administered), ["*"], Principal=root),
        allow(
            "WhoeverIamAllowsUsesTheKeyThroughSecretsManager",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            ["*"],
            Principal=root,
            Condition={
                "StringEquals": {
                    "kms:CallerAccount": account,
                    "kms:ViaService": region.apply(lambda region: f"secretsmanager.{region.region}.amazonaws.com"),
                }
            },
        ),
    ),
    tags={"keyturn:environment": ENVIRONMENT},
)
kms.Alias(f"{ENVIRONMENT}-alias", name=f"alias/keyturn/{ENVIRONMENT}", target_key_id=key.key_id)
topic = sns.Topic(f"{ENVIRONMENT}-alerts", name=f"keyturn_{ENVIRONMENT}_alerts", tags={"keyturn:environment": ENVIRONMENT})
published = sns.TopicPolicy(
    f"{ENVIRONMENT}-alerts-policy",
    arn=topic.arn,
    policy=document(allow("EventBridgePublishesAlerts", ["sns:Publish"], [topic.arn], Principal={"Service": "events.amazonaws.com"})),
)


def pattern(kind, sources, detail_of):
    def written(known):
        prefix = f"arn:aws:secretsmanager:{known[0].region}:{known[1]}:secret:{ENVIRONMENT}/"
        return json.dumps({"source": sources, "detail-type": [kind], "detail": detail_of(prefix)})

    return pulumi.Output.all(region, account).apply(written)


def by_name_or_arn(prefix):
    return {"secretId": [{"prefix": prefix}, {"prefix": f"{ENVIRONMENT}/"}]}


def failed(prefix):
    names = ["RotationFailed", "RotationAbandoned", "TestRotationFailed"]
    return {"eventName": names, "additionalEventData": {"SecretId": [{"prefix": prefix}]}}


def denied(prefix):
    return {"eventName": ["GetSecretValue"], "errorCode": [{"prefix": "AccessDenied"}], "requestParameters": by_name_or_arn(prefix)}


def changed(prefix):
    names = ["DeleteSecret", "PutResourcePolicy", "DeleteResourcePolicy", "CancelRotateSecret"]
    of_secrets = {"eventName": names, "requestParameters": by_name_or_arn(prefix)}
    return {"$or": [of_secrets, {"eventName": ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"]}]}


CALLS, BOTH = "AWS API Call via CloudTrail", ["aws.secretsmanager", "aws.kms"]
WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
for happening, said, state, kind, sources, detail_of in (
    ("rotation_failed", "A secret was not rotated", None, "AWS Service Event via CloudTrail", ["aws.secretsmanager"], failed),
    ("read_denied", "Somebody was not allowed to read a secret", WITH_READS, CALLS, BOTH, denied),
    ("secret_changed", "A secret was deleted or its policy changed, or a key was disabled", None, CALLS, BOTH, changed),
):
    logical = f"{ENVIRONMENT}-{happening.replace('_', '-')}"
    rule = cloudwatch.EventRule(
        logical,
        name=f"keyturn_{ENVIRONMENT}_{happening}",
        description=f"{said} in {ENVIRONMENT}",
        event_pattern=pattern(kind, sources, detail_of),
        state=state,
        tags={"keyturn:environment": ENVIRONMENT},
    )
    cloudwatch.EventTarget(f"{logical}-target", rule=rule.name, arn=topic.arn, opts=pulumi.ResourceOptions(depends_on=[published]))

for service in SERVICES:
    owner = {"keyturn:environment": ENVIRONMENT, "keyturn:service": service}
    called = f"keyturn_{ENVIRONMENT}_{service}_postgres"
    name = f"{service}/postgres"
    runner = iam.Role(
        name,
        name=called,
        description=f"Rotates the postgres secrets of {service} in {ENVIRONMENT}",
        assume_role_policy=document(allow("LambdaRunsTheFunction", ["sts:AssumeRole"], Principal={"Service": "lambda.amazonaws.com"})),
        tags=owner,
    )
    log = cloudwatch.LogGroup(f"{name}-log", name=f"/aws/lambda/{called}", retention_in_days=90, tags=owner)
    run = iam.RolePolicy(
        f"{name}-run",
        name="run",
        role=runner.name,
        policy=document(allow("WriteItsLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [pulumi.Output.concat(log.arn, ":*")])),
    )
    targets = {physical_name(service, secret): {**target(service, secret), "ca": AUTHORITY.name, "admin": ADMIN} for secret in SECRETS}
    function = lambda_.Function(
        name,
        name=called,
        description=f"Rotates the postgres secrets of {service} in {ENVIRONMENT}",
        role=runner.arn,
        runtime="python3.13",
        architectures=["arm64"],
        handler="rotation_lambda.handler.handler",
        code=pulumi.FileArchive(str(CODE)),
        source_code_hash=CODE_HASH,
        timeout=60,
        memory_size=256,
        environment={"variables": {"KEYTURN_TARGETS": json.dumps(targets, sort_keys=True)}},
        tags=owner,
        opts=pulumi.ResourceOptions(depends_on=[run, log]),
    )
    secrets = []
    for secret in SECRETS:
        made = secretsmanager.Secret(
            f"{service}/{secret}",
            name=physical_name(service, secret),
            description=f"Login of {service} to its postgres database, minted and renewed by rotation",
            kms_key_id=key.arn,
            recovery_window_in_days=0,
            tags={
                **owner,
                "keyturn:secret": secret,
                "keyturn:kind": "postgres",
                "keyturn:sensitivity": "critical",
                "keyturn:rotation": "30d",
            },
        )
        closed = secretsmanager.SecretPolicy(
            f"{service}/{secret}-readers",
            secret_arn=made.arn,
            policy=document(
                refuse_others("OnlyItsServiceReadsIt", "keyturn:service", service),
                refuse_others("OnlyItsEnvironmentReadsIt", "keyturn:environment", ENVIRONMENT),
            ),
            block_public_policy=True,
        )
        rights = iam.RolePolicy(
            f"{service}/{secret}-rights",
            name=f"rotate-{secret}",
            role=runner.name,
            policy=document(
                allow(
                    "RotateThisSecret",
                    [
                        "secretsmanager:DescribeSecret",
                        "secretsmanager:GetSecretValue",
                        "secretsmanager:ListSecretVersionIds",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:UpdateSecretVersionStage",
                    ],
                    [made.arn],
                ),
                use_of_key("UseTheKeyForThisSecret", ["kms:Decrypt", "kms:GenerateDataKey"], [made.arn]),
                allow("ReadTheAdminSecret", ["secretsmanager:GetSecretValue"], [ADMIN]),
            ),
        )
        invocation = lambda_.Permission(
            f"{service}/{secret}-invocation",
            statement_id=f"rotate-{secret}",
            action="lambda:InvokeFunction",
            function=function.arn,
            principal="secretsmanager.amazonaws.com",
            source_account=made.arn.apply(lambda arn: arn.split(":")[4]),
            source_arn=made.arn,
        )
        secretsmanager.SecretRotation(
            f"{service}/{secret}-rotation",
            secret_id=made.id,
            rotation_lambda_arn=function.arn,
            rotate_immediately=True,
            rotation_rules={"automatically_after_days": 30},
            opts=pulumi.ResourceOptions(depends_on=[closed, rights, invocation]),
        )
        secrets.append(made.arn)
    role = iam.Role(
        service,
        name=f"keyturn_{ENVIRONMENT}_{service}",
        description=f"Runs {service} in {ENVIRONMENT}",
        assume_role_policy=document(allow("TheServiceTakesItsRole", ["sts:AssumeRole"], Principal={"Service": "lambda.amazonaws.com"})),
        tags=owner,
    )
    iam.RolePolicy(
        f"{service}-reads",
        name="read-secrets",
        role=role.name,
        policy=document(
            allow("ReadTheSecretsOfTheService", ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], secrets),
            use_of_key("DecryptTheSecretsOfTheService", ["kms:Decrypt"], secrets),
        ),
    )
