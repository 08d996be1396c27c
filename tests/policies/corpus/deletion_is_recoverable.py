"""Deletions by mistake."""

from tests.policies.cases import ALWAYS, Cases
from tests.policies.program import KEY, UNKNOWN

cases = Cases("deletion-is-recoverable")

IN_PROD = {"keyturn:environment": "prod", "keyturn:service": "billing"}


@cases.violated("The secret has no recovery window", at="database", properties="recoveryWindowInDays")
def no_window(program):
    program.secret(recoveryWindowInDays=0)


@cases.violated("The key of secrets is gone after a week", at="key", properties="deletionWindowInDays")
def short_window_of_a_key(program):
    program.add(KEY, "key", {"deletionWindowInDays": 7})


@cases.violated("The secret of production is not protected", at="database", properties="protect")
def unprotected_in_prod(program):
    program.secret(tags=IN_PROD)


@cases.violated("The key inside a component of production is not protected", at="key", properties="protect")
def unprotected_key_of_a_component(program):
    environment = program.component("SecretEnvironment", "prod", environment="prod")
    program.add(KEY, "key", {}, parent=environment)


@cases.violated("The window is shorter than this team wants", at="database", settings={"minRecoveryDays": 14})
def shorter_than_configured(program):
    program.secret(recoveryWindowInDays=7)


@cases.holds("Nothing is said, so the provider's 30 days count")
def nothing_said(program):
    program.secret()
    program.add(KEY, "key", {})


@cases.holds("Seven days for a secret and fourteen for a key are enough")
def just_enough(program):
    program.secret(recoveryWindowInDays=7)
    program.add(KEY, "key", {"deletionWindowInDays": 14})


@cases.holds("A secret of production is protected, and one of dev need not be")
def protected(program):
    program.secret("a", "prod/billing/database", tags=IN_PROD, protect=True)
    program.secret("b", "dev/billing/database", tags={**IN_PROD, "keyturn:environment": "dev"})


@cases.holds("This team protects no environment", settings={"protectIn": []})
def protection_is_not_asked_for(program):
    program.secret(tags=IN_PROD)


@cases.cannot_decide("The window comes from elsewhere", at="database", properties="recoveryWindowInDays", when=ALWAYS)
def unknown_window(program):
    program.secret(recoveryWindowInDays=UNKNOWN)


@cases.cannot_decide("The environment comes from elsewhere", at="database", properties="tags", when=ALWAYS)
def unknown_environment(program):
    program.secret(tags={"keyturn:environment": UNKNOWN})
