"""What a case cannot say about policies of Vault: which texts are read, and what no message shows."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.graph.vault_areas import Area
from policies.pack.graph.vault_policy import MalformedPolicyError, PathRule, path_rules
from policies.pack.values import Marked
from policies.rules.vault_policy_is_exact import policy as rule
from tests.policies.program import Program, Verdict

WIDE = 'path "kv/dev/*" { capabilities = ["read"] }'


def judged(policy, *mounts):
    program = Program()
    for position, mount in enumerate(mounts):
        program.add("vault:index/mount:Mount", f"mount-{position}", {"path": mount, "type": "kv"})
    program.add("vault:index/policy:Policy", "shared", {"name": "shared", "policy": policy})
    return Verdict(rule, program)


def test_a_text_says_path_by_path_what_may_be_done():
    text = """
    # what billing reads
    path "kv/dev/billing/data/*" {
      capabilities = ["read", "list"] // and no more
    }
    path "auth/token/renew-self" { policy = "write" }
    """

    assert path_rules(text) == (
        PathRule("kv/dev/billing/data/*", frozenset({"read", "list"})),
        PathRule("auth/token/renew-self", frozenset({"create", "read", "update", "delete", "list"})),
    )


@pytest.mark.parametrize("text", ["[" * 20000, "{" * 20000, 'path "a" ' * 8000, "x" * 70000, '{"path": {}, "path": {}}', "\x00", "}"])
def test_a_hostile_text_is_malformed_and_nothing_worse(text):
    with pytest.raises(MalformedPolicyError):
        path_rules(text)


@settings(max_examples=100, deadline=None)
@given(
    some.dictionaries(some.text("abc/+*", min_size=1, max_size=12), some.sets(some.sampled_from(["read", "list", "update"])), max_size=4)
)
def test_hcl_and_json_say_the_same(said):
    as_json = json.dumps({"path": {path: {"capabilities": sorted(words)} for path, words in said.items()}})
    as_hcl = "\n".join(f"path {json.dumps(path)} {{ capabilities = {json.dumps(sorted(words))} }}" for path, words in said.items())

    assert path_rules(as_json) == path_rules(as_hcl or "# nothing")


SEGMENTS = ["a", "b", "ab"]


def opens(pattern, path):
    """What Vault does, part by part: https://developer.hashicorp.com/vault/docs/concepts/policies#policy-syntax."""
    if pattern.endswith("*"):
        parts, given = pattern[:-1].split("/"), path.split("/")
        head = all(part in ("+", other) for part, other in zip(parts[:-1], given, strict=False))
        return len(given) >= len(parts) and head and "/".join(given[len(parts) - 1 :]).startswith(parts[-1])
    return len(pattern.split("/")) == len(path.split("/")) and all(
        part in ("+", other) for part, other in zip(pattern.split("/"), path.split("/"), strict=True)
    )


@given(
    some.lists(some.sampled_from([*SEGMENTS, "+"]), min_size=1, max_size=4),
    some.sampled_from(["", "*", "/*"]),
    some.lists(some.sampled_from(SEGMENTS), min_size=1, max_size=3),
)
def test_an_area_is_touched_when_some_path_below_it_is_opened(segments, end, area):
    pattern = "/".join(segments) + end
    depth = max(len(segments) - len(area), 0)
    below = ["/".join([*area, *more]) for more in _paths(depth + 1)]

    touched = Area(tuple(area), "billing").is_touched_by(PathRule(pattern, frozenset({"read"})))

    if not (end == "*" and segments[-1] == "+"):  # Vault reads `+*` as one part that begins with a plus
        assert touched is any(opens(pattern, path) for path in ["/".join(area), *below])


def _paths(depth):
    found = [[]]
    for _ in range(depth):
        found += [[*path, segment] for path in found for segment in SEGMENTS if [*path, segment] not in found]
    return found[1:]


def test_a_path_of_a_mount_that_is_marked_secret_is_not_shown():
    verdict = judged(WIDE, Marked("kv/dev/acquisition"), "kv/dev/billing")

    assert verdict.answer == "violated"
    assert "acquisition" not in verdict.text


def test_a_text_that_is_marked_secret_is_judged_and_not_shown():
    verdict = judged(Marked('path "kv/dev/acquisition*" { capabilities = ["read"] }'))

    assert verdict.answer == "violated"
    assert "acquisition" not in verdict.text
