"""Whose secrets are."""

from policies.pack.values import UNKNOWN
from tests.policies.cases import ALWAYS, DEPLOYED, Cases
from tests.policies.program import SECRET, SECRET_TAG

cases = Cases("secret-has-an-owner")

TAGS = {"keyturn:environment": "dev", "keyturn:service": "billing"}
BY_DASHES = r"(?P<environment>dev|prod)-(?P<service>[a-z]+)-.*"


def beside(program, secret, key):
    """A tag that is a resource of its own."""
    inputs = {"secretId": program.later(program.arn_of(secret)), "key": key, "value": "billing"}
    program.add(SECRET_TAG, f"beside-{len(program.resources)}", inputs, made_from={"secretId": [secret]})


@cases.violated("Neither component nor tags nor name say whose it is", at="database", properties="tags")
def no_owner(program):
    program.secret(physical="database")


@cases.violated("Its tags name the service, and nothing the environment", at="database")
def no_environment(program):
    program.secret(physical="database", tags={"keyturn:service": "billing"})


@cases.violated("Its tags name the environment, and nothing the service", at="database")
def no_service(program):
    program.secret(physical="database", tags={"keyturn:environment": "dev"})


@cases.violated("The tags are empty", at="database")
def empty_tags(program):
    program.secret(physical="database", tags={"keyturn:environment": "dev", "keyturn:service": " "})


@cases.violated("Other tags name it, and nothing says that they do", at="database")
def tags_of_others(program):
    program.secret(physical="database", tags={"env": "dev", "team": "billing"})


@cases.violated("Its name has only two parts", at="database")
def two_parts(program):
    program.secret(physical="dev/billing")


@cases.violated("Its name is not as the team says that names are", at="database", settings={"namePattern": BY_DASHES})
def other_name(program):
    program.secret(physical="dev/billing/database")


@cases.violated("A component of somebody else names a service", at="database")
def component_of_others(program):
    component = program.add("acme:index:Service", "acme", {"environment": "dev", "service": "billing"})
    program.add(SECRET, "database", {"name": "database"}, parent=component)


@cases.violated("A tag beside it says something else", at="database")
def other_tag_beside(program):
    beside(program, program.secret(physical="database"), "cost-center")


@cases.holds("Its tags name both")
def by_tags(program):
    program.secret(physical="database", tags=TAGS)


@cases.holds("Its name is <environment>/<service>/<secret>")
def by_name(program):
    program.secret(physical="dev/billing/database")


@cases.holds("Its name has a prefix that says it, and an end that AWS chooses")
def by_prefix(program):
    name = {"name": "dev/billing/database-20260615"} if program.deployed else {}
    program.add(SECRET, "database", {"namePrefix": "dev/billing/database-"}, outputs=name)


@cases.holds("A component of Keyturn around it says it")
def by_component(program):
    component = program.component("DatabaseCredential", "billing", environment="dev", service="billing", secret="main")
    program.add(SECRET, "database", {"name": "database"}, parent=component)


@cases.holds("Default tags of the provider name both")
def by_default_tags(program):
    program.add(SECRET, "database", {"name": "database"}, outputs={"name": "database", "tagsAll": TAGS})


@cases.holds("The stack's configuration names the environment, and a tag the service")
def environment_of_the_stack(program):
    program.environment = "dev"
    program.secret(physical="database", tags={"keyturn:service": "billing"})


@cases.holds("The team's own tags name both", settings={"tagKeys": {"environment": ["env"], "service": ["app", "team"]}})
def by_own_tags(program):
    program.secret(physical="database", tags={"env": "dev", "team": "billing"})


@cases.holds("The team's own form of names says both", settings={"namePattern": BY_DASHES})
def by_own_name(program):
    program.secret(physical="dev-billing-database")


@cases.holds("Its tags name both, and its name is not known yet")
def by_tags_without_name(program):
    program.add(SECRET, "database", {"name": UNKNOWN, "tags": TAGS})


@cases.cannot_decide("Its tags are not known yet", at="database", properties="tags", when=ALWAYS)
def tags_not_known(program):
    program.secret(physical="database", tags=UNKNOWN)


@cases.cannot_decide("Its service is not known yet", at="database", properties="tags", when=ALWAYS)
def service_not_known(program):
    program.secret(physical="database", tags={**TAGS, "keyturn:service": UNKNOWN})


@cases.cannot_decide("Its name is not known yet, and nothing else says it", at="database", properties="name")
def name_not_known(program):
    program.add(SECRET, "database", {"name": UNKNOWN})


@cases.cannot_decide("The provider's default tags are not known yet", at="database", properties="tags")
def default_tags_not_known(program):
    program.add(SECRET, "database", {"name": "database"}, outputs={"name": "database", "tagsAll": UNKNOWN})


@cases.cannot_decide("Its service is a tag that is a resource of its own", at="database", properties="tags", when=ALWAYS)
def tag_beside(program):
    beside(program, program.secret(physical="database", tags={"keyturn:environment": "dev"}), "keyturn:service")


@cases.cannot_decide("A tag beside it has a key that is not known yet", at="database", properties="tags", when=ALWAYS)
def key_beside_not_known(program):
    beside(program, program.secret(physical="database"), UNKNOWN)


@cases.cannot_decide("A tag beside it may be for any secret", at="database", properties="tags", when=(DEPLOYED,))
def tag_of_any(program):
    program.secret(physical="database", tags={"keyturn:environment": "dev"})
    program.add(SECRET_TAG, "beside", {"secretId": UNKNOWN, "key": "keyturn:service", "value": "billing"})
