"""What leaves a stack to be compared with others: names and roles, no value, nothing that is marked secret."""

import json

import pytest

from policies.pack.graph.manifest import InvalidManifestError, Manifest, StackFacts, manifests
from policies.pack.values import UNKNOWN, Marked
from tests.policies.program import ROLE_POLICY, Program, document, statement
from tests.policies.reading import with_value

CANARY = "kt-canary-3f9a"
TAGS = {"keyturn:environment": "dev", "keyturn:service": "billing"}
FOREIGN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:dev/reports/database-??????"


def program_with_everything(deployed):
    program = Program(deployed=deployed, environment="dev")
    secret = program.secret(kmsKeyId="alias/own", tags=TAGS)
    role = program.role("billing", tags=TAGS)
    program.grant(role, secret)
    program.add(ROLE_POLICY, "month-end", {"role": "billing", "policy": document(statement(FOREIGN))}, made_from={"role": [role]})
    server = program.add("pulumi:providers:vault", "vault", {"address": "https://vault.example.com"})
    program.add("vault:appRole/authBackendRole:AuthBackendRole", "login", {"roleName": "billing", "backend": "apps"}, provider=server)
    return program


def test_a_manifest_says_what_a_stack_makes_reads_and_uses():
    manifest = Manifest(program_with_everything(deployed=True).stack()).as_json()

    whose = {"environment": "dev", "service": "billing", "isKnown": True}
    urn = "urn:pulumi:dev::shop::{}".format
    database = urn("aws:secretsmanager/secret:Secret::database")
    assert manifest == {
        "version": 1,
        "project": "shop",
        "stack": "dev",
        "environment": "dev",
        "secrets": [
            {
                **whose,
                "urn": database,
                "label": 'Secret "database"',
                "name": "dev/billing/database",
                "arn": Program.arn("dev/billing/database"),
                "account": "111122223333",
                "region": "eu-central-1",
                "readers": [{**whose, "urn": urn("aws:iam/role:Role::billing"), "label": 'Role "billing"', "isCertain": True}],
            }
        ],
        "reads": [
            {
                **whose,
                "urn": urn("aws:iam/rolePolicy:RolePolicy::month-end"),
                "property": "policy",
                "label": 'Role "billing"',
                "text": FOREIGN,
                "isCertain": True,
            }
        ],
        "keys": [{**whose, "urn": database, "label": 'Secret "database"', "key": "alias/own"}],
        "vaultRoles": [
            {
                "environment": "dev",
                "isKnown": True,
                "urn": urn("vault:appRole/authBackendRole:AuthBackendRole::login"),
                "label": 'AuthBackendRole "login"',
                "name": "auth/apps/role/billing",
                "server": "https://vault.example.com",
            }
        ],
    }


@pytest.mark.parametrize("deployed", [False, True])
def test_a_manifest_comes_back_from_its_text_as_it_was(deployed):
    manifest = Manifest(program_with_everything(deployed).stack())

    again = StackFacts.from_json(json.dumps(manifest.as_json()))

    assert again.as_json() == manifest.as_json()


def test_nothing_that_is_marked_secret_leaves_the_stack():
    program = program_with_everything(deployed=True)
    places = [
        (resource, name) for resource in program.resources for name, value in resource.inputs.items() if isinstance(value, str | dict)
    ]

    def hidden(value):
        if isinstance(value, dict):
            return Marked({key: f"{element}{CANARY}" for key, element in value.items()})
        return Marked(value.replace("billing", CANARY).replace("reports", CANARY).replace("own", CANARY).replace("vault", CANARY))

    for resource, name in places:
        changed = with_value(program, resource.urn, (name,), hidden)

        assert CANARY not in json.dumps(Manifest(changed.stack()).as_json()), (resource.urn, name)


def test_what_is_not_known_yet_is_left_out(program):
    program.secret(kmsKeyId=UNKNOWN, tags=UNKNOWN)
    role = program.role("billing")
    program.add(ROLE_POLICY, "invoked", {"role": "billing", "policy": UNKNOWN}, made_from={"role": [role]})

    manifest = Manifest(program.stack())

    held, read, key = manifest.secrets[0], manifest.reads[0], manifest.keys[0]
    assert (held.name, held.arn, held.account, held.region, held.is_known) == ("dev/billing/database", None, None, None, False)
    assert (read.text, read.is_certain) == (None, False)
    assert key.key is None
    assert "arn" not in manifest.as_json()["secrets"][0]


def test_states_that_are_judged_together_have_a_manifest_each(deployed):
    deployed.secret()
    deployed.beside("prod").secret(physical="prod/billing/database")

    found = manifests(deployed.stack())

    assert [(one.label, [secret.name for secret in one.secrets]) for one in found] == [
        ('stack "shop/dev"', ["dev/billing/database"]),
        ('stack "shop/prod"', ["prod/billing/database"]),
    ]


def test_a_read_of_what_another_state_makes_is_no_own_read(deployed):
    other = deployed.beside("dev", "reports")
    other.secret(physical="dev/reports/database")
    deployed.inline(deployed.role("billing"), document(statement(FOREIGN)))

    reads = {one.project: [read.text for read in one.reads] for one in manifests(deployed.stack())}

    assert reads == {"shop": [FOREIGN], "reports": []}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{", "Invalid JSON"),
        ("[]", "the whole: "),
        ({"project": "shop", "stack": 1}, "stack: "),
        ({"project": "shop", "stack": "dev", "version": 2}, "version: "),
        ({"project": "shop", "stack": "dev", "secrets": [{"urn": "x", "label": ["kt-canary-3f9a"]}]}, "secrets.0.label: "),
        ({"project": "shop", "stack": "dev", "secret": []}, "secret: "),
        ({"project": {1, 2}}, "it is no JSON"),
    ],
)
def test_what_is_no_manifest_is_refused_by_field_and_without_its_values(given, problem):
    with pytest.raises(InvalidManifestError) as refused:
        StackFacts.from_json(given)

    assert problem in str(refused.value)
    assert CANARY not in str(refused.value)
