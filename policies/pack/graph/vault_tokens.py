"""Type tokens of what Pulumi manages in Vault, or in OpenBao."""

VAULT_POLICY = "vault:index/policy:Policy"
MOUNT = "vault:index/mount:Mount"
AUTH_BACKEND = "vault:index/authBackend:AuthBackend"
AUDIT = "vault:index/audit:Audit"

KV_BACKEND = "vault:kv/secretBackendV2:SecretBackendV2"
KV_SECRET = "vault:kv/secretV2:SecretV2"  # noqa: S105 - a type token
KV_SECRET_V1 = "vault:kv/secret:Secret"  # noqa: S105 - a type token
GENERIC_SECRET = "vault:generic/secret:Secret"  # noqa: S105 - a type token

ENDPOINT = "vault:generic/endpoint:Endpoint"
"""A write to any path, e.g. one that rotates the password of a database."""

DATABASE_CONNECTION = "vault:database/secretBackendConnection:SecretBackendConnection"
DATABASE_STATIC_ROLE = "vault:database/secretBackendStaticRole:SecretBackendStaticRole"
DATABASE_MOUNT = "vault:database/secretsMount:SecretsMount"

APPROLE_ROLE = "vault:appRole/authBackendRole:AuthBackendRole"
KUBERNETES_ROLE = "vault:kubernetes/authBackendRole:AuthBackendRole"
JWT_ROLE = "vault:jwt/authBackendRole:AuthBackendRole"
AWS_ROLE = "vault:aws/authBackendRole:AuthBackendRole"
LDAP_BACKEND = "vault:ldap/authBackend:AuthBackend"
LDAP_GROUP = "vault:ldap/authBackendGroup:AuthBackendGroup"
LDAP_USER = "vault:ldap/authBackendUser:AuthBackendUser"
LOGIN_ROLES = (APPROLE_ROLE, KUBERNETES_ROLE, JWT_ROLE, AWS_ROLE)
"""What says who may log in, and with which policies."""

SECRET_ID = "vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId"  # noqa: S105 - a type token
SECRET_ID_BEFORE = "vault:appRole/authBackendRoleSecretID:AuthBackendRoleSecretID"  # noqa: S105 - a type token
APPROLE_LOGIN = "vault:appRole/authBackendLogin:AuthBackendLogin"
TOKEN = "vault:index/token:Token"  # noqa: S105 - a type token
CREDENTIALS = (SECRET_ID, SECRET_ID_BEFORE, APPROLE_LOGIN, TOKEN)
"""What puts a credential for Vault itself into Pulumi's state."""
