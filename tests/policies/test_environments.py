"""Which environment a name, a path or a stack speaks of."""

import pytest

from policies.pack.graph.environments import Belongings, Environments

PLACES = {
    "prod": Belongings(stacks=("shop/live", "main"), accounts=("999988887777",), prefixes=("pd-", "production/")),
    "sandbox": Belongings(prefixes=("production/sandbox/",)),
}


@pytest.fixture
def known(program):
    program.environment = "blue"
    program.component("SecretEnvironment", "green", environment="green")
    return Environments(program.stack(), PLACES)


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("dev/billing/database", "dev"),
        ("/dev/billing/database", "dev"),
        ("blue/billing/database", "blue"),
        ("green/*", "green"),
        ("prod/", "prod"),
        ("pd-billing", "prod"),
        ("production/billing", "prod"),
        ("production/sandbox/billing", "sandbox"),
        ("/production/billing", "prod"),
        ("dev", None),
        ("develop/billing", None),
        ("dev-tools/billing", None),
        ("dev*/billing", None),
        ("de?/billing", None),
        ("*", None),
        ("shop/dev/billing", None),
        ("red/billing/database", None),
        ("", None),
    ],
)
def test_a_name_speaks_of_an_environment_by_its_first_part_or_a_prefix(known, name, environment):
    assert known.of_name(name) == environment


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("kv/dev/billing", "dev"),
        ("kv/data/dev/billing", "dev"),
        ("dev/data/billing", "dev"),
        ("/kv/dev/", "dev"),
        ("kv/dev", None),
        ("kv/data/billing/dev/x", None),
        ("kv/data/billing", None),
        ("sys/policies", None),
    ],
)
def test_a_path_in_vault_speaks_of_an_environment_by_one_of_its_first_parts(known, path, environment):
    assert known.of_path(path) == environment


@pytest.mark.parametrize(
    ("project", "stack", "environment"),
    [("shop", "live", "prod"), ("other", "main", "prod"), ("other", "live", None), ("shop", "prod", None)],
)
def test_a_stack_belongs_to_the_environment_that_the_configuration_says_and_its_name_says_nothing(known, project, stack, environment):
    assert known.of_stack(project, stack) == environment
