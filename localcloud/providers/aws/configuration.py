"""The configuration of the `aws` provider: which arguments it has, and what this stand-in makes of them."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from localcloud.providers.provider import Checked, Failure, RefusedError
from localcloud.providers.wire import Properties, holds_unknown, is_unknown

_LISTS = {"allowedAccountIds", "forbiddenAccountIds"}
_HONOURED = {"region", "defaultTags", "accessKey", "secretKey", "token", *_LISTS}
# They say how to reach the real AWS; the local cloud is reached by AWS_ENDPOINT_URL alone.
_WITHOUT_EFFECT = {
    "customCaBundle", "ec2MetadataServiceEndpoint", "ec2MetadataServiceEndpointMode", "endpoints", "httpProxy", "httpsProxy", "insecure",
    "maxRetries", "noProxy", "profile", "retryMode", "s3UsEast1RegionalEndpoint", "s3UsePathStyle", "sharedConfigFiles",
    "sharedCredentialsFiles", "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId",
    "stsRegion", "tagPolicyCompliance", "tokenBucketRateLimiterCapacity", "useDualstackEndpoint", "useFipsEndpoint", "userAgents",
    "version", "pluginDownloadURL", "ignoreTags",
}  # fmt: skip
# To act as another identity than the one that was asked for would be worse than to stop.
_REFUSED = {"assumeRoles", "assumeRole", "assumeRoleWithWebIdentity"}
_ENDPOINT = "AWS_ENDPOINT_URL"
_OFFLINE = "KEYTURN_OFFLINE"


@dataclass(frozen=True)
class Configuration:
    """What the provider was told."""

    region: str
    endpoint: str = ""
    offline: bool = False
    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)


def checked(news: Properties) -> Checked:
    """Refuses unknown keys, accounts and regions that cannot be, and what the stand-in cannot do."""
    failures: list[Failure] = []
    for key, raw in news.items():
        value = _value(raw)
        if key in _REFUSED:
            failures.append(Failure(key, "is not done by the local stand-in: take the role's credentials into the environment instead"))
        elif key not in _HONOURED and key not in _WITHOUT_EFFECT and not key.startswith("__"):
            failures.append(Failure(key, "is not an argument of the aws provider"))
        elif key in _LISTS and not holds_unknown(value) and not _are_accounts(value):
            failures.append(Failure(key, "must be a list of account ids of 12 digits"))
        elif key == "region" and not is_unknown(value) and not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", str(value)):
            failures.append(Failure(key, "must be a region such as eu-central-1"))
    return Checked(news, failures)


def configured(config: Properties, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Gives the configuration; refuses to run where it could reach the real AWS."""
    values = {key: _value(raw) for key, raw in config.items()}
    region = values.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        raise RefusedError("the aws provider needs a region: set aws:region in the stack's configuration, or AWS_REGION")
    offline = environment.get(_OFFLINE, "") not in ("", "0")
    endpoint = environment.get(_ENDPOINT, "")
    if not offline:
        _refuse_the_real_aws(endpoint)
    tags = (values.get("defaultTags") or {}).get("tags") or {}
    names = {"accessKey": "aws_access_key_id", "secretKey": "aws_secret_access_key", "token": "aws_session_token"}
    return Configuration(
        region=region,
        endpoint=endpoint,
        offline=offline,
        allowed=tuple(values.get("allowedAccountIds") or ()),
        forbidden=tuple(values.get("forbiddenAccountIds") or ()),
        tags={key: str(value) for key, value in tags.items()},
        credentials={name: values[key] for key, name in names.items() if values.get(key)},
    )


def _refuse_the_real_aws(endpoint: str) -> None:
    host = urlsplit(endpoint).hostname or ""
    if not host or host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws")):
        raise RefusedError(
            f"this aws provider is Keyturn's local stand-in and never talks to the real AWS: {_ENDPOINT} must name the local cloud. "
            f'Run `make up` and `eval "$(make -s env)"`, set {_OFFLINE}=1 for an offline preview, '
            "or take Keyturn's localcloud/providers/bin from PATH to deploy with the released provider"
        )


def _value(raw: Any) -> Any:
    """The engine sends everything but texts as JSON."""
    if isinstance(raw, str) and raw[:1] in ("[", "{"):
        try:
            return json.loads(raw)
        except ValueError:
            return raw
    return raw


def _are_accounts(value: Any) -> bool:
    return isinstance(value, list) and all(re.fullmatch(r"\d{12}", str(item)) for item in value)
