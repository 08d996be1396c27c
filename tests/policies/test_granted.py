"""Who may do what, against an evaluator of IAM that is written here, without patterns, gaps or an index.

The graph never says "never" where IAM allows, nor "for certain" where IAM denies.
"""

from fnmatch import fnmatchcase

from hypothesis import given, settings
from hypothesis import strategies as some

from policies.pack.graph.keys import Keys
from policies.pack.graph.patterns import Match
from policies.pack.graph.writers import Writers
from tests.policies.program import ACCOUNT, KEY, ROLE_POLICY, SECRET_POLICY, Program, document

SECRETS = {"dev/billing/database": "billing", "dev/billing/database-replica": "billing", "dev/reports/database": "reports"}
ROLES = {"billing": "billing", "reports": None}
ARNS = {name: Program.arn(name) for name in SECRETS}
KEY_ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ACTIONS = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "kms:Decrypt"]

ACTION_PATTERNS = [*ACTIONS, "*", "secretsmanager:*", "secretsmanager:Get*", "SECRETSMANAGER:getsecretvalue", "kms:*", "s3:GetObject"]
RESOURCE_PATTERNS = [
    *ARNS.values(),
    KEY_ARN,
    "*",
    "arn:aws:s3:::logs",
    "arn:aws:kms:*:*:key/*",
    "arn:aws:secretsmanager:*:*:secret:dev/billing/*",
    f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database-??????",
    f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dev/billing/database-*",
    f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:*",
]
PRINCIPALS = ["*", {"AWS": "*"}, {"AWS": ROOT}, *({"AWS": f"arn:aws:iam::{ACCOUNT}:role/{name}"} for name in ROLES)]
CONDITIONS = [
    {"StringEquals": {"aws:ResourceTag/service": "billing"}},
    {"StringEquals": {"aws:ResourceTag/service": ["reports", "ops"]}},
    {"StringEquals": {"aws:ResourceTag/service": "${aws:PrincipalTag/service}"}},
    {"StringLike": {"secretsmanager:ResourceTag/service": "b*"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/b*"}},
    {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/billing"}},
    {"StringEquals": {"aws:ResourceTag/service": "billing", "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/reports"}},
]


def one_or_more(values):
    return some.sampled_from(values) | some.lists(some.sampled_from(values), min_size=1, max_size=2)


@some.composite
def a_statement(draw, *, with_principal=False):
    action, resource = draw(some.sampled_from(["Action", "NotAction"])), draw(some.sampled_from(["Resource", "NotResource"]))
    said = {
        "Effect": draw(some.sampled_from(["Allow", "Allow", "Deny"])),
        action: draw(one_or_more(ACTION_PATTERNS)),
        resource: draw(one_or_more(RESOURCE_PATTERNS)),
    }
    if with_principal:
        said["Principal"] = draw(some.sampled_from(PRINCIPALS))
    if draw(some.booleans()):
        said["Condition"] = draw(some.sampled_from(CONDITIONS))
    return said


@some.composite
def a_world(draw):
    """Documents by role, policies by secret, and the policy of a key: None where there is none."""
    documents = {name: draw(some.lists(a_statement(), max_size=3)) for name in ROLES}
    policies = {name: draw(some.none() | some.lists(a_statement(with_principal=True), min_size=1, max_size=2)) for name in SECRETS}
    return documents, policies, draw(some.none() | some.lists(a_statement(with_principal=True), min_size=1, max_size=3))


def program_of(world, *, deployed=True):
    documents, policies, key_policy = world
    program = Program(deployed=deployed)
    for name, service in SECRETS.items():
        secret = program.secret(name, name, tags={"service": service})
        if policies[name] is not None:
            inputs = {"secretArn": program.later(program.arn_of(secret)), "policy": document(*policies[name])}
            program.add(SECRET_POLICY, name, inputs, made_from={"secretArn": [secret]})
    for name, service in ROLES.items():
        program.role(name, tags={} if service is None else {"service": service})
        program.add(ROLE_POLICY, name, {"role": name, "policy": document(*documents[name])})
    inputs = {"tags": {"service": "billing"}, **({} if key_policy is None else {"policy": document(*key_policy)})}
    program.add(KEY, "key", inputs, outputs={**inputs, "arn": program.later(KEY_ARN)})
    return program


class Request:
    """One call, as IAM sees it."""

    def __init__(self, role, action, arn, service):
        self.role, self.action, self.arn, self.service = role, action, arn, service
        self.caller = f"arn:aws:iam::{ACCOUNT}:role/{role}"

    def is_meant_by(self, said):
        return self._is_listed(said, "Action", self.action.lower(), str.lower) and self._is_listed(said, "Resource", self.arn, str)

    def names(self, said):
        principal = said["Principal"]
        return principal == "*" or principal["AWS"] in ("*", self.caller)

    def fulfils(self, said):
        return all(
            self._fulfils(operator, key, as_list(values))
            for operator, tests in said.get("Condition", {}).items()
            for key, values in tests.items()
        )

    def _is_listed(self, said, name, value, spelt):
        is_listed = any(fnmatchcase(value, spelt(pattern)) for pattern in as_list(said.get(name, said.get(f"Not{name}"))))
        return is_listed == (name in said)

    def _fulfils(self, operator, key, values):
        if key == "aws:PrincipalArn":
            is_one = any(fnmatchcase(self.caller, value) for value in values)
            return is_one != (operator == "ArnNotEquals")
        own = ROLES[self.role]
        wanted = [own if value.startswith("$") else value for value in values]
        if key.startswith("secretsmanager:") and self.action.startswith("kms:"):
            return False
        return any(value is not None and fnmatchcase(self.service, value) for value in wanted)


def as_list(value):
    return value if isinstance(value, list) else [value]


def allows(request, world, *, of_secret=None):
    """Whether IAM allows a call on a secret, or on the key."""
    documents, policies, key_policy = world
    by_identity = [said for said in documents[request.role] if request.is_meant_by(said) and request.fulfils(said)]
    beside = policies[of_secret] if of_secret else key_policy
    said_beside = [said for said in beside or [] if request.is_meant_by(said) and request.fulfils(said)]
    by_resource = [said for said in said_beside if request.names(said)]
    if any(said["Effect"] == "Deny" for said in by_identity + by_resource):
        return False
    if any(said["Principal"] == {"AWS": ROOT} and said["Effect"] == "Deny" for said in said_beside):
        return False
    iam_decides = of_secret is not None or beside is None or any(said["Principal"] == {"AWS": ROOT} for said in said_beside)
    return bool(by_resource) or (iam_decides and bool(by_identity))


def certainty(readers, role):
    """What the graph says of a role; everybody may be this one."""
    own = [reader.certainty for reader in readers if reader.identity.resource is not None and reader.identity.resource.name == role]
    everybody = [min(Match.MAYBE, reader.certainty) for reader in readers if reader.identity.is_many]
    return max([*own, *everybody], default=Match.NEVER)


def assert_agrees(said, is_allowed):
    assert (said, is_allowed) not in ((Match.NEVER, True), (Match.ALWAYS, False))


@settings(max_examples=150, deadline=None)
@given(a_world())
def test_what_the_graph_says_of_a_secret_is_what_iam_does(world):
    stack = program_of(world).stack()

    for secret in stack.secrets:
        for role in ROLES:
            for action in ACTIONS[:2]:
                request = Request(role, action, ARNS[secret.name], SECRETS[secret.name])
                assert_agrees(certainty(stack.granted(secret, action.lower()), role), allows(request, world, of_secret=secret.name))


@settings(max_examples=150, deadline=None)
@given(a_world())
def test_what_the_graph_says_of_a_key_is_what_iam_does(world):
    keys = program_of(world).stack().part(Keys)

    for role in ROLES:
        request = Request(role, "kms:Decrypt", KEY_ARN, "billing")
        assert_agrees(certainty(keys.granted(keys.all[0], "kms:decrypt"), role), allows(request, world))


@settings(max_examples=60, deadline=None)
@given(a_world())
def test_what_is_not_known_before_the_first_deployment_makes_doubt_and_no_error(world):
    after, before = program_of(world).stack(), program_of(world, deployed=False).stack()

    for deployed, planned in zip(after.secrets, before.secrets, strict=True):
        for role in ROLES:
            said = certainty(before.granted(planned), role), certainty(after.granted(deployed), role)
            assert said not in ((Match.NEVER, Match.ALWAYS), (Match.ALWAYS, Match.NEVER))
    for role in ROLES:
        keys = [stack.part(Keys) for stack in (before, after)]
        said = tuple(certainty(each.granted(each.all[0]), role) for each in keys)
        assert said not in ((Match.NEVER, Match.ALWAYS), (Match.ALWAYS, Match.NEVER))


@settings(max_examples=60, deadline=None)
@given(a_world())
def test_what_is_said_of_all_writing_at_once_is_what_is_said_of_each_action(world):
    stack = program_of(world).stack()
    writers = stack.part(Writers)

    for secret in stack.secrets:
        for action in ("secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret"):
            at_once = {key: writer.actions[action] for key, writer in writers.of(secret).items() if action in writer.actions}
            assert at_once == {reader.identity.key: reader.certainty for reader in stack.granted(secret, action.lower())}


def test_the_graph_is_certain_of_most_that_it_says():
    said = []

    @settings(max_examples=100, deadline=None, database=None)
    @given(a_world())
    def look(world):
        stack = program_of(world).stack()
        said.extend(certainty(stack.granted(secret), role) for secret in stack.secrets for role in ROLES)

    look()

    assert said.count(Match.ALWAYS) > len(said) / 20
    assert said.count(Match.NEVER) > said.count(Match.MAYBE)
