"""A small stack as the engine shows it: before its first deployment, with unknown ARNs, or after it."""

import json
from datetime import date

from policies.pack.finding import Answer
from policies.pack.resource import Resource
from policies.pack.secret_configuration import SecretConfiguration
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN

TODAY = date(2026, 6, 15)
ACCOUNT = "111122223333"

SECRET = "aws:secretsmanager/secret:Secret"
SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
SECRET_TAG = "aws:secretsmanager/tag:Tag"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
FUNCTION = "aws:lambda/function:Function"
KEY = "aws:kms/key:Key"

READ = "secretsmanager:GetSecretValue"


def statement(resource, action=READ, effect="Allow", **more):
    """One statement of a document."""
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements):
    """A document as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Program:
    """Declares resources. What depends on an ARN is unknown before the deployment, as the real provider leaves it."""

    def __init__(self, deployed=False, stack="dev", project="shop", environment=None):
        self.deployed = deployed
        self.stack_name = stack
        self.project = project
        self.environment = environment
        self.resources = []
        self.secrets = None
        self.before = []
        """What is done to the stack before it is judged, as letting other rules judge it."""

    def beside(self, stack, project="shop"):
        """Another stack, judged together with this one, as when several exported states are."""
        other = Program(self.deployed, stack, project)
        other.resources = self.resources
        return other

    def copy(self):
        """The same program, to be changed."""
        same = Program(self.deployed, self.stack_name, self.project, self.environment)
        same.resources = list(self.resources)
        same.secrets = self.secrets
        same.before = list(self.before)
        return same

    def configure(self, *secrets):
        """Says which secrets the stack's configuration holds. Without this nobody knows, as when a state is judged."""
        self.secrets = SecretConfiguration(secrets)

    def add(self, type_token, name, inputs=None, *, outputs=None, parent="", made_from=None, **options):
        """Adds a resource and gives its URN.

        Options are `protect`, `ignore_changes` and `provider`. `made_from` names for a property the URNs that its value depends on.
        """
        urn = f"urn:pulumi:{self.stack_name}::{self.project}::{type_token}::{name}"
        self.resources.append(
            Resource(
                urn=urn,
                type=type_token,
                name=name,
                inputs=inputs or {},
                outputs=outputs if outputs is not None else dict(inputs or {}),
                parent=parent,
                dependencies=tuple(origin for origins in (made_from or {}).values() for origin in origins),
                property_dependencies={key: tuple(origins) for key, origins in (made_from or {}).items()},
                **options,
            )
        )
        return urn

    def later(self, value):
        """A value that only a deployment makes known."""
        return value if self.deployed else UNKNOWN

    def secret(self, name="database", physical="dev/billing/database", *, protect=False, **inputs):
        """A secret; its ARN is known after the deployment."""
        inputs = {"name": physical, **inputs}
        return self.add(SECRET, name, inputs, outputs={**inputs, "arn": self.later(self.arn(physical))}, protect=protect)

    def role(self, name, parent="", **inputs):
        """A role; its name is known at once, its ARN after the deployment."""
        inputs = {"name": name, **inputs}
        arn = self.later(f"arn:aws:iam::{ACCOUNT}:role/{name}")
        return self.add(ROLE, name, inputs, outputs={**inputs, "arn": arn, "id": self.later(name)}, parent=parent)

    def grant(self, role, *secrets, name=None, action=READ, effect="Allow"):
        """An inline policy that is made of the secrets' ARNs."""
        self.inline(role, document(statement([self.arn_of(secret) for secret in secrets], action, effect)), made_from=secrets, name=name)

    def inline(self, role, text, made_from=None, name=None):
        """An inline policy: its text is known at once, unless it is made from something."""
        known = text if made_from is None else self.later(text)
        origins = {"role": [role], **({"policy": list(made_from)} if made_from else {})}
        inputs = {"role": self.later(self.name_of(role)), "policy": known}
        return self.add(ROLE_POLICY, name or f"policy-{len(self.resources)}", inputs, made_from=origins)

    def rotation(self, secret, role=None, **inputs):
        """A rotation by a function that runs as a role."""
        role = role or self.role(f"rotator-{len(self.resources)}")
        function_inputs = {"name": f"rotate-{len(self.resources)}", "role": self.later(f"arn:aws:iam::{ACCOUNT}:role/{self.name_of(role)}")}
        function = self.add(FUNCTION, function_inputs["name"], function_inputs, made_from={"role": [role]})
        self.grant(role, secret)
        given = {
            "secretId": self.later(self.arn_of(secret)),
            "rotationLambdaArn": self.later(f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:{function_inputs['name']}"),
            "rotationRules": {"automaticallyAfterDays": 30},
            **inputs,
        }
        return self.add(
            ROTATION, f"rotation-{len(self.resources)}", given, made_from={"secretId": [secret], "rotationLambdaArn": [function]}
        )

    def component(self, of_class, name, /, **inputs):
        """A component of ours, with its intent."""
        return self.add(f"keyturn:index:{of_class}", name, inputs)

    @staticmethod
    def arn(physical):
        """The ARN that a secret gets."""
        return f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:{physical}-AbCdEf"

    def arn_of(self, secret):
        """The ARN of a secret that was declared here."""
        return self.arn(self._get(secret).inputs["name"])

    def name_of(self, urn):
        """The name of a resource that was declared here."""
        return self._get(urn).inputs["name"]

    def stack(self):
        """The stack as rules see it."""
        stack = Stack(self.resources, TODAY, self.environment, self.secrets)
        for prepare in self.before:
            prepare(stack)
        return stack

    def _get(self, urn):
        return next(resource for resource in self.resources if resource.urn == urn)


class Verdict:
    """What a rule says about a program."""

    def __init__(self, rule, program, settings=None):
        self.findings = rule.findings(program.stack(), settings)

    @property
    def answer(self):
        """`holds`, `violated` or `cannot decide`; a violation outweighs what is open."""
        answers = {finding.answer for finding in self.findings}
        if not answers:
            return "holds"
        return Answer.VIOLATED.value if Answer.VIOLATED in answers else Answer.CANNOT_DECIDE.value

    @property
    def text(self):
        """Everything that it says."""
        return "\n".join(f"{finding.text} ({finding.property})" for finding in self.findings)

    @property
    def resources(self):
        """Names of the resources that it points at."""
        return {finding.urn.rpartition("::")[2] for finding in self.findings}

    @property
    def properties(self):
        """Properties that it points at."""
        return {finding.property for finding in self.findings}
