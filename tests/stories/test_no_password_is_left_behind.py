"""What an auditor gets: no password that was ever current stands in state, in a log, in an output or in the server's log."""

import pytest

pytestmark = pytest.mark.story


def test_no_password_that_was_ever_current_is_in_state_logs_or_outputs(cloud):
    canaries = set()
    printed = []
    for service in ("billing", "reports"):
        for _ in range(2):
            canaries.add(cloud.value(service, "database")["password"])
            printed.append(cloud.keyturn("rotate", f"local/{service}/database"))
        canaries.add(cloud.value(service, "database")["password"])
    canaries.add(cloud.administrator_password())

    exported = cloud.pulumi("stack", "export", "--stack", "local", "--show-secrets")
    printed += [
        exported,
        cloud.pulumi("up", "--stack", "local", "--yes", "--diff"),
        cloud.pulumi("stack", "output", "--stack", "local", "--json", "--show-secrets"),
    ]

    places = {"printed": "\n".join(answer.stdout + answer.stderr for answer in printed), **cloud.logs()}
    assert exported.returncode == 0
    assert len(canaries) == 7
    assert any("ALTER ROLE" in text for text in places.values())  # the server does log what it was told
    assert {where for where, text in places.items() for canary in canaries if canary in text} == set()
