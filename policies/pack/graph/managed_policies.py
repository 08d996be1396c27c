"""What policies that AWS manages say about secrets and keys."""

import re

from policies.pack.values import Value

_ARN = re.compile(r"arn:[^:]+:iam::aws:policy/(?:.*/)?([^/]+)")


def _allow(action: str | list[str], resource: str, **more: Value) -> Value:
    return {"Effect": "Allow", "Action": list(action) if isinstance(action, list) else action, "Resource": resource, **more}


# Of the policies that AWS manages these read any secret; others read what AWS's own services name or tag, or nothing.
# Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
_READ_ANY_SECRET: dict[str, Value] = {
    "AdministratorAccess": {"Statement": [_allow("*", "*")]},
    "PowerUserAccess": {"Statement": [{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}]},
    "SecretsManagerReadWrite": {"Statement": [_allow("secretsmanager:*", "*")]},
    "AWSSecretsManagerClientReadOnlyAccess": {
        "Statement": [
            _allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], "*"),
            _allow(
                "kms:Decrypt",
                "*",
                Condition={
                    "StringLike": {
                        "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:*:*:secret:*",
                        "kms:ViaService": "secretsmanager.*.amazonaws.com",
                    }
                },
            ),
        ]
    },
}


def managed_by_aws(arn: str) -> str | None:
    """Gives the name of the policy when AWS manages the one with this ARN."""
    found = _ARN.fullmatch(arn)
    return found[1] if found else None


def document_of(name: str) -> Value:
    """Gives what a policy of AWS says about secrets and keys: None when it reads none, or none but those of AWS's own services."""
    return _READ_ANY_SECRET.get(name)
