"""IAM: inline policies of roles, managed policies, and their attachment."""
# ruff: noqa: ARG002 (the calls give every type more than most types need)

from typing import Any, ClassVar

from localcloud.providers.aws import checks, tags
from localcloud.providers.aws.documents import policy_of_identity
from localcloud.providers.aws.failures import missing_is_fine
from localcloud.providers.aws.iam import PATH, POLICY_NAME, document, prefix
from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, text, unmodelled
from localcloud.providers.provider import RefusedError
from localcloud.providers.resource import Made, Resource
from localcloud.providers.wire import Properties

_VERSIONS = 5  # IAM keeps so many versions of a managed policy


class RolePolicy(Resource):
    """A policy inside a role."""

    type = "aws:iam/rolePolicy:RolePolicy"
    inputs: ClassVar = {
        "name": text(computed=True, replaces=True, check=POLICY_NAME),
        "namePrefix": prefix(128),
        "policy": policy_of_identity(required=True, longest=10_240),
        "role": text(required=True, replaces=True, check=checks.length(64, 1)),
    }
    conflicts = (("name", "namePrefix"),)
    name = Name()

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Writes the policy into the role."""
        aws.iam.put_role_policy(RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"])
        made(f"{inputs['role']}:{inputs['name']}")

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the policy; its id is `role:name`."""
        role, name = _split(identity, ":")
        answer = aws.iam.get_role_policy(RoleName=role, PolicyName=name)
        return {"name": answer["PolicyName"], "policy": document(answer["PolicyDocument"]), "role": answer["RoleName"]}

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Writes the policy anew."""
        role, name = _split(identity, ":")
        aws.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=inputs["policy"])

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Takes the policy from the role."""
        role, name = _split(identity, ":")
        aws.iam.delete_role_policy(RoleName=role, PolicyName=name)


class RolePolicyAttachment(Resource):
    """A managed policy on a role."""

    type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    inputs: ClassVar = {
        "policyArn": text(required=True, replaces=True, check=checks.arn("iam")),
        "role": text(required=True, replaces=True, check=checks.length(64, 1)),
    }

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Attaches the policy."""
        aws.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        made(f"{inputs['role']}/{inputs['policyArn']}")

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Finds the policy among those of the role; its id is `role/arn`."""
        role, arn = _split(identity, "/")
        for page in aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
            if any(policy["PolicyArn"] == arn for policy in page["AttachedPolicies"]):
                return {"policyArn": arn, "role": role}
        return None

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Detaches the policy."""
        role, arn = _split(identity, "/")
        aws.iam.detach_role_policy(RoleName=role, PolicyArn=arn)


class Policy(Resource):
    """A managed policy."""

    type = "aws:iam/policy:Policy"
    inputs: ClassVar = {
        "description": text(replaces=True, check=checks.length(1_000)),
        "name": text(computed=True, replaces=True, check=POLICY_NAME),
        "namePrefix": prefix(128),
        "path": PATH,
        "policy": policy_of_identity(required=True, longest=6_144),
        "tags": tags.argument,
        **unmodelled("delayAfterPolicyCreationInMs"),
    }
    outputs: ClassVar = {"arn": Kind.TEXT, "attachmentCount": Kind.WHOLE, "policyId": Kind.TEXT}
    conflicts = (("name", "namePrefix"),)
    name = Name()

    def create(self, aws: Any, inputs: Properties, made: Made) -> None:
        """Makes the policy."""
        answer = aws.iam.create_policy(
            PolicyName=inputs["name"],
            Path=inputs["path"],
            PolicyDocument=inputs["policy"],
            Description=inputs.get("description", ""),
            Tags=tags.listed(inputs.get("tags")),
        )
        made(answer["Policy"]["Arn"])

    def read(self, aws: Any, identity: str, state: Properties) -> Properties | None:
        """Gives the policy with its default version."""
        policy = aws.iam.get_policy(PolicyArn=identity)["Policy"]
        version = aws.iam.get_policy_version(PolicyArn=identity, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        return {
            "arn": identity,
            "attachmentCount": policy.get("AttachmentCount", 0),
            "description": policy.get("Description", ""),
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "policy": document(version["Document"]),
            "policyId": policy["PolicyId"],
            "tags": tags.mapped(aws.iam.list_policy_tags(PolicyArn=identity).get("Tags")),
        }

    def update(self, aws: Any, identity: str, inputs: Properties, changed: set[str], olds: Properties) -> None:
        """Adds a version and makes it the default; the oldest goes when there is no room."""
        if "policy" in changed:
            others = [version for version in self._versions(aws, identity) if not version["IsDefaultVersion"]]
            if len(others) >= _VERSIONS - 1:
                oldest = min(others, key=lambda version: int(version["VersionId"].removeprefix("v")))
                aws.iam.delete_policy_version(PolicyArn=identity, VersionId=oldest["VersionId"])
            aws.iam.create_policy_version(PolicyArn=identity, PolicyDocument=inputs["policy"], SetAsDefault=True)
        write, remove = tags.delta(olds.get("tags"), inputs.get("tags"))
        if remove:
            aws.iam.untag_policy(PolicyArn=identity, TagKeys=remove)
        if write:
            aws.iam.tag_policy(PolicyArn=identity, Tags=tags.listed(write))

    def delete(self, aws: Any, identity: str, state: Properties) -> None:
        """Removes the policy with all versions."""
        with missing_is_fine():
            for version in self._versions(aws, identity):
                if not version["IsDefaultVersion"]:
                    aws.iam.delete_policy_version(PolicyArn=identity, VersionId=version["VersionId"])
        aws.iam.delete_policy(PolicyArn=identity)

    @staticmethod
    def _versions(aws: Any, identity: str) -> list[Any]:
        versions: list[Any] = aws.iam.list_policy_versions(PolicyArn=identity)["Versions"]
        return versions


def _split(identity: str, separator: str) -> tuple[str, str]:
    role, _, rest = identity.partition(separator)
    if not role or not rest:
        raise RefusedError(f"the id to import begins with the role's name and {separator}")
    return role, rest


TYPES = (RolePolicy, RolePolicyAttachment, Policy)
