"""The actions that documents grant on secrets and keys, and what each of them gives into whose hands."""

# Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
NAMELESS = ("secretsmanager:BatchGetSecretValue", "secretsmanager:GetRandomPassword", "secretsmanager:ListSecrets")
"""Take no name, so they can be granted on `*` only. BatchGetSecretValue gives only what GetSecretValue allows, too."""

DESCRIBING = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:ListResourcePolicies",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:ValidateResourcePolicy",
)
"""Give no value and change nothing."""

WRITING = (
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
    "secretsmanager:RotateSecret",
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:RestoreSecret",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:ReplicateSecretToRegions",
    "secretsmanager:RemoveRegionsFromReplication",
    "secretsmanager:StopReplicationToReplica",
    "secretsmanager:AssociateCrossAccountReplica",
    "secretsmanager:DisassociateCrossAccountReplica",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
)
"""Change a secret: its value, who may read it (by its policy, its tags, its copies), or whether it is there."""

ON_SECRETS = ("secretsmanager:GetSecretValue", *WRITING, "secretsmanager:CreateSecret", *DESCRIBING, *NAMELESS)
"""All of Secrets Manager, what matters most first."""

# Source: https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-1
DECRYPTING = ("kms:Decrypt", "kms:ReEncryptFrom")
"""Give what a key has encrypted: ReEncryptFrom under a key of the caller's choice."""
