"""No secret's value stands in a name, a tag, a description, a filter or a policy.

Names and tags are the widest read of all: they are in every list, in bills, in logs and in the audit trail, and who may describe a resource
sees them. What is a secret value is told as for environment variables: by the program's mark, by what the property is made from, by a
secret value of the stack, or of its configuration, found again, by a known format. A random suffix (RandomString, RandomId, RandomPet) is
no secret.

It looks at the metadata of every type of resource: names and prefixes of names, tags (also those that a provider puts on everything),
descriptions and comments, filter patterns of logs, dashboards and queries, and the text of policies, where ARNs of secrets belong.
Annotations and labels of Kubernetes are the business of `no-secret-in-manifests`. Before the first deployment it does not see what an
invoke such as `get_policy_document` puts into a policy.
"""

from collections.abc import Iterator
from typing import Final

from policies.pack.finding import Finding
from policies.pack.graph.leaks import Leaks, Place
from policies.pack.graph.leaves import asked, leaves
from policies.pack.resource import Resource
from policies.pack.rule import Group, Severity, rule
from policies.pack.stack import Stack

_METADATA: Final = frozenset(
    {
        *("name", "namePrefix", "displayName", "title", "bucket", "bucketPrefix", "family", "path", "groupName", "identifier"),
        *("identifierPrefix", "clusterIdentifier", "tags", "description", "comment", "alarmDescription", "pattern", "filterPattern"),
        *("dashboardName", "dashboardBody", "queryString"),
    }
)
_POLICIES: Final = frozenset({"policy", "assumeRolePolicy", "accessPolicies", "resourcePolicy", "policyDocument"})
_SHOWN: Final = _METADATA | _POLICIES
# What a provider puts on every resource; all else that it gets is how it logs in.
_SHOWN_BY_PROVIDERS: Final = frozenset({"defaultTags"})
_PROVIDERS: Final = "pulumi:providers:"


@rule(
    id="no-secret-in-metadata",
    title="No secret stands in a name, a tag, a description or a policy",
    severity=Severity.HIGH,
    group=Group.EXPOSURE,
    mend="Take the value out: name things by environment, service and purpose, with a RandomId for a suffix, and refer to a secret by its "
    "name or ARN. A value that is no secret does not need the mark.",
    references=["NIST 800-53 IA-5(7)", "SOC 2 CC6.7"],
    of=lambda stack: [one for one in stack.resources if not one.type.startswith("pulumi:") or one.type.startswith(_PROVIDERS)],
    undecided="advisory",
)
def policy(resource: Resource, stack: Stack) -> Iterator[Finding]:
    """Looks at the metadata of one resource."""
    leaks, shown = stack.part(Leaks), _SHOWN_BY_PROVIDERS if resource.type.startswith(_PROVIDERS) else _SHOWN
    for name in resource.outputs if resource.inputs is None else resource.inputs:
        if name in shown and leaks.may_be_at(resource, name):
            texts = tuple(leaves(asked(resource, name), name))
            is_policy = name in _POLICIES
            place = Place(resource, name, f"{name} of {resource.label}", texts, takes_references=is_policy, may_be_invoked=is_policy)
            yield from leaks.at(place)
