"""A rotation has what it takes to run: nothing tells that it cannot until the first password is overdue.

The function that a SecretRotation names must be one that Secrets Manager may invoke (a lambda Permission for
`secretsmanager.amazonaws.com` that counts for this secret and this alias) and nobody else's Secrets Manager (`sourceAccount`, or the
account in `sourceArn`). Its role must be allowed to describe, read, write and relabel this secret, and to decrypt and make data keys
with the secret's key, if that is a key of the stack. It must have at least `minTimeout` seconds (AWS gives 3 when a program says
nothing), and be allowed to run at all. A function inside a VPC needs a way to Secrets Manager: an interface endpoint or a NAT gateway in
its VPC. Other ways cannot be seen here, so without one this is a doubt, unless `vpcCheck` says otherwise.

Before the first deployment a document with an unknown ARN inside is unknown as a whole: then what the role may do cannot be decided.
What Keyturn's own components write is taken at its word until its ARNs are known.

What it does not see: functions of other stacks (cannot be decided); those of AWS' Serverless Application Repository and of CloudFormation
stacks, which bring their own rights, and rotations without a function, which are AWS' own: none of these is judged. Nor whether the
function reaches its database, nor whether the policy of a key outside the stack lets the role in.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.edges import origin
from policies.pack.graph.functions import qualifier_in
from policies.pack.graph.invocations import PERMISSION, Invocation, Invocations
from policies.pack.graph.networks import Networks
from policies.pack.graph.patterns import Match
from policies.pack.graph.readers import MEND_UNKNOWN
from policies.pack.graph.rotation_rights import RotationRights
from policies.pack.graph.rotations import Renewal, Rotations
from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import CLOUDFORMATION_STACK, ROLE, SERVERLESS_APPLICATION
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, at, elements

_DEFAULT_TIMEOUT = 3  # of AWS, in seconds

_MEND_VPC = (
    "Put an interface endpoint for com.amazonaws.<region>.secretsmanager with private DNS into the VPC, or a NAT gateway; set vpcCheck to "
    "off if the way is looked after elsewhere."
)


class Surroundings(Settings):
    """What a rotation function needs around it."""

    min_timeout: int = Field(default=30, ge=4, le=900)
    """Least timeout of a rotation function in seconds, 4 to 900. Default 30."""
    vpc_check: Literal["off", "advisory", "mandatory"] = "advisory"
    """How a function counts that is inside a VPC without a way to Secrets Manager in sight: not at all, as a doubt, or as a violation.
    Default a doubt."""


@rule(
    id="rotation-can-work",
    title="A rotation has what it takes to run",
    severity=Severity.HIGH,
    group=Group.ROTATION,
    undecided="advisory",
    settings=Surroundings,
    early=(PERMISSION,),
    mend="Add an aws.lambda_.Permission for secretsmanager.amazonaws.com with source_account, a timeout of 30 seconds or more, and for the "
    "function's role DescribeSecret, GetSecretValue, PutSecretValue and UpdateSecretVersionStage on the secret with Decrypt and "
    "GenerateDataKey on its key. Keyturn's RotationFunction and DatabaseCredential bring all of it.",
    references=["NIST 800-53 IA-5", "NIST 800-53 CM-6", "PCI DSS 8.6.3", "SOC 2 CC6.1"],
    of=lambda stack: [*stack.part(Rotations).all, *stack.part(Rotations).functions, *stack.part(Invocations).all],
)
def policy(subject: Renewal | Resource | Invocation, stack: Stack, settings: Surroundings) -> Iterator[Finding]:
    """Looks at who may invoke the function, what its role may do, how long it may run, and whether it reaches Secrets Manager."""
    if isinstance(subject, Invocation):
        yield from _scoped(subject)
    elif isinstance(subject, Resource):
        yield from _given_time(subject, settings)
        yield from _connected(subject, stack, settings)
    elif subject.functions:
        for secret, certainty in subject.secrets:
            yield from _invoked(subject, secret, certainty, stack)
            yield from _allowed(subject, secret, certainty, stack)
    else:
        yield from _elsewhere(subject.resource, stack)


def _scoped(invocation: Invocation) -> Iterator[Finding]:
    unscoped = min(invocation.certainty, invocation.is_scoped.opposite)
    label = invocation.resource.label
    if unscoped is Match.ALWAYS:
        text = f"{label} lets Secrets Manager invoke the function for secrets of any account"
        yield violated(invocation.urn, text, property="sourceAccount")
    elif unscoped:
        text = f"for secrets of which account {label} lets Secrets Manager invoke the function is not known yet"
        yield cannot_decide(invocation.urn, text, property="sourceAccount")


def _given_time(function: Resource, settings: Surroundings) -> Iterator[Finding]:
    timeout, most = function.read("timeout"), function.read("reservedConcurrentExecutions")
    seconds = _DEFAULT_TIMEOUT if timeout is None else timeout
    if timeout is UNKNOWN:
        yield cannot_decide(function.urn, f"how long {function.label} may rotate is not known yet", property="timeout")
    elif not isinstance(seconds, int | float) or seconds < settings.min_timeout:
        text = f"{function.label} rotates secrets and is ended in less than {settings.min_timeout} seconds"
        yield violated(function.urn, text, property="timeout")
    if most is UNKNOWN:
        text = f"whether {function.label}, which rotates secrets, may run at all is not known yet"
        yield cannot_decide(function.urn, text, property="reservedConcurrentExecutions")
    elif isinstance(most, int | float) and most == 0:
        yield violated(function.urn, f"{function.label} rotates secrets and may never run", property="reservedConcurrentExecutions")


def _connected(function: Resource, stack: Stack, settings: Surroundings) -> Iterator[Finding]:
    if settings.vpc_check == "off":
        return
    network = next(iter(elements(function.read("vpcConfig"))), None)
    subnets = elements(at(network, "subnetIds"))
    if not subnets:
        return
    leads_out = stack.part(Networks).leads_out(function)
    if leads_out is Match.NEVER and network is not UNKNOWN and settings.vpc_check == "mandatory":
        text = f"{function.label} rotates secrets inside a VPC, and nothing in this stack leads from there to Secrets Manager"
        yield violated(function.urn, text, property="vpcConfig", mend=_MEND_VPC)
    elif leads_out is not Match.ALWAYS:
        text = f"whether {function.label}, which rotates secrets inside a VPC, reaches Secrets Manager is not seen in this stack"
        yield cannot_decide(function.urn, text, property="vpcConfig", mend=_MEND_VPC)


def _invoked(renewal: Renewal, secret: Secret, certainty: Match, stack: Stack) -> Iterator[Finding]:
    qualifier = qualifier_in(renewal.resource, "rotationLambdaArn", stack.resources)
    invocations = stack.part(Invocations)
    for function in renewal.functions:
        serves = invocations.serves(function, secret, qualifier)
        others = "the Permissions for it are for other secrets, accounts or aliases"
        why = others if invocations.has_any(function) else "there is no Permission for it"
        text = f"Secrets Manager may not invoke {function.label} to rotate {secret.resource.label}: {why}"
        yield from _lacking(renewal, text, min(certainty, serves.opposite), "rotationLambdaArn")


def _allowed(renewal: Renewal, secret: Secret, certainty: Match, stack: Stack) -> Iterator[Finding]:
    for function in renewal.functions:
        for identity in stack.identities.named_by(function, "role", ROLE):
            may = dict(stack.part(RotationRights).of(identity, secret, function))
            for least in (Match.NEVER, Match.MAYBE):
                lacking = ", ".join(action for action, granted in may.items() if granted is least)
                if not lacking:
                    continue
                verb = "lacks" if least is Match.NEVER else "may lack"
                text = f"{identity.label}, as which {function.label} runs, {verb} for {secret.resource.label}: {lacking}"
                yield from _lacking(renewal, text, min(certainty, least.opposite), "policy")


def _lacking(renewal: Renewal, text: str, certainty: Match, property_name: str) -> Iterator[Finding]:
    # Of several functions that it may be, one is.
    if len(renewal.functions) > 1:
        certainty = min(certainty, Match.MAYBE)
    if certainty is Match.ALWAYS:
        yield violated(renewal.urn, text, property=property_name)
    elif certainty:
        yield cannot_decide(renewal.urn, f"{text} (not known yet)", property=property_name, mend=MEND_UNKNOWN)


def _elsewhere(rotation: Resource, stack: Stack) -> Iterator[Finding]:
    value = rotation.read("rotationLambdaArn")
    if value is None or (isinstance(value, str) and not value):
        return
    if not origin(rotation, "rotationLambdaArn", stack.resources).of_type(SERVERLESS_APPLICATION, CLOUDFORMATION_STACK):
        text = f"the function of {rotation.label} is not of this stack, so whether it can rotate is not seen here"
        yield cannot_decide(rotation.urn, text, property="rotationLambdaArn")
