"""No secret's value is written into the program.

A value that is known before anything is deployed was in somebody's hands: it is in the repository or in the configuration, in the state and
in the engine's memory on every machine that deploys. The sound way is an empty container whose first rotation mints the value, or into
which a person writes it out of band (`keyturn set`).

Violated: the value is known and not marked secret, so that state and pull request show it; or it is a text that the program brings
along: known, made from no resource, and none of the stack's secret configuration values, nor made of one; or a parameter of the type
`String`, which everybody may read in clear, is made from a secret value, holds one, or has the format of one.

Providers' SDKs mark whatever a program writes into such a property, so the mark tells nothing here. What tells a text of the program from
a secret of the configuration is the configuration, which the engine shows in clear: of its secrets the rule keeps keyed digests for the
length of the operation. What the program read from a file or a variable, or asked of an invoke, is a text that it brings along, too, and
so is a hash of a secret of the configuration.

Cannot decide: the value is, or holds, a secret of the configuration; or the configuration is not shown, as when a state is judged. The
same holds for write-only inputs (`secretStringWo`): they stay out of the provider's state and in the program all the same.
`ignoreChanges` changes what later updates write, not where the first value comes from; whether that was the program nobody can tell later.
A value that is not known yet and is made from no secret may hold a literal in one of its fields.

Holds: values made from a generated password, another secret, a command or another stack's output; place holders such as `changeme`
or `{}`; references. What it does not see: the values of types that the rule does not know, and what a provider itself marks nowhere.
"""

from collections.abc import Iterator

from policies.pack.finding import Finding, cannot_decide, violated
from policies.pack.graph.kubernetes_tokens import SECRETS as KUBERNETES_SECRETS
from policies.pack.graph.leaks import Leaks, Place
from policies.pack.graph.leaves import Leaf, asked, leaves
from policies.pack.graph.secret_values import (
    GIVEN,
    VAULT_ENDPOINT,
    decoded,
    has_given_value,
    is_readable,
    is_secret_field,
    is_secure,
    is_set,
    secret_fields,
)
from policies.pack.graph.taint import Taint
from policies.pack.graph.token_formats import format_of
from policies.pack.graph.tokens import PARAMETER
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.secret_configuration import SecretConfiguration
from policies.pack.stack import Stack
from policies.pack.values import UNKNOWN

_MEND_LITERAL = (
    "Create the secret empty and write its value out of band (keyturn set), or let its rotation make it. When the value is a secret of the "
    "configuration already, say so with an exemption."
)
_MEND_WRITTEN = (
    "Create the secret empty and write its value out of band (keyturn set), or let its rotation make it; and change the value, for it was "
    "in the repository. What the program reads from elsewhere looks the same: until it is gone, make it a secret of the configuration."
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
    found = [leaf for leaf in leaves(asked(resource, name), name) if leaf.value is UNKNOWN or _is_value(_text(leaf, resource, name))]
    plain = {leaf.path for leaf in found if leaf.value is not UNKNOWN and not leaf.is_marked}
    for path in sorted(plain):
        yield violated(resource.urn, f"{resource.label} gets a value in clear that is known and not marked secret", property=path)
    flow = stack.part(Taint).of(resource, name)
    comes_from_elsewhere = flow.sources or (flow.is_open and resource.made_from(name))
    if plain or not found or comes_from_elsewhere:
        return
    configuration = stack.secret_configuration
    written = _written(resource, name, found, configuration)
    for path in sorted(written):
        text = f"the value of {resource.label} is a text of the program: nothing made it, and it is no secret of the configuration"
        yield violated(resource.urn, text, property=path, mend=_MEND_WRITTEN)
    if written:
        return
    if all(leaf.value is UNKNOWN for leaf in found):
        why = "is not known yet and is made from no secret of this stack: a part of it may be a text of the program"
    elif any(leaf.value is UNKNOWN for leaf in found):
        why = "is known in part, and no secret of this stack went into it"
    elif resource.made_from(name):
        why = "is known, and made from what keeps no secret"
    elif configuration is not None and any(configuration.may_be_in(_text(leaf, resource, name)) for leaf in found):
        why = "passes through Pulumi: it is a secret of the configuration, or made of one"
    else:
        why = "is known before anything made it: a text of the program, or a secret of its configuration"
    yield cannot_decide(resource.urn, f"the value of {resource.label} {why}", property=name, mend=_MEND_LITERAL)


def _text(leaf: Leaf, resource: Resource, name: str) -> str:
    return decoded(leaf.text) if resource.type in KUBERNETES_SECRETS and name == "data" else leaf.text


def _is_value(text: str) -> bool:
    """Tells whether a text is a value that somebody could keep secret."""
    if not is_readable(text) or not (is_set(text) or format_of(text)):
        return False
    fields = secret_fields(text)
    return not fields or any(is_set(field.text) or format_of(field.text) for field in fields)


def _written(resource: Resource, name: str, found: list[Leaf], configuration: SecretConfiguration | None) -> set[str]:
    """Gives where texts of the program stand: nothing made them, and the configuration of the stack does not hold them.

    Where the engine leaves a property as it is, it shows the state and not the program. An endpoint of Vault takes settings, too.
    """
    is_kept = any(ignored.startswith(name) for ignored in resource.ignore_changes)
    if configuration is None or is_kept or resource.made_from(name) or resource.type == VAULT_ENDPOINT:
        return set()
    known = [leaf for leaf in found if leaf.value is not UNKNOWN and (not leaf.name or is_secret_field(leaf))]
    texts = ((leaf.path, text) for leaf in known for text in _secret_texts(_text(leaf, resource, name)))
    return {path for path, text in texts if not configuration.may_be_in(text) and not configuration.may_be_in(decoded(text))}


def _secret_texts(text: str) -> list[str]:
    """Gives what is secret in a text: the fields of a JSON object that say so, or the whole of any other text."""
    fields = secret_fields(text)
    return [field.text for field in fields if is_secret_field(field) and is_set(field.text)] if fields else [text]


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
