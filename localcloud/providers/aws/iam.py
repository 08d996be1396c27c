"""IAM: roles and users."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.aws.documents import policy_of_identity, policy_of_trust
from localcloud.providers.aws.failures import missing_is_fine
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, Property, between, flag, text, whole
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties

_LETTERS = r"[\w+=,.@-]+"
_WORDS = "letters, digits or +=,.@-_"
ROLE_NAME = checks.matching(_LETTERS, _WORDS, longest=64)
POLICY_NAME = checks.matching(_LETTERS, _WORDS, longest=128)
PATH = text(default="/", replaces=True, check=checks.matching(r"/|/[!-\x7e]+/", "a path that begins and ends with /", longest=512))


def prefix(longest: int) -> Property:
    """Gives the argument for the beginning of a name; the provider adds 26 characters."""
    return text(computed=True, replaces=True, unread=True, check=checks.matching(_LETTERS, _WORDS, longest=longest - 26))


def document(policy: Any) -> str:
    """Gives a policy as text: boto3 has parsed it."""
    return policy if isinstance(policy, str) else json.dumps(policy, separators=(",", ":"))


class Role(Resource):
    """A role: who may become it, and what is attached to it."""

    type = "aws:iam/role:Role"
    inputs: ClassVar = {
        "assumeRolePolicy": policy_of_trust(required=True),
        "description": text(check=checks.length(1_000)),
        "forceDetachPolicies": flag(False, unread=True),
        "inlinePolicies": Property(
            kind=Kind.OBJECTS, computed=True, fields={"name": text(check=POLICY_NAME), "policy": policy_of_identity()}
        ),
        "managedPolicyArns": Property(kind=Kind.SET, computed=True),
        "maxSessionDuration": whole(default=3_600, check=between(3_600, 43_200)),
        "name": text(computed=True, replaces=True, check=ROLE_NAME),
        "namePrefix": prefix(64),
        "path": PATH,
        "permissionsBoundary": text(check=checks.arn("iam")),
        "tags": tags.argument,
    }
    outputs: ClassVar = {"arn": Kind.TEXT, "createDate": Kind.TEXT, "uniqueId": Kind.TEXT}
    conflicts = (("name", "namePrefix"),)
    name = Name()

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the role, then its inline and attached policies."""
        boundary = inputs.get("permissionsBoundary")
        aws.iam.create_role(
            RoleName=inputs["name"],
            Path=inputs["path"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Description=inputs.get("description", ""),
            MaxSessionDuration=inputs["maxSessionDuration"],
            Tags=tags.listed(inputs.get("tags")),
            **({"PermissionsBoundary": boundary} if boundary else {}),
        )
        made(inputs["name"])
        self._attach(aws, inputs["name"], inputs, {})

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the role; its policies only where the program declares them here."""
        role = aws.iam.get_role(RoleName=identity)["Role"]
        result = {
            "arn": role["Arn"],
            "assumeRolePolicy": document(role["AssumeRolePolicyDocument"]),
            "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": role.get("Description", ""),
            "maxSessionDuration": role.get("MaxSessionDuration", 3_600),
            "name": role["RoleName"],
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": tags.mapped(role.get("Tags")),
            "uniqueId": role["RoleId"],
            "managedPolicyArns": [],
            "inlinePolicies": [],
        }
        if state.get("managedPolicyArns"):
            result["managedPolicyArns"] = list(_attached(aws, identity))
        if state.get("inlinePolicies"):
            names = list(_inline(aws, identity))
            answers = [aws.iam.get_role_policy(RoleName=identity, PolicyName=name) for name in names]
            result["inlinePolicies"] = [{"name": answer["PolicyName"], "policy": document(answer["PolicyDocument"])} for answer in answers]
        return result

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Changes what IAM changes in place."""
        iam = aws.iam
        if "assumeRolePolicy" in changed:
            iam.update_assume_role_policy(RoleName=identity, PolicyDocument=inputs["assumeRolePolicy"])
        if changed & {"description", "maxSessionDuration"}:
            description = inputs.get("description", "")
            iam.update_role(RoleName=identity, Description=description, MaxSessionDuration=inputs["maxSessionDuration"])
        if "permissionsBoundary" in changed and inputs.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=identity, PermissionsBoundary=inputs["permissionsBoundary"])
        elif "permissionsBoundary" in changed:
            iam.delete_role_permissions_boundary(RoleName=identity)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            iam.untag_role(RoleName=identity, TagKeys=remove)
        if write:
            iam.tag_role(RoleName=identity, Tags=tags.listed(write))
        self._attach(aws, identity, inputs, olds)

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the role, with those policies that were declared on it; `forceDetachPolicies` removes all."""
        everything = bool(state.get("forceDetachPolicies"))
        with missing_is_fine():
            for arn in list(_attached(aws, identity)) if everything else state.get("managedPolicyArns") or ():
                aws.iam.detach_role_policy(RoleName=identity, PolicyArn=arn)
            declared = [policy["name"] for policy in state.get("inlinePolicies") or () if policy.get("name")]
            for name in list(_inline(aws, identity)) if everything else declared:
                aws.iam.delete_role_policy(RoleName=identity, PolicyName=name)
        aws.iam.delete_role(RoleName=identity)

    @staticmethod
    def _attach(aws: Any, role: str, inputs: Properties, olds: Properties) -> None:
        """Declared policies are the only ones; where none are declared, others may attach theirs."""
        wanted, had = set(inputs.get("managedPolicyArns") or ()), set(olds.get("managedPolicyArns") or ())
        if "managedPolicyArns" in inputs:
            for arn in sorted(had - wanted):
                aws.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
            for arn in sorted(wanted - had):
                aws.iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        if "inlinePolicies" in inputs:
            policies = {policy["name"]: policy["policy"] for policy in inputs["inlinePolicies"] if policy.get("policy")}
            for name in sorted({policy["name"] for policy in olds.get("inlinePolicies") or ()} - policies.keys()):
                aws.iam.delete_role_policy(RoleName=role, PolicyName=name)
            for name, policy in policies.items():
                aws.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)


def _attached(aws: Any, role: str) -> Iterator[str]:
    for page in aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        yield from (policy["PolicyArn"] for policy in page["AttachedPolicies"])


def _inline(aws: Any, role: str) -> Iterator[str]:
    for page in aws.iam.get_paginator("list_role_policies").paginate(RoleName=role):
        yield from page["PolicyNames"]


class User(Resource):
    """A user."""

    type = "aws:iam/user:User"
    inputs: ClassVar = {
        "forceDestroy": flag(False, unread=True),
        "name": text(computed=True, replaces=True, check=ROLE_NAME),
        "path": PATH,
        "permissionsBoundary": text(check=checks.arn("iam")),
        "tags": tags.argument,
    }
    outputs: ClassVar = {"arn": Kind.TEXT, "uniqueId": Kind.TEXT}
    name = Name(prefix=None)

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the user."""
        boundary = inputs.get("permissionsBoundary")
        more = {"PermissionsBoundary": boundary} if boundary else {}
        aws.iam.create_user(UserName=inputs["name"], Path=inputs["path"], Tags=tags.listed(inputs.get("tags")), **more)
        made(inputs["name"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the user."""
        user = aws.iam.get_user(UserName=identity)["User"]
        return {
            "arn": user["Arn"],
            "name": user["UserName"],
            "path": user["Path"],
            "permissionsBoundary": user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": tags.mapped(aws.iam.list_user_tags(UserName=identity).get("Tags")),
            "uniqueId": user["UserId"],
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Changes boundary and tags."""
        if "permissionsBoundary" in changed and inputs.get("permissionsBoundary"):
            aws.iam.put_user_permissions_boundary(UserName=identity, PermissionsBoundary=inputs["permissionsBoundary"])
        elif "permissionsBoundary" in changed:
            aws.iam.delete_user_permissions_boundary(UserName=identity)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            aws.iam.untag_user(UserName=identity, TagKeys=remove)
        if write:
            aws.iam.tag_user(UserName=identity, Tags=tags.listed(write))

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the user; `forceDestroy` removes its access keys first."""
        if state.get("forceDestroy"):
            with missing_is_fine():
                for key in aws.iam.list_access_keys(UserName=identity)["AccessKeyMetadata"]:
                    aws.iam.delete_access_key(UserName=identity, AccessKeyId=key["AccessKeyId"])
        aws.iam.delete_user(UserName=identity)


TYPES = (Role, User)
