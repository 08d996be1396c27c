"""No secret's value is written into the program.

A value that is known before anything is deployed was in somebody's hands: it is in the repository or in the configuration, in the state and
in the engine's memory on every machine that deploys. The sound way is an empty container whose first rotation mints the value, or into
which a person writes it out of band (`keyturn set`).

Violated: the value is known and not marked secret, so that state and pull request show it; or a parameter of the type `String`, which
everybody may read in clear, is made from a secret value, holds one, or has the format of one.

Cannot decide: the value is known and marked, and nothing in the stack made it. Providers' SDKs mark whatever a program writes into such a
property, so a literal in the program looks exactly like a secret of the configuration. The same holds for write-only inputs
(`secretStringWo`): they stay out of the provider's state and in the program all the same. `ignoreChanges` changes what later updates write,
not where the first value comes from. A value that is not known yet and is made from no secret may hold a literal in one of its fields.

Holds: values made from a generated password, another secret, a command or another stack's output; place holders such as `changeme`
or `{}`; references. What it does not see: the values of types that the rule does not know, and what a provider itself marks nowhere.
"""

from collections.abc import Iterator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.kubernetes_tokens import SECRETS as KUBERNETES_SECRETS
from policies.pack.graph.leaks import Leaks, Place
from policies.pack.graph.leaves import Leaf, asked, leaves
from policies.pack.graph.secret_values import GIVEN, decoded, has_given_value, is_readable, is_secure, is_set, secret_fields
from policies.pack.graph.taint import Taint
from policies.pack.graph.token_formats import format_of
from policies.pack.graph.tokens import PARAMETER
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN

_MEND_LITERAL = (
    "Create the secret empty and write its value out of band (keyturn set), or let its rotation make it. When the value is a secret of the "
    "configuration already, say so with an exemption."
)


def _subjects(stack: Stack) -> list[Resource]:
    parameters = stack.resources.of_type(PARAMETER)
    others = stack.resources.of_type(*(token for token in GIVEN if token != PARAMETER))
    return [*parameters, *(resource for resource in others if has_given_value(resource))]


@rule(
    id="no-plaintext-value",
    title="No secret's value is written into the program",
    severity=Severity.CRITICAL,
    group=Group.EXPOSURE,
    mend="Create the secret empty: its rotation makes the first value, or a person writes it out of band (keyturn set). A parameter that "
    "holds a secret has the type SecureString.",
    references=["NIST 800-53 IA-5(7)", "NIST 800-53 SC-28", "PCI DSS 8.6.2", "PCI DSS 8.3.2", "ISO 27001 A.5.17", "SOC 2 CC6.1"],
    of=_subjects,
    undecided="advisory",
    early=tuple(GIVEN),
)
def policy(resource: Resource, stack: Stack) -> Iterator[Finding]:
    """Looks at every input that holds the value of a secret, and at parameters that everybody may read."""
    if resource.type == PARAMETER:
        yield from _in_clear(resource, stack)
        if not is_secure(resource):
            return
    for name in GIVEN[resource.type]:
        if asked(resource, name) is not None:
            yield from _judged(resource, name, stack)


def _judged(resource: Resource, name: str, stack: Stack) -> Iterator[Finding]:
    is_base64 = resource.type in KUBERNETES_SECRETS and name == "data"
    found = [leaf for leaf in leaves(asked(resource, name), name) if _is_value(leaf, is_base64=is_base64)]
    plain = {leaf.path for leaf in found if leaf.value is not UNKNOWN and not leaf.is_marked}
    for path in sorted(plain):
        yield violated(resource.urn, f"{resource.label} gets a value in clear that is known and not marked secret", property=path)
    flow = stack.part(Taint).of(resource, name)
    comes_from_elsewhere = flow.sources or (flow.is_open and resource.made_from(name))
    if plain or not found or comes_from_elsewhere:
        return
    if all(leaf.value is UNKNOWN for leaf in found):
        why = "is not known yet and is made from no secret of this stack: a part of it may be a text of the program"
    elif any(leaf.value is UNKNOWN for leaf in found):
        why = "is known in part, and no secret of this stack went into it"
    else:
        why = "is known before anything made it: a text of the program, or a secret of its configuration"
    yield cannot_decide(resource.urn, f"the value of {resource.label} {why}", property=name, mend=_MEND_LITERAL)


def _is_value(leaf: Leaf, *, is_base64: bool) -> bool:
    """Tells whether something is a value that somebody could keep secret."""
    if leaf.value is UNKNOWN:
        return True
    text = decoded(leaf.text) if is_base64 else leaf.text
    if not is_readable(text) or not (is_set(text) or format_of(text)):
        return False
    fields = secret_fields(text)
    return not fields or any(is_set(field.text) or format_of(field.text) for field in fields)


def _in_clear(parameter: Resource, stack: Stack) -> Iterator[Finding]:
    """Judges what everybody may read: `insecureValue`, and the value of a parameter that is not encrypted."""
    what = f"{parameter.label}, which is not encrypted,"
    insecure = tuple(leaves(asked(parameter, "insecureValue"), "insecureValue"))
    yield from stack.part(Leaks).at(Place(parameter, "insecureValue", what, insecure, takes_references=True))
    kind = parameter.read("type")
    if is_secure(parameter) and kind is not UNKNOWN:
        return
    # Its SDK marks the value of every parameter, so here the mark says nothing.
    value = tuple(Leaf(leaf.path, leaf.name, leaf.value, is_marked=False) for leaf in leaves(asked(parameter, "value"), "value"))
    for finding in stack.part(Leaks).at(Place(parameter, "value", what, value, takes_references=True)):
        if kind is UNKNOWN:
            yield cannot_decide(
                parameter.urn, f"whether {parameter.label} is encrypted is not known yet, and it is secret", property="type"
            )
            return
        yield finding
