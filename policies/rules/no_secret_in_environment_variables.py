"""No secret stands in an environment variable, a command or a start-up script.

Whoever may describe a function, a task, a build or a pod reads its environment, and so does everything that runs in it. A value counts as
secret when the program marks it, when it is made from a resource that gives a secret value (a generated password, a private key, an access
key, a secret's version, an encrypted parameter, a Secret of Kubernetes or Vault), also through `Output.all`, `concat`, a component or a
command in between, when it is the known value of a secret of the stack or of its configuration (in base64, too), or when it has a format
that its maker designed to be recognised (`formats`). Names, lengths and entropy say nothing, so nothing is reported for them: there is no
knob for entropy.

Before the first deployment a secret value is not known and has lost its mark: the rule goes by what the property is made from. A generated
password is a violation. Where the resource has public answers, too, as an access key has its id, the rule cannot decide, unless the
variables call themselves references (`..._ARN`, `..._ID`, `..._NAME`). ARNs, paths, URLs without a login and a query, `{{resolve:...}}`
and `valueFrom` hold, marked or not.

It looks at Lambda, ECS, Batch, CodeBuild (type PLAINTEXT), App Runner, Elastic Beanstalk, Amplify, SageMaker, Lightsail, EC2 instances and
launch templates, and the workloads of Kubernetes. It does not see the value of another stack or of an invoke that is neither marked nor of
a known format, nor what was hashed or encrypted in between.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from policies.pack.finding import Finding
from policies.pack.graph.leaks import Leaks
from policies.pack.graph.texts_in_clear import IN_CLEAR, places
from policies.pack.graph.token_formats import PRECISE, Format
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.settings import Settings
from policies.pack.stack import Stack


def _is_looked_at(token: str) -> str:
    if token not in IN_CLEAR:
        raise ValueError("should be a type that the rule knows, e.g. aws:lambda/function:Function")
    return token


class EnvironmentSettings(Settings):
    """Knobs of the rule."""

    types: tuple[Annotated[str, AfterValidator(_is_looked_at)], ...] = IN_CLEAR
    """Type tokens of what is looked at. Default every type that the rule knows."""
    allow_names: tuple[str, ...] = ()
    """Patterns of the variables that may hold such a value, e.g. `PUBLIC_*`. Default none."""
    formats: tuple[Format, ...] = PRECISE
    """Formats that are secret wherever they stand. Default all but `jwt`, since some of those are made to be public."""


@rule(
    id="no-secret-in-environment-variables",
    title="No secret stands in an environment variable",
    severity=Severity.HIGH,
    group=Group.EXPOSURE,
    mend="Hand over the secret's name or ARN and read the value at run time (keyturn.SecretReader), or let the service fetch it: "
    "valueFrom in ECS and Kubernetes, the types PARAMETER_STORE and SECRETS_MANAGER in CodeBuild.",
    references=["NIST 800-53 IA-5(7)", "PCI DSS 8.6.2", "ISO 27001 A.5.17", "ISO 27001 A.8.12", "SOC 2 CC6.1"],
    of=lambda stack: stack.resources.of_type(*IN_CLEAR),
    settings=EnvironmentSettings,
    undecided="advisory",
    early=IN_CLEAR,
)
def policy(resource: Resource, stack: Stack, settings: EnvironmentSettings) -> Iterator[Finding]:
    """Looks at every text that something which runs gets in clear."""
    if resource.type in settings.types:
        for place in places(resource):
            yield from stack.part(Leaks).at(place, formats=settings.formats, allowed=settings.allow_names)
