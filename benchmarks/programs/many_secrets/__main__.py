"""1,500 secrets of 300 services in plain pulumi_aws: each with its tags, each service with a role that reads its five by name."""

import json

from pulumi_aws import cloudwatch, iam, kms, secretsmanager

ENVIRONMENT, REGION, ACCOUNT = "dev", "eu-central-1", "000000000000"
SERVICES, SECRETS = 300, 5
CALLS = "AWS API Call via CloudTrail"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


key = kms.Key("key", enable_key_rotation=True, tags={"keyturn:environment": ENVIRONMENT})
for happening, pattern, state in (
    ("failed", {"detail-type": ["AWS Service Event via CloudTrail"], "detail": {"eventName": ["RotationFailed"]}}, None),
    ("denied", {"detail-type": [CALLS], "detail": {"errorCode": ["AccessDenied"]}}, "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
    ("changed", {"detail-type": [CALLS], "source": ["aws.secretsmanager", "aws.kms"]}, None),
):
    rule = cloudwatch.EventRule(happening, name=happening, event_pattern=json.dumps(pattern), state=state)
    cloudwatch.EventTarget(happening, rule=rule.name, arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts")

for number in range(SERVICES):
    service = f"service{number:03}"
    owner = {"keyturn:environment": ENVIRONMENT, "keyturn:service": service}
    names = [f"{ENVIRONMENT}/{service}/token{secret}" for secret in range(SECRETS)]
    arns = [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-??????" for name in names]
    for name in names:
        secretsmanager.Secret(
            name,
            name=name,
            kms_key_id=key.arn,
            tags={**owner, "keyturn:kind": "static", "keyturn:reason": "vendor", "keyturn:review-by": "2027-06-30"},
        )
    runs = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = iam.Role(service, name=service, assume_role_policy=document(runs), tags=owner)
    via = {
        "StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:SecretARN": arns},
    }
    iam.RolePolicy(
        service,
        role=role.name,
        policy=document(
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arns},
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*", "Condition": via},
        ),
    )
