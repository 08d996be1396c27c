"""Functions of the `aws` package: lookups, answered by the local AWS, or offline from the configuration."""

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.providers.aws import tags
from localcloud.providers.aws.clients import Clients, Region
from localcloud.providers.aws.policy_document import policy_document
from localcloud.providers.provider import Checked, Failure, RefusedError
from localcloud.providers.sdk.provider import cannot_be_asked
from localcloud.providers.wire import Properties

_UNKNOWN_ACCOUNT = "000000000000"
_MADE_UP_SUFFIX = "a1B2c3"  # six characters, as Secrets Manager adds to a name
_MADE_UP_KEY = "00000000-0000-4000-8000-000000000000"
_ID = "id"
_POLICY_DOCUMENT = "aws:iam/getPolicyDocument:getPolicyDocument"

Answer = Callable[[Mapping[str, Any], Region], Properties]


def answered(token: str, arguments: Mapping[str, Any], clients: Clients) -> Checked:
    """Gives the function's result."""
    if token == _POLICY_DOCUMENT:
        return policy_document(arguments)
    functions = _OFFLINE if clients.configuration.offline else _ONLINE
    function = functions.get(token)
    if function is None and clients.configuration.offline:
        raise cannot_be_asked(token, (*functions, _POLICY_DOCUMENT))
    if function is None:
        names = ", ".join(sorted(known.rpartition(":")[2] for known in (*_ONLINE, _POLICY_DOCUMENT)))
        raise RefusedError(f"Keyturn's local stand-in for the aws provider does not know this function. It knows {names}")
    if token.endswith(":getSecret") and bool(arguments.get("arn")) == bool(arguments.get("name")):
        return Checked({}, [Failure("name", "or arn must be given, and not both")])
    region = clients.at(arguments.get("region"))
    return Checked(function(arguments, _Offline(clients, region.region) if clients.configuration.offline else region), ())


class _Offline(Region):
    """A region without AWS behind it."""

    @property
    def account(self) -> str:
        """The one account that the configuration allows; else twelve zeros."""
        return next(iter(self._clients.configuration.allowed), _UNKNOWN_ACCOUNT)


def _region(_: Mapping[str, Any], aws: Region) -> Properties:
    return {
        _ID: aws.region,
        "name": aws.region,
        "region": aws.region,
        "endpoint": f"ec2.{aws.region}.amazonaws.com",
        "description": aws.region,
    }


def _zones(_: Mapping[str, Any], aws: Region) -> Properties:
    names = [f"{aws.region}{letter}" for letter in "abc"]  # every region of today has these, and some have more
    return {_ID: aws.region, "region": aws.region, "names": names, "zoneIds": names, "groupNames": [aws.region]}


def _partition(_: Mapping[str, Any], aws: Region) -> Properties:
    china, government = aws.region.startswith("cn-"), aws.region.startswith("us-gov-")
    partition = "aws-cn" if china else "aws-us-gov" if government else "aws"
    suffix = "amazonaws.com.cn" if china else "amazonaws.com"
    reverse = ".".join(reversed(suffix.split(".")))
    return {_ID: partition, "partition": partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse}


def _caller(_: Mapping[str, Any], aws: Region) -> Properties:
    answer = aws.client("sts").get_caller_identity()
    return {_ID: answer["Account"], "accountId": answer["Account"], "arn": answer["Arn"], "userId": answer["UserId"]}


def _caller_offline(_: Mapping[str, Any], aws: Region) -> Properties:
    return {_ID: aws.account, "accountId": aws.account, "arn": f"arn:aws:iam::{aws.account}:root", "userId": aws.account}


def _secret(arguments: Mapping[str, Any], aws: Region) -> Properties:
    secret = aws.secrets.describe_secret(SecretId=arguments.get("arn") or arguments["name"])
    if secret.get("DeletedDate"):
        raise RefusedError(f"the secret {secret['Name']} is scheduled for deletion: restore it, or refer to another one")
    policy = aws.secrets.get_resource_policy(SecretId=secret["ARN"]).get("ResourcePolicy")
    dates = {"createdDate": "CreatedDate", "lastChangedDate": "LastChangedDate"}
    return {
        _ID: secret["ARN"],
        "arn": secret["ARN"],
        "name": secret["Name"],
        "description": secret.get("Description", ""),
        "kmsKeyId": secret.get("KmsKeyId", ""),
        "policy": policy or "",
        "region": aws.region,
        "tags": tags.mapped(secret.get("Tags")),
        **{name: secret[key].strftime("%Y-%m-%dT%H:%M:%SZ") if secret.get(key) else "" for name, key in dates.items()},
    }


def _secret_offline(arguments: Mapping[str, Any], aws: Region) -> Properties:
    given = arguments.get("arn")
    name = arguments.get("name") or given.partition(":secret:")[2].rpartition("-")[0]  # type: ignore[union-attr]
    arn = given or f"arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:{name}-{_MADE_UP_SUFFIX}"
    # The default key shows as an empty one: what nobody can look up offline must not look better than it may be.
    empty: Properties = dict.fromkeys(("description", "kmsKeyId", "policy", "createdDate", "lastChangedDate"), "")
    return {**empty, _ID: arn, "arn": arn, "name": name, "region": aws.region, "tags": {}}


def _key(arguments: Mapping[str, Any], aws: Region) -> Properties:
    key = aws.kms.describe_key(KeyId=arguments["keyId"])["KeyMetadata"]
    return {
        _ID: key["KeyId"],
        "arn": key["Arn"],
        "awsAccountId": key.get("AWSAccountId") or key["Arn"].split(":")[4],
        "creationDate": key["CreationDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "customerMasterKeySpec": key.get("KeySpec", "SYMMETRIC_DEFAULT"),
        "description": key.get("Description", ""),
        "enabled": key["Enabled"],
        "keyId": arguments["keyId"],
        "keyManager": key.get("KeyManager", "CUSTOMER"),
        "keySpec": key.get("KeySpec", "SYMMETRIC_DEFAULT"),
        "keyState": key["KeyState"],
        "keyUsage": key["KeyUsage"],
        "multiRegion": key.get("MultiRegion", False),
        "origin": key.get("Origin", "AWS_KMS"),
        "region": aws.region,
    }


def _alias(arguments: Mapping[str, Any], aws: Region) -> Properties:
    name = arguments["name"]
    for page in aws.kms.get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias["AliasName"] == name:
                key = alias.get("TargetKeyId", "")
                return _alias_of(name, alias["AliasArn"], key, aws)
    raise RefusedError(f"there is no KMS alias {name} in {aws.region}")


def _alias_offline(arguments: Mapping[str, Any], aws: Region) -> Properties:
    name = arguments["name"]
    return _alias_of(name, f"arn:aws:kms:{aws.region}:{aws.account}:{name}", _MADE_UP_KEY, aws)


def _alias_of(name: str, arn: str, key: str, aws: Region) -> Properties:
    target = f"{arn.removesuffix(name)}key/{key}"
    return {_ID: arn, "arn": arn, "name": name, "region": aws.region, "targetKeyArn": target, "targetKeyId": key}


def _key_offline(arguments: Mapping[str, Any], aws: Region) -> Properties:
    given = arguments["keyId"]
    identity = given.rpartition("key/")[2] if "key/" in given or not given.startswith(("alias/", "arn:")) else _MADE_UP_KEY
    return {
        _ID: identity,
        "arn": f"arn:aws:kms:{aws.region}:{aws.account}:key/{identity}",
        "awsAccountId": aws.account,
        "keyId": given,
        "region": aws.region,
        "keyManager": "CUSTOMER",
        "keyState": "Enabled",
        "enabled": True,
    }


_ANYWHERE: dict[str, Answer] = {"aws:index/getRegion:getRegion": _region, "aws:index/getPartition:getPartition": _partition}
_ONLINE: dict[str, Answer] = {
    **_ANYWHERE,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:kms/getAlias:getAlias": _alias,
    "aws:kms/getKey:getKey": _key,
    "aws:secretsmanager/getSecret:getSecret": _secret,
}
_OFFLINE: dict[str, Answer] = {
    **_ANYWHERE,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_offline,
    "aws:kms/getAlias:getAlias": _alias_offline,
    "aws:kms/getKey:getKey": _key_offline,
    "aws:secretsmanager/getSecret:getSecret": _secret_offline,
}
