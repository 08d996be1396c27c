"""Who may take a service's role: exactly what the service runs as."""

import re
from collections.abc import Mapping
from typing import cast

import pulumi

from components._arguments import refused, text
from components._iam import Conditions, Statement, account_of, statement
from keyturn.catalogue import Identity

_SID = "TheServiceTakesItsRole"
_LABEL = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")

# What an identity needs to be exact, beyond its type.
_NEEDED = {
    Identity.KUBERNETES: ("oidc_provider_arn", "namespace", "service_account"),
    Identity.ROLE: ("principal_arn",),
}


def trust(identity: Identity, args: Mapping[str, object]) -> Statement:
    """Gives the permission of the role's trust policy; arguments that the identity does not need are refused."""
    _check_complete(identity, args)
    match identity:
        case Identity.LAMBDA:
            return statement(_SID, ["sts:AssumeRole"], principal={"Service": "lambda.amazonaws.com"})
        case Identity.EC2:
            return statement(_SID, ["sts:AssumeRole"], principal={"Service": "ec2.amazonaws.com"})
        case Identity.ECS:
            # Tasks of another account must not be able to name this role.
            account = account_of(cast("pulumi.Input[str]", args["kms_key_arn"]))
            return statement(
                _SID,
                ["sts:AssumeRole"],
                principal={"Service": "ecs-tasks.amazonaws.com"},
                conditions={"StringEquals": {"aws:SourceAccount": account}},
            )
        case Identity.KUBERNETES:
            return _service_account(args)
        case Identity.ROLE:
            principal = _exact(args, "principal_arn", _PRINCIPAL, "must be the ARN of one role or user")
            return statement(_SID, ["sts:AssumeRole"], principal={"AWS": principal})


def _service_account(args: Mapping[str, object]) -> Statement:
    namespace = _exact(args, "namespace", _LABEL, "must be the exact name of a namespace")
    account = _exact(args, "service_account", _LABEL, "must be the exact name of a service account")
    provider = pulumi.Output.from_input(cast("pulumi.Input[str]", args["oidc_provider_arn"]))
    subject = f"system:serviceaccount:{namespace}:{account}"
    # The issuer is part of the conditions' names, so the names are known no sooner than the provider.
    conditions = provider.apply(lambda arn: _only(arn.partition(":oidc-provider/")[2], subject))
    return statement(_SID, ["sts:AssumeRoleWithWebIdentity"], principal={"Federated": provider}, conditions=conditions)


def _only(issuer: str, subject: str) -> Conditions:
    return {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}}


def _check_complete(identity: Identity, args: Mapping[str, object]) -> None:
    needed = _NEEDED.get(identity, ())
    for name in needed:
        if not args.get(name):
            raise refused(name, f"is missing: identity {identity} needs it")
    for other, names in _NEEDED.items():
        for name in names:
            if name not in needed and args.get(name) is not None:
                raise refused(name, f"is for identity {other}; remove it, or change the identity")


def _exact(args: Mapping[str, object], name: str, pattern: re.Pattern[str], expectation: str) -> str:
    value = text(args, name) or ""
    if not pattern.fullmatch(value):
        raise refused(name, expectation)
    return value
