"""What the rules look at exists: a property that no provider has is missing on every resource, and the rule would never say so."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from policies.pack.graph.kubernetes_tokens import CUSTOM_RESOURCE, WORKLOADS
from policies.pack.resource import Resource
from policies.rules import rules
from tests.policies.cases import corpus
from tests.policies.program import Verdict
from tests.policies.sdk_names import TOKEN, nested, properties

POLICIES = Path(__file__).parents[2] / "policies"

OF_NO_SDK = {CUSTOM_RESOURCE, "aws:secretsmanager:owningService"}
"""What programs in YAML call an object of any definition, and a tag."""
OF_EVERY_RESOURCE = {"id", "arn", "name", "tags", "tagsAll"}
"""What a resource is called and whose it is is looked for by all of these, whether its type has them or not."""
OF_ANOTHER_KIND = {
    ("aws:cloudtrail/eventDataStore:EventDataStore", "eventSelectors"),
    ("kubernetes:core/v1:Secret", "path"),
    ("vault:kubernetes/authBackendRole:AuthBackendRole", "role"),
}
"""What only one of several kinds has that are looked at in the same way."""


def tokens():
    """Every type token that stands in a file of the policies."""
    nodes = (node for file in POLICIES.rglob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    found = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in (found | WORKLOADS.keys()) - OF_NO_SDK if TOKEN.fullmatch(text)}


@pytest.fixture(scope="module")
def looked_at():
    """The paths that the rules look at in the programs of the corpus, by type."""
    found = defaultdict(set)
    by_name = {rule.name: rule for rule in rules()}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("read", "answer", "hides", "made_from"):
            patch.setattr(Resource, name, recording(getattr(Resource, name), found))
        for case in corpus():
            for when in case.when:
                Verdict(by_name[case.rule], case.program(when), case.settings)
    return {token: paths for token, paths in found.items() if properties(token) is not None}


def recording(method, found):
    def recorded(resource, *path):
        found[resource.type].add(path)
        return method(resource, *path)

    return recorded


def test_every_type_exists():
    found = tokens()

    assert {token for token in found if properties(token) is None} == set()
    assert {token.partition(":")[0] for token in found} >= {"aws", "kubernetes", "random", "vault"}


def test_every_property_that_a_rule_looks_at_exists(looked_at):
    looked_at_and_missing = {
        (token, path[0]) for token, paths in looked_at.items() for path in paths if path[0] not in properties(token) | OF_EVERY_RESOURCE
    }

    assert looked_at_and_missing <= OF_ANOTHER_KIND


def test_every_name_inside_of_a_property_exists(looked_at):
    found = {(token, name) for token, paths in looked_at.items() for path in paths for name in path[1:] if isinstance(name, str)}

    # A key of tags, labels, annotations, options and variables is anybody's to choose.
    assert {(token, name) for token, name in found if name.isidentifier() and name not in nested(token)} <= {
        ("vault:index/audit:Audit", "log_raw"),
        ("vault:index/mount:Mount", "version"),
    }


def test_every_property_that_the_corpus_declares_exists():
    declared = defaultdict(set)
    for case in corpus():
        for when in case.when:
            for resource in case.program(when).resources:
                declared[resource.type].update(resource.inputs)

    known = {token: properties(token) for token in declared if properties(token) is not None}
    assert {(token, name) for token, names in known.items() for name in declared[token] - names} == set()
    assert len(known) > 30


def test_a_type_and_a_property_that_do_not_exist_are_seen():
    assert properties("aws:secretsmanager/secret:Secrets") is None
    assert "kmsKeyId" in properties("aws:secretsmanager/secret:Secret")
    assert "kms_key_id" not in properties("aws:secretsmanager/secret:Secret")
    assert {"secretKeyRef", "envFrom", "subPath"} <= nested("kubernetes:apps/v1:Deployment")
