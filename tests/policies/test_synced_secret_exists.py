"""What a case cannot say about ExternalSecrets: no message shows a name that is marked secret."""

import pytest

from policies.pack.values import Marked
from policies.rules.synced_secret_exists import policy as rule
from tests.policies.cluster import store, synced, vault

NAME = "dev/billing/acquisition"
SLIP = "dev/billing/acquisitoin"


def test_a_name_in_the_clear_is_suggested(any_program, judge):
    any_program.secret("secret", NAME)
    store(any_program)
    synced(any_program, "synced", SLIP)

    assert f'did you mean "{NAME}"?' in judge(rule, any_program).text


@pytest.mark.parametrize(("name", "key"), [(Marked(NAME), SLIP), (NAME, Marked(SLIP))])
def test_a_name_that_is_marked_is_not(any_program, judge, name, key):
    any_program.secret("secret", name)
    store(any_program)
    synced(any_program, "synced", key)

    verdict = judge(rule, any_program)

    assert verdict.answer == "violated"
    assert "acquisition" not in verdict.text


@pytest.mark.parametrize(("property_name", "to"), [("path", "kv/dev/acquisitoin"), ("name", "kv/dev/billing")])
def test_a_place_in_vault_that_is_marked_is_not(any_program, judge, property_name, to):
    if property_name == "path":
        any_program.add("vault:index/mount:Mount", "kv", {"path": Marked("kv/dev/acquisition"), "type": "kv"})
    else:
        any_program.add("vault:index/mount:Mount", "kv", {"path": "kv/dev/billing", "type": "kv"})
        any_program.add("vault:kv/secretV2:SecretV2", "value", {"mount": "kv/dev/billing", "name": Marked("acquisition")})
    store(any_program, spec=vault(path=to))
    synced(any_program, "synced", "acquisitoin")

    verdict = judge(rule, any_program)

    assert verdict.answer == "violated"
    assert "acquisition" not in verdict.text


def test_a_store_whose_name_is_marked_is_not(any_program, judge):
    any_program.secret()
    store(any_program, Marked("acquisition"))
    synced(any_program, "synced", to="acquisitoin")

    verdict = judge(rule, any_program)

    assert verdict.answer == "violated"
    assert "acquisition" not in verdict.text
