"""Resource policies of secrets."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import ACCOUNT, SECRET_POLICY, document, statement

cases = Cases("secret-policy-is-closed")

OTHER = "999988887777"
ORGANIZATION = "o-a1b2c3d4e5"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/billing"


def opened(program, *statements, made_from=(), **inputs):
    secret = program.secret()
    text = document(*statements)
    known = program.later(text) if made_from else text
    given = {"secretArn": program.later(program.arn_of(secret)), "policy": known, "blockPublicPolicy": True, **inputs}
    return program.add(SECRET_POLICY, "opened", given, made_from={"secretArn": [secret], "policy": list(made_from)})


def everybody(**condition):
    return statement("*", Principal="*", **({"Condition": condition} if condition else {}))


@cases.violated("It lets everybody in", at="opened", properties="policy")
def anybody(program):
    opened(program, everybody())


@cases.violated("The policy inside a secret lets everybody in, in another spelling", at="database", properties="policy")
def inside_the_secret(program):
    program.secret(policy=document(statement("*", Principal={"AWS": ["*"]})))


@cases.violated("It lets everybody but one role in", at="opened")
def all_but_one(program):
    opened(program, statement("*", NotPrincipal={"AWS": ROLE}))


@cases.violated("It lets another account in as a whole", at="opened", when=DEPLOYED)
def another_account(program):
    opened(program, statement("*", Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}))


@cases.violated("It lets in everybody who calls from an address", at="opened")
def from_an_address(program):
    opened(program, everybody(IpAddress={"aws:SourceIp": "203.0.113.0/24"}))


@cases.violated("It lets in everybody over TLS", at="opened")
def over_tls(program):
    opened(program, everybody(Bool={"aws:SecureTransport": "true"}))


@cases.violated("It asks for an organization only where there is one", at="opened")
def organization_if_exists(program):
    opened(program, everybody(StringEqualsIfExists={"aws:PrincipalOrgID": ORGANIZATION}))


@cases.violated("It lets in any organization", at="opened")
def any_organization(program):
    opened(program, everybody(StringLike={"aws:PrincipalOrgID": "o-*"}))


@cases.violated("It lets in another organization than the configured one", at="opened", settings={"orgIds": [ORGANIZATION]})
def another_organization(program):
    opened(program, everybody(StringEquals={"aws:PrincipalOrgID": "o-zzzzzzzzzz"}))


@cases.violated("It lets in roles of another account by their beginning", at="opened", when=DEPLOYED)
def roles_of_another_account(program):
    opened(program, everybody(ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"}))


@cases.violated("A service of AWS may read for whichever customer it acts", at="opened")
def service_for_anybody(program):
    opened(program, statement("*", Principal={"Service": "appflow.amazonaws.com"}))


@cases.violated("A public policy would be taken: blockPublicPolicy is not set", at="opened", properties="blockPublicPolicy")
def would_be_taken(program):
    opened(program, statement("*", Principal={"AWS": ROLE}), blockPublicPolicy=None)


@cases.violated("A public policy would be taken: blockPublicPolicy is false", at="opened", properties="blockPublicPolicy")
def is_taken(program):
    opened(program, statement("*", Principal={"AWS": ROLE}), blockPublicPolicy=False)


@cases.holds("It names the role that is let in")
def named_role(program):
    opened(program, statement("*", Principal={"AWS": ROLE}))


@cases.holds("Everybody is denied", cites="checkov#4394")
def denial(program):
    opened(program, statement("*", "secretsmanager:*", "Deny", Principal="*", Condition={"StringNotEquals": {"aws:PrincipalArn": ROLE}}))


@cases.holds("All but one role are denied")
def denial_with_not_principal(program):
    opened(program, statement("*", "secretsmanager:DeleteSecret", "Deny", NotPrincipal={"AWS": ROLE}))


@cases.holds("It lets in an organization")
def organization(program):
    opened(program, everybody(StringEquals={"aws:PrincipalOrgID": ORGANIZATION}))


@cases.holds("It lets in a part of the configured organization", settings={"orgIds": [ORGANIZATION]})
def part_of_an_organization(program):
    opened(program, everybody(**{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/r-ab12/ou-ab12-*"}}))


@cases.holds("Everybody outside of an organization is denied again")
def denied_outside(program):
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
    opened(program, everybody(), statement("*", "secretsmanager:*", "Deny", Principal="*", Condition=outside))


@cases.violated("Everybody outside of an organization is denied again, but only over plain HTTP", at="opened")
def denied_outside_under_a_condition(program):
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}, "Bool": {"aws:SecureTransport": "false"}}
    opened(program, everybody(), statement("*", "secretsmanager:*", "Deny", Principal="*", Condition=outside))


@cases.violated("Everybody outside of an organization is denied something else", at="opened")
def denied_something_else(program):
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
    opened(program, everybody(), statement("*", "secretsmanager:Put*", "Deny", Principal="*", Condition=outside))


@cases.holds("It lets in the roles that a condition names")
def roles_of_a_condition(program):
    opened(program, everybody(ArnEquals={"aws:PrincipalArn": [ROLE, f"arn:aws:iam::{OTHER}:role/audit"]}))


@cases.holds("It lets its own account in", when=DEPLOYED)
def own_account(program):
    opened(program, statement("*", Principal={"AWS": ACCOUNT}))


@cases.holds("It lets an account in that is trusted", settings={"trustedAccounts": [OTHER, ACCOUNT]})
def trusted_account(program):
    opened(
        program, statement("*", Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}), everybody(StringEquals={"aws:PrincipalAccount": ACCOUNT})
    )


@cases.holds("A service of AWS may read for its own account", when=DEPLOYED)
def service_for_its_account(program):
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    opened(program, statement("*", Principal={"Service": "appflow.amazonaws.com"}, Condition=condition))


@cases.holds("A service of AWS that names no account is trusted", settings={"trustedServices": ["redshift.amazonaws.com"]})
def trusted_service(program):
    opened(program, statement("*", Principal={"Service": "redshift.amazonaws.com"}))


@cases.holds("A secret without a policy is for its account only")
def without_a_policy(program):
    program.secret()


@cases.cannot_decide("Its document is made from a role, and not known yet", at="opened", properties="policy")
def not_known_yet(program):
    opened(program, statement("*", Principal={"AWS": ROLE}), made_from=[program.role("billing")])


@cases.cannot_decide("The policy inside a secret is made from a role, and not known yet", at="database", properties="policy", when=ALWAYS)
def inside_the_secret_and_unknown(program):
    program.secret(policy=UNKNOWN)


@cases.cannot_decide("It names an account before anybody knows which is its own", at="opened", properties="policy")
def whose_account(program):
    opened(program, statement("*", Principal={"AWS": ACCOUNT}))


@cases.cannot_decide("Whether AWS refuses what is public is not known yet", at="opened", properties="blockPublicPolicy", when=ALWAYS)
def block_not_known(program):
    opened(program, statement("*", Principal={"AWS": ROLE}), blockPublicPolicy=UNKNOWN)


@cases.cannot_decide("Its text is no document", at="opened", properties="policy", when=ALWAYS)
def no_document(program):
    secret = program.secret()
    program.add(SECRET_POLICY, "opened", {"policy": "{", "blockPublicPolicy": True}, made_from={"secretArn": [secret]})
