"""Where providers keep the values of secrets: what a program gives them, and what they make up themselves."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from policies.pack.graph.kubernetes_tokens import SECRETS as KUBERNETES_SECRETS
from policies.pack.graph.leaves import Leaf, asked, from_json, is_reference, leaves
from policies.pack.graph.tokens import PARAMETER, SECRET_VERSION
from policies.pack.graph.vault_tokens import APPROLE_LOGIN, GENERIC_SECRET, KV_SECRET, KV_SECRET_V1, SECRET_ID, SECRET_ID_BEFORE, TOKEN
from policies.pack.resource import Resource
from policies.pack.values import Value

RANDOM_PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type token
RANDOM_STRING = "random:index/randomString:RandomString"
RANDOM_BYTES = "random:index/randomBytes:RandomBytes"
PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"
SERVICE_CREDENTIAL = "aws:iam/serviceSpecificCredential:ServiceSpecificCredential"
LOGIN_PROFILE = "aws:iam/userLoginProfile:UserLoginProfile"
VAULT_ENDPOINT = "vault:generic/endpoint:Endpoint"
VAULT_CERTIFICATE = "vault:pkiSecret/secretBackendCert:SecretBackendCert"

MADE: Final[dict[str, tuple[str, ...]]] = {
    RANDOM_PASSWORD: ("result", "bcryptHash"),
    RANDOM_BYTES: ("base64", "hex"),
    PRIVATE_KEY: ("privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"),
    ACCESS_KEY: ("secret", "sesSmtpPasswordV4"),
    SERVICE_CREDENTIAL: ("servicePassword",),
    LOGIN_PROFILE: ("password",),
    SECRET_ID: ("secretId", "wrappingToken"),
    SECRET_ID_BEFORE: ("secretId", "wrappingToken"),
    APPROLE_LOGIN: ("clientToken",),
    TOKEN: ("clientToken", "wrappedToken"),
    VAULT_CERTIFICATE: ("privateKey",),
}
"""Answers of providers that are secret values."""

GIVEN: Final[dict[str, tuple[str, ...]]] = {
    SECRET_VERSION: ("secretString", "secretBinary", "secretStringWo"),
    PARAMETER: ("value", "valueWo"),
    "aws:acm/certificate:Certificate": ("privateKey", "privateKeyWo"),
    "aws:apigateway/domainName:DomainName": ("certificatePrivateKey",),
    "aws:bedrock/agentcoreApiKeyCredentialProvider:AgentcoreApiKeyCredentialProvider": ("apiKey", "apiKeyWo"),
    "aws:codebuild/sourceCredential:SourceCredential": ("token",),
    "aws:cognito/user:User": ("password", "temporaryPassword"),
    "aws:directoryservice/directory:Directory": ("password",),
    "aws:dms/endpoint:Endpoint": ("password",),
    "aws:docdb/cluster:Cluster": ("masterPassword", "masterPasswordWo"),
    "aws:docdb/elasticCluster:ElasticCluster": ("adminUserPassword",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("authToken", "authTokenWo"),
    "aws:elasticache/user:User": ("passwords", "passwordsWo"),
    "aws:fsx/ontapFileSystem:OntapFileSystem": ("fsxAdminPassword",),
    "aws:iam/serverCertificate:ServerCertificate": ("privateKey",),
    "aws:kms/ciphertext:Ciphertext": ("plaintext", "plaintextWo"),
    "aws:lightsail/database:Database": ("masterPassword",),
    "aws:rds/cluster:Cluster": ("masterPassword", "masterPasswordWo"),
    "aws:rds/instance:Instance": ("password", "passwordWo"),
    "aws:redshift/cluster:Cluster": ("masterPassword", "masterPasswordWo"),
    "aws:redshiftserverless/namespace:Namespace": ("adminUserPassword", "adminUserPasswordWo"),
    "aws:timestreaminfluxdb/dbInstance:DbInstance": ("password",),
    "aws:transfer/hostKey:HostKey": ("hostKeyBody", "hostKeyBodyWo"),
    KV_SECRET: ("dataJson", "dataJsonWo"),
    KV_SECRET_V1: ("dataJson",),
    GENERIC_SECRET: ("dataJson",),
    VAULT_ENDPOINT: ("dataJson",),
    "vault:database/secretBackendStaticRole:SecretBackendStaticRole": ("selfManagedPassword", "passwordWo"),
    "vault:index/userpassAuthBackendUser:UserpassAuthBackendUser": ("passwordWo", "passwordHashWo"),
    **dict.fromkeys(KUBERNETES_SECRETS, ("data", "stringData")),
}
"""Inputs that a provider's schema calls secret, and that hold the value of one. Their SDK marks whatever a program writes there."""

# What AWS, Kubernetes and people call the secret one among the fields of a secret; its host and its user are public elsewhere.
_SECRET_FIELD = re.compile(r"pass|pwd|secret|token|key|cred|private|auth|dsn|connection|^value$", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"|\W+|x+|(?:please[ _-]?)?(?:change|replace|update|rotate|fill|set)[ _-]?(?:me|this|it|later|in)|placeholder\w*|to[ _-]?be[ _-]?\w+"
    r"|tbd|todo|dummy|initial|init|empty|none|null|unset|undefined|n/?a|example|managed[ _-](?:outside|elsewhere|externally|by)\b.*",
    re.IGNORECASE,
)
_HOST_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::\d+)?")
# What `pulumi policy analyze` shows of a secret when it has no passphrase.
_UNREADABLE = "[secret]"


def is_placeholder(text: str) -> bool:
    """Tells whether a text only stands for the value that somebody sets later."""
    return bool(_PLACEHOLDER.fullmatch(text.strip().strip("<>[](){}_*")))


def is_readable(text: str) -> bool:
    """Tells whether a text is what the program has, and not what stands for it where nobody may decrypt it."""
    return text != _UNREADABLE


def is_distinctive(text: str) -> bool:
    """Tells whether a secret text says something when it is found again: a word, a host or an ARN is found in many places."""
    is_word = text.isalpha() and len(text) < 16
    return _is_long(text) and not is_word and not is_placeholder(text) and not is_reference(text) and not _HOST_NAME.fullmatch(text)


def _is_long(text: str) -> bool:
    return len(text) >= 8 and is_readable(text)


def secret_texts(resource: Resource) -> Iterator[str]:
    """Gives the known texts of a resource that are secret values, and are told when they are found elsewhere. Judge, never quote."""
    for property_name in (*GIVEN.get(resource.type, ()), *MADE.get(resource.type, ())):
        given = asked(resource, property_name)
        value = resource.outputs.get(property_name) if given is None else given
        if value is not None:
            # What a provider made up is nothing else by chance, even where it looks like a path.
            is_told = _is_long if property_name in MADE.get(resource.type, ()) else is_distinctive
            yield from filter(is_told, _texts(value, is_base64=resource.type in KUBERNETES_SECRETS and property_name == "data"))


def _texts(value: Value, *, is_base64: bool) -> Iterator[str]:
    for leaf in leaves(value, ""):
        if leaf.name and not is_secret_field(leaf):
            continue
        text = decoded(leaf.text) if is_base64 else leaf.text
        fields = secret_fields(text)
        if not fields or any(is_set(field.text) for field in fields):
            yield text
        yield from (field.text for field in fields if is_secret_field(field))


def secret_fields(text: str) -> list[Leaf]:
    """Gives the fields of a JSON text that call themselves secret, or all of them when none does; none of any other text."""
    fields = [field for field in leaves(from_json(text), "") if field.name]
    return [field for field in fields if is_secret_field(field)] or fields


def is_secret_field(field: Leaf) -> bool:
    """Tells whether a field calls itself the secret one, and not something about it."""
    return bool(_SECRET_FIELD.search(field.name)) and not (field.points or field.is_address or field.describes)


def is_set(text: str) -> bool:
    """Tells whether a text may be a value, and does not only stand for one."""
    return bool(text) and not is_placeholder(text) and not is_reference(text)


def decoded(text: str) -> str:
    """Gives the text under its base64; the text itself when it is none."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return text


def is_secure(parameter: Resource) -> bool:
    """Tells whether a parameter keeps a secret value, or may: one of the type String is there to be read."""
    return parameter.text("type") not in ("String", "StringList")


def has_given_value(resource: Resource) -> bool:
    """Tells whether the program itself gives the resource a secret value."""
    return any(asked(resource, name) is not None for name in GIVEN[resource.type])
