"""The sound estate in Terraform and Kubernetes manifests, and for each rule of ours one change that breaks it."""

SOUND = {
    "key.tf": """
data "aws_caller_identity" "here" {}

resource "aws_kms_key" "secrets" {
  description             = "Secrets of prod"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheAccountAdministersTheKey"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::444455556666:root" }
      Action    = ["kms:Describe*", "kms:Enable*", "kms:Put*", "kms:ScheduleKeyDeletion"]
      Resource  = "*"
      }, {
      Sid       = "ThroughSecretsManager"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::444455556666:root" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringEquals = {
        "kms:ViaService"    = "secretsmanager.eu-central-1.amazonaws.com"
        "kms:CallerAccount" = "444455556666"
      } }
    }]
  })
  lifecycle { prevent_destroy = true }
}
""",
    "secret.tf": """
resource "aws_secretsmanager_secret" "billing" {
  name                    = "prod/billing/database"
  description             = "Login of billing"
  kms_key_id              = aws_kms_key.secrets.arn
  recovery_window_in_days = 30
  tags                    = { environment = "prod", service = "billing" }
  lifecycle { prevent_destroy = true }
}
""",
    "secret_policy.tf": """
resource "aws_secretsmanager_secret_policy" "billing" {
  secret_arn          = aws_secretsmanager_secret.billing.arn
  block_public_policy = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyItsServiceReadsIt"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
      Condition = { StringNotEquals = { "aws:PrincipalTag/service" = "billing" } }
    }]
  })
}
""",
    "rotation.tf": """
resource "aws_secretsmanager_secret_rotation" "billing" {
  secret_id           = aws_secretsmanager_secret.billing.id
  rotation_lambda_arn = aws_lambda_function.rotator.arn
  rotation_rules { automatically_after_days = 30 }
}
""",
    "rotator.tf": """
resource "aws_lambda_function" "rotator" {
  function_name = "rotate_prod_billing"
  role          = aws_iam_role.rotator.arn
  filename      = "rotate.zip"
  handler       = "rotate.handler"
  runtime       = "python3.13"
  timeout       = 60
}

resource "aws_iam_role" "rotator" {
  name = "rotate_prod_billing"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "rotator" {
  role = aws_iam_role.rotator.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"
      ]
      Resource = aws_secretsmanager_secret.billing.arn
      }, {
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = aws_kms_key.secrets.arn
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.eu-central-1.amazonaws.com" } }
    }]
  })
}
""",
    "invocation.tf": """
resource "aws_lambda_permission" "rotator" {
  statement_id   = "rotate"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rotator.function_name
  principal      = "secretsmanager.amazonaws.com"
  source_account = "444455556666"
  source_arn     = aws_secretsmanager_secret.billing.arn
}
""",
    "service.tf": """
resource "aws_iam_role" "billing" {
  name = "prod_billing"
  tags = { environment = "prod", service = "billing" }
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/AB12" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "oidc.eks.eu-central-1.amazonaws.com/id/AB12:aud" = "sts.amazonaws.com"
        "oidc.eks.eu-central-1.amazonaws.com/id/AB12:sub" = "system:serviceaccount:billing:billing"
      } }
    }]
  })
}
""",
    "grant.tf": """
resource "aws_iam_role_policy" "billing" {
  role = aws_iam_role.billing.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource = aws_secretsmanager_secret.billing.arn
      }, {
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = aws_kms_key.secrets.arn
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.eu-central-1.amazonaws.com" } }
    }]
  })
}
""",
    "audit.tf": """
resource "aws_cloudtrail" "trail" {
  name                          = "trail"
  s3_bucket_name                = "trail-of-acme"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  kms_key_id                    = aws_kms_key.secrets.arn
}
""",
    "alarm.tf": """
resource "aws_cloudwatch_event_rule" "failed" {
  name = "rotation_failed"
  event_pattern = jsonencode({
    source        = ["aws.secretsmanager"]
    "detail-type" = ["AWS Service Event via CloudTrail"]
    detail        = { eventName = ["RotationFailed"] }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = "arn:aws:sns:eu-central-1:444455556666:alerts"
}
""",
    "vault.tf": """
resource "vault_mount" "billing" {
  path    = "kv/prod/billing"
  type    = "kv"
  options = { version = "2" }
}

resource "vault_policy" "billing" {
  name   = "prod-billing"
  policy = <<-EOT
    path "kv/prod/billing/data/*" {
      capabilities = ["read"]
    }
  EOT
}
""",
    "vault_login.tf": """
resource "vault_kubernetes_auth_backend_role" "billing" {
  role_name                        = "prod-billing"
  bound_service_account_names      = ["billing"]
  bound_service_account_namespaces = ["billing"]
  audience                         = "vault"
  token_ttl                        = 1200
  token_max_ttl                    = 3600
  token_policies                   = ["prod-billing"]
}
""",
    "vault_audit.tf": """
resource "vault_audit" "file" {
  type    = "file"
  options = { file_path = "/var/log/vault.log" }
}
""",
    "store.yaml": """
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: billing, namespace: billing}
spec:
  provider:
    aws:
      service: SecretsManager
      region: eu-central-1
      auth: {jwt: {serviceAccountRef: {name: billing}}}
""",
    "external_secret.yaml": """
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: database, namespace: billing}
spec:
  refreshInterval: 1h
  secretStoreRef: {name: billing, kind: SecretStore}
  target: {name: database}
  data:
    - secretKey: password
      remoteRef: {key: prod/billing/database, property: password}
""",
}

_SECOND_ROLE = """
resource "aws_iam_role" "reports" {
  name = "prod_reports"
  tags = { environment = "prod", service = "reports" }
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "reports" {
  role = aws_iam_role.reports.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.billing.arn }]
  })
}
"""


def _more(name: str, text: str) -> dict[str, str]:
    return {name: text}


def _changed(name: str, old: str, new: str) -> dict[str, str]:
    if old not in SOUND[name]:
        raise ValueError(f"{name} does not hold {old!r}")
    return {name: SOUND[name].replace(old, new)}


def _grant(action: str, resource: str) -> dict[str, str]:
    return _more(
        "more.tf",
        f"""
resource "aws_iam_role_policy" "more" {{
  role = aws_iam_role.billing.name
  policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "{action}", Resource = {resource} }}]
  }})
}}
""",
    )


_GENERATED = """
resource "random_password" "password" {
  length = 32
}
"""

DEFECTS: dict[str, dict[str, str]] = {
    "secret-has-one-reader": _more("reports.tf", _SECOND_ROLE),
    "secret-has-an-owner": _more(
        "stray.tf",
        SOUND["secret.tf"]
        .replace('"billing"', '"stray"')
        .replace("prod/billing/database", "stray")
        .replace('{ environment = "prod", service = "stray" }', "{}")
        + SOUND["rotation.tf"].replace('"billing"', '"stray"').replace("secret.billing", "secret.stray"),
    ),
    "secret-stays-in-its-environment": _grant(
        "secretsmanager:GetSecretValue", '"arn:aws:secretsmanager:eu-central-1:444455556666:secret:dev/billing/database-??????"'
    ),
    "secret-is-not-shared-across-stacks": _more(
        "second/main.tf",
        'data "aws_secretsmanager_secret" "billing" { name = "prod/billing/database" }\n'
        + _SECOND_ROLE.replace("aws_secretsmanager_secret.billing", "data.aws_secretsmanager_secret.billing"),
    ),
    "value-is-not-reused": _more(
        "reuse.tf",
        _GENERATED
        + "".join(
            f'resource "aws_ssm_parameter" "{name}" {{\n  name = "{name}"\n  type = "SecureString"\n'
            f"  key_id = aws_kms_key.secrets.arn\n  value = random_password.password.result\n}}\n"
            for name in ("one", "two")
        ),
    ),
    "key-stays-in-its-environment": _more(
        "dev.tf",
        (SOUND["secret.tf"] + SOUND["rotation.tf"])
        .replace('"billing" {', '"dev" {')
        .replace("secret.billing", "secret.dev")
        .replace("prod/billing/database", "dev/billing/database")
        .replace('environment = "prod"', 'environment = "dev"'),
    ),
    "secret-is-rotated": {"rotation.tf": ""},
    "rotation-is-frequent-enough": _changed("rotation.tf", "automatically_after_days = 30", 'schedule_expression = "cron(0 4 1 1 ? *)"'),
    "rotation-can-work": {"invocation.tf": ""},
    "rotator-touches-only-its-secrets": _changed("rotator.tf", "Resource = aws_secretsmanager_secret.billing.arn", 'Resource = ["*"]'),
    "nothing-fights-rotation": _more(
        "seed.tf",
        _GENERATED + 'resource "aws_secretsmanager_secret_version" "seed" {\n  secret_id     = aws_secretsmanager_secret.billing.id\n'
        "  secret_string = random_password.password.result\n}\n",
    ),
    "key-is-rotated": _changed("key.tf", "enable_key_rotation     = true", "enable_key_rotation     = false"),
    "grant-names-exact-secrets": _grant(
        "secretsmanager:GetSecretValue", '"arn:aws:secretsmanager:eu-central-1:444455556666:secret:prod/billing*"'
    ),
    "reader-cannot-write": _grant("secretsmanager:PutSecretValue", "aws_secretsmanager_secret.billing.arn"),
    "secret-policy-is-closed": _changed(
        "secret_policy.tf",
        'Effect    = "Deny"\n      Principal = { AWS = "*" }',
        'Effect    = "Allow"\n      Principal = { AWS = "999988887777" }',
    ),
    "decrypt-is-scoped": _grant("kms:Decrypt", '"*"'),
    "role-is-assumed-by-one-service": _changed(
        "service.tf",
        '\n        "oidc.eks.eu-central-1.amazonaws.com/id/AB12:sub" = "system:serviceaccount:billing:billing"',
        "",
    ),
    "no-secret-in-environment-variables": _more(
        "worker.tf",
        _GENERATED
        + SOUND["rotator.tf"]
        .split("\n\n")[0]
        .replace('"rotator"', '"worker"')
        .replace("rotate_prod_billing", "worker")
        .replace("timeout       = 60", "timeout       = 60\n  environment { variables = { DATABASE = random_password.password.result } }"),
    ),
    "no-plaintext-value": _more(
        "literal.tf",
        'resource "aws_ssm_parameter" "token" {\n  name   = "token"\n  type   = "SecureString"\n  key_id = aws_kms_key.secrets.arn\n'
        '  value  = "written-by-hand"\n}\n',
    ),
    "no-secret-in-outputs": _more("output.tf", f'{_GENERATED}output "password" {{\n  value = random_password.password.result\n}}\n'),
    "no-secret-in-manifests": _more(
        "written.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: written, namespace: billing}\nstringData: {password: written-by-hand}\n",
    ),
    "no-secret-in-metadata": _more(
        "tagged.tf",
        f'{_GENERATED}resource "aws_sns_topic" "tagged" {{\n  name = "tagged"\n  kms_master_key_id = aws_kms_key.secrets.arn\n'
        "  tags = { note = random_password.password.result }\n}\n",
    ),
    "secret-uses-customer-key": _changed("secret.tf", "aws_kms_key.secrets.arn", '"alias/aws/secretsmanager"'),
    "deletion-is-recoverable": _changed("secret.tf", "recovery_window_in_days = 30", "recovery_window_in_days = 0"),
    "reads-are-audited": _changed(
        "audit.tf",
        "include_global_service_events = true",
        'include_global_service_events = true\n  event_selector { read_write_type = "WriteOnly" }',
    ),
    "failures-raise-alarms": {"alarm.tf": ""},
    "synced-secret-exists": _changed("external_secret.yaml", "prod/billing/database", "prod/billing/databse"),
    "store-is-scoped": _changed(
        "store.yaml",
        "kind: SecretStore\nmetadata: {name: billing, namespace: billing}",
        "kind: ClusterSecretStore\nmetadata: {name: billing}",
    ),
    "synced-secret-is-fresh": _changed("external_secret.yaml", "refreshInterval: 1h", "refreshInterval: 24h"),
    "vault-policy-is-exact": _changed("vault.tf", "kv/prod/billing/data/*", "*"),
    "vault-login-is-bound": _changed("vault_login.tf", 'names      = ["billing"]', 'names      = ["*"]'),
    "vault-is-audited": {"vault_audit.tf": ""},
}
"""By rule: files that are other than in the sound estate, by name; an empty one is gone."""
