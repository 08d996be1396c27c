"""Who logs in to Vault, and for how long."""

from policies.pack.values import UNKNOWN, Marked
from tests.policies.cases import ALWAYS, Cases
from tests.policies.program import ACCOUNT

cases = Cases("vault-login-is-bound")

KUBERNETES = {
    "roleName": "billing",
    "boundServiceAccountNames": ["billing"],
    "boundServiceAccountNamespaces": ["billing"],
    "audience": "vault",
    "tokenPolicies": ["billing"],
    "tokenTtl": 1200,
    "tokenMaxTtl": 3600,
}
APPROLE = {
    "roleName": "billing",
    "secretIdBoundCidrs": ["10.1.2.0/24"],
    "secretIdNumUses": 1,
    "secretIdTtl": 600,
    "tokenMaxTtl": 3600,
}
JWT = {
    "roleName": "billing",
    "roleType": "jwt",
    "userClaim": "sub",
    "boundAudiences": ["vault"],
    "boundClaims": {"repository": "acme/billing", "ref": "refs/tags/*"},
    "boundClaimsType": "glob",
    "tokenMaxTtl": 900,
}
AWS = {"role": "billing", "authType": "iam", "boundIamPrincipalArns": [f"arn:aws:iam::{ACCOUNT}:role/billing"], "tokenMaxTtl": 3600}


def role(program, kind, given, **more):
    inputs = {name: value for name, value in {**given, **more}.items() if value is not None}
    program.add(f"vault:{kind}/authBackendRole:AuthBackendRole", "billing", inputs)


def kubernetes(program, **more):
    role(program, "kubernetes", KUBERNETES, **more)


def approle(program, **more):
    role(program, "appRole", APPROLE, **more)


def jwt(program, **more):
    role(program, "jwt", JWT, **more)


@cases.violated("It lets in any service account of a namespace", at="billing", properties="boundServiceAccountNames")
def any_account(program):
    kubernetes(program, boundServiceAccountNames=["*"])


@cases.violated("It lets in a service account of any namespace", at="billing", properties="boundServiceAccountNamespaces")
def any_namespace(program):
    kubernetes(program, boundServiceAccountNamespaces=["*"])


@cases.violated("Its selector lets every namespace in", at="billing")
def any_selected_namespace(program):
    kubernetes(program, boundServiceAccountNamespaces=None, boundServiceAccountNamespaceSelector='{"matchLabels": {}}')


@cases.violated("It lets in two services", at="billing", properties="boundServiceAccountNamespaces")
def two_services(program):
    kubernetes(program, boundServiceAccountNamespaces=["billing", "reports"])


@cases.violated("It names no audience", at="billing", properties="audience")
def no_audience(program):
    kubernetes(program, audience=None)


@cases.violated("Its tokens live for a day", at="billing", properties="tokenMaxTtl")
def long_life(program):
    kubernetes(program, tokenMaxTtl=86400)


@cases.violated("Its tokens live as long as Vault lets them by default", at="billing", properties="tokenMaxTtl")
def default_life(program):
    kubernetes(program, tokenMaxTtl=0, tokenTtl=None)


@cases.violated("It gives the policy root", at="billing", properties="tokenPolicies")
def root_policy(program):
    kubernetes(program, tokenPolicies=["billing", "root"])


@cases.violated("It takes a token of any repository", at="billing", properties="boundClaims")
def any_repository(program):
    jwt(program, boundClaims={"repository": "acme/*"})


@cases.violated("It is bound to the issuer, and to any subject of it", at="billing", properties="boundClaims")
def any_subject(program):
    jwt(program, boundClaims={"iss": "https://issuer.internal", "sub": "*"})


@cases.violated("It takes every token of its issuer", at="billing", properties="boundClaims")
def any_token(program):
    jwt(program, boundClaims=None)


@cases.violated("It takes tokens of two repositories", at="billing", properties="boundClaims.repository")
def two_repositories(program):
    jwt(program, boundClaims={"repository": "acme/billing,acme/reports"})


@cases.violated("Claims that are marked hide their names as well", at="billing", properties="boundClaims")
def marked_claims(program):
    jwt(program, boundClaims=Marked({"repository": "acme/billing,acme/reports"}))


@cases.violated("It takes tokens that are meant for others", at="billing", properties="boundAudiences")
def any_audience(program):
    jwt(program, boundAudiences=None)


@cases.violated("It takes secret ids from anywhere", at="billing", properties="secretIdBoundCidrs")
def anywhere(program):
    approle(program, secretIdBoundCidrs=["0.0.0.0/0"])


@cases.violated("Its secret ids are not bound to addresses", at="billing", properties="secretIdBoundCidrs")
def no_addresses(program):
    approle(program, secretIdBoundCidrs=None)


@cases.violated("Its secret ids never end", at="billing", properties="secretIdTtl")
def endless(program):
    approle(program, secretIdTtl=0)


@cases.violated("Its secret ids may be used again and again", at="billing", properties="secretIdNumUses")
def again_and_again(program):
    approle(program, secretIdNumUses=None)


@cases.violated("It asks for no secret id", at="billing", properties="bindSecretId")
def no_secret_id(program):
    approle(program, bindSecretId=False)


@cases.violated("It lets in any role of an account", at="billing", properties="boundIamPrincipalArns")
def any_principal(program):
    role(program, "aws", AWS, boundIamPrincipalArns=[f"arn:aws:iam::{ACCOUNT}:role/*"])


@cases.violated("It lets in whoever is in an account", at="billing", properties="boundIamPrincipalArns")
def whole_account(program):
    role(program, "aws", AWS, boundIamPrincipalArns=None, boundAccountIds=[ACCOUNT])


@cases.violated("A secret id lies in Pulumi's state", at="id")
def secret_id(program):
    program.add("vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId", "id", {"roleName": "billing"})


@cases.violated("A token lies in Pulumi's state", at="token")
def token(program):
    program.add("vault:index/token:Token", "token", {"policies": ["billing"], "ttl": "1h"})


@cases.violated("Pulumi logs in and keeps the token", at="login")
def login(program):
    program.add("vault:appRole/authBackendLogin:AuthBackendLogin", "login", {"roleId": "billing"})


@cases.violated("Passwords go to the directory without TLS", at="ldap", properties="url")
def plain_ldap(program):
    program.add("vault:ldap/authBackend:AuthBackend", "ldap", {"url": "ldap://directory.internal", "tokenMaxTtl": 3600})


@cases.violated("A group of the directory gets the policy root", at="admins", properties="policies")
def root_group(program):
    program.add("vault:ldap/authBackendGroup:AuthBackendGroup", "admins", {"groupname": "admins", "policies": ["root"]})


@cases.holds("One service account of one namespace, with an audience")
def one_account(program):
    kubernetes(program)


@cases.holds("Two service accounts of one service")
def parts_of_one_service(program):
    kubernetes(program, boundServiceAccountNames=["billing", "billing-worker"])


@cases.holds("A token that is renewed again and again, and dies soon when it is not")
def periodic(program):
    kubernetes(program, tokenTtl=None, tokenMaxTtl=None, tokenPeriod="1800")


@cases.holds("One claim is exact, and another has a *")
def exact_claim(program):
    jwt(program)


@cases.holds("A * is an ordinary letter where claims are plain text")
def plain_star(program):
    jwt(program, boundClaims={"sub": "service:*"}, boundClaimsType="string")


@cases.holds("People log in at their provider")
def people(program):
    jwt(program, roleType="oidc", boundAudiences=None, boundClaims=None)


@cases.holds("A secret id for one use, from one network")
def one_use(program):
    approle(program)


@cases.holds("A controller logs in with one secret id again and again", settings={"controllers": ["billing"]}, cites="external-secrets#376")
def controller(program):
    approle(program, secretIdNumUses=0)


@cases.holds("One principal of AWS")
def one_principal(program):
    role(program, "aws", AWS)


@cases.holds("A secret id is wrapped, and opens once")
def wrapped(program):
    inputs = {"roleName": "billing", "wrappingTtl": "60s", "withWrappedAccessor": True}
    program.add("vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId", "id", inputs)


@cases.holds("The directory is asked over TLS")
def ldaps(program):
    program.add("vault:ldap/authBackend:AuthBackend", "ldap", {"url": "ldaps://directory.internal", "tokenMaxTtl": "3600"})


@cases.cannot_decide("Which namespaces it lets in is not known yet", at="billing", properties="boundServiceAccountNamespaces", when=ALWAYS)
def namespaces_unknown(program):
    kubernetes(program, boundServiceAccountNamespaces=[UNKNOWN])


@cases.cannot_decide("How long its tokens live is not known yet", at="billing", properties="tokenMaxTtl", when=ALWAYS)
def life_unknown(program):
    kubernetes(program, tokenMaxTtl=UNKNOWN)


@cases.holds("Its principal is a role of the same program, whose ARN is unknown at first")
def own_role(program):
    made = program.role("billing")
    inputs = {**AWS, "boundIamPrincipalArns": [program.later(f"arn:aws:iam::{ACCOUNT}:role/billing")]}
    program.add("vault:aws/authBackendRole:AuthBackendRole", "login", inputs, made_from={"boundIamPrincipalArns": [made]})


@cases.cannot_decide("Its principal comes from an invoke", at="billing", properties="boundIamPrincipalArns")
def principal_unknown(program):
    role(program, "aws", AWS, boundIamPrincipalArns=[program.later(f"arn:aws:iam::{ACCOUNT}:role/billing")])


@cases.cannot_decide("What its claims are is not known yet", at="billing", properties="boundClaims", when=ALWAYS)
def claims_unknown(program):
    jwt(program, boundClaims=UNKNOWN)
