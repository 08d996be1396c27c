"""A secret is encrypted with a key that the customer holds.

No key, an empty one, `aws/secretsmanager` in any of its forms and any other alias of AWS break the rule, for the secret and for each
of its replicas. A key that is not known before the first deployment holds when it is made from a KMS key or alias of the stack.

What it does not see: whether a key's id, or an ARN with one, is that of a key which AWS manages. Only KMS could tell.
"""

import re
from collections.abc import Iterator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.edges import origin
from policies.pack.graph.secret import Secret
from policies.pack.graph.tokens import KEYS, SECRET
from policies.pack.rule import Group, Level, Severity, rule
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN, Value, elements

# A key's id, its ARN, its alias or the alias' ARN.
_KEY = re.compile(
    r"(?:arn:[^:]+:kms:[^:]*:[^:]*:)?(?:key/)?(?:mrk-[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|(?:arn:[^:]+:kms:[^:]*:[^:]*:)?alias/.+"
)
_OF_AWS = re.compile(r"(?:arn:[^:]+:kms:[^:]*:[^:]*:)?(?:alias/)?aws/.*", re.IGNORECASE)


@rule(
    id="secret-uses-customer-key",
    title="A secret is encrypted with a customer managed key",
    severity=Severity.HIGH,
    group=Group.KEEPING,
    level=Level.PROTECTED,
    mend="Set kmsKeyId to a customer managed key, one for each environment: its policy can demand kms:ViaService, and reading can be "
    "ended by disabling it. The AWS managed key aws/secretsmanager opens every secret of the account.",
    references=["NIST 800-53 SC-12", "NIST 800-53 SC-28(1)", "PCI DSS 8.3.2", "ISO 27001 A.8.24", "SOC 2 CC6.1"],
    of=lambda stack: stack.secrets,
    early=(SECRET,),
)
def policy(secret: Secret, stack: Stack) -> Iterator[Finding]:
    """Looks at the secret's key and at the key of each replica."""
    replicas = elements(secret.resource.read("replicas"))
    yield from _judged(secret, stack, secret.resource.read("kmsKeyId"), "kmsKeyId", "kmsKeyId")
    for position, replica in enumerate(replicas):
        key = UNKNOWN if replica is UNKNOWN else secret.resource.read("replicas", position, "kmsKeyId")
        yield from _judged(secret, stack, key, "replicas", f"replicas[{position}].kmsKeyId")


def _judged(secret: Secret, stack: Stack, key: Value, source: str, shown: str) -> Iterator[Finding]:
    label = secret.resource.label
    if key is UNKNOWN:
        if not origin(secret.resource, source, stack.resources).of_type(*KEYS):
            yield cannot_decide(
                secret.urn, f"the key of {label} is not known yet and is made from no KMS key of this stack", property=shown
            )
    elif not isinstance(key, str) or not key.strip():
        yield violated(secret.urn, f"{label} names no key, so AWS encrypts it with its own, aws/secretsmanager", property=shown)
    elif _OF_AWS.fullmatch(key.strip()):
        yield violated(secret.urn, f"{label} is encrypted with a key that AWS manages", property=shown)
    elif not _KEY.fullmatch(key.strip()):
        yield violated(secret.urn, f"{label} names a key in none of the forms that KMS has: id, ARN or alias", property=shown)
