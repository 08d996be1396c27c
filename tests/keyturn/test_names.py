"""Names of secrets: what they spell, and what is refused."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.names import InvalidNameError, SecretName, alert_rule_name, check_part, function_name, parse, physical_name, role_name

PARTS = st.from_regex(r"\A[a-z][a-z0-9-]{0,30}\Z")


def test_a_name_says_who_owns_the_secret():
    name = parse("prod/billing/database")

    assert name == SecretName(environment="prod", service="billing", secret="database")
    assert str(name) == physical_name("prod", "billing", "database") == "prod/billing/database"


@given(environment=PARTS, service=PARTS, secret=PARTS.map(lambda part: f"{part}x1234567"))
def test_every_name_reads_back_as_itself(environment, service, secret):
    written = physical_name(environment, service, secret)

    assert parse(written) == SecretName(environment, service, secret)


@pytest.mark.parametrize("text", ["", "prod", "prod/billing", "prod/billing/database/", "/prod/billing/database", "prod/billing/data/base"])
def test_a_name_has_three_parts(text):
    with pytest.raises(InvalidNameError, match="must be <environment>/<service>/<secret>"):
        parse(text)


@pytest.mark.parametrize("bad", ["", "Prod", "1prod", "-prod", "pro_d", "prod ", "pröd", "prod\n", "prod."])
@pytest.mark.parametrize("part", ["environment", "service", "secret"])
def test_a_part_has_lower_case_letters_digits_and_hyphens(part, bad):
    parts = {"environment": "prod", "service": "billing", "secret": "database", part: bad}

    with pytest.raises(InvalidNameError, match=rf"^{part}: must begin with a lower-case letter"):
        SecretName(**parts)


@pytest.mark.parametrize("secret", ["database-abcdef", "a-123456", "my-secret"])
def test_a_name_that_reads_like_an_arn_is_refused(secret):
    with pytest.raises(InvalidNameError, match="reads that as the end of an ARN"):
        physical_name("prod", "billing", secret)


@pytest.mark.parametrize("secret", ["database-abcde", "database-abcdefg", "secret", "database-abc-ef"])
def test_names_near_to_an_arn_are_fine(secret):
    assert physical_name("prod", "billing", secret) == f"prod/billing/{secret}"


def test_a_service_may_end_like_an_arn_since_only_the_end_of_the_whole_name_counts():
    assert physical_name("prod", "billing-worker", "database") == "prod/billing-worker/database"


def test_a_part_has_at_most_64_characters():
    assert parse(f"prod/billing/{'a' * 64}").secret == "a" * 64

    with pytest.raises(InvalidNameError, match=r"^secret: .* at most 64 characters"):
        physical_name("prod", "billing", "a" * 65)


def test_a_refusal_never_repeats_the_text_because_it_could_be_a_pasted_value():
    with pytest.raises(InvalidNameError) as refused:
        parse("prod/billing/Hunter2!")

    assert "Hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", [alert_rule_name, partial(role_name, "prod")])
def test_a_refusal_never_repeats_a_text_that_is_too_long_either(name):
    pasted = "deadbeef" * 8

    with pytest.raises(InvalidNameError, match="is longer than the 64 characters") as refused:
        name(pasted)

    assert pasted not in str(refused.value)


def test_one_part_can_be_checked_alone():
    check_part("service", "billing")

    with pytest.raises(InvalidNameError, match=r"^service: "):
        check_part("service", "Billing")


def test_roles_and_functions_are_named_after_their_service():
    assert role_name("prod", "billing") == "keyturn_prod_billing"
    assert function_name("prod", "billing", "postgres") == "keyturn_prod_billing_postgres"


def test_an_engine_is_named_like_its_module():
    assert function_name("prod", "billing", "iam_access_key") == "keyturn_prod_billing_iam_access_key"


@pytest.mark.parametrize("engine", ["", "Postgres", "iam-access-key", "_postgres", "7"])
def test_what_is_no_module_is_no_engine(engine):
    with pytest.raises(InvalidNameError, match=r"^engine: must begin"):
        function_name("prod", "billing", engine)


def test_two_environments_of_one_account_never_share_a_role():
    assert role_name("prod", "eu-billing") != role_name("prod-eu", "billing")


@given(
    environment=PARTS.map(lambda part: part[:9]),
    service=PARTS.map(lambda part: part[:20]),
    engine=st.sampled_from(["postgres", "mysql", "iam_access_key"]),
)
def test_a_function_never_has_the_name_of_a_services_role(environment, service, engine):
    assert function_name(environment, service, engine) != role_name(environment, f"{service}-{engine}".replace("_", "-"))


def test_a_role_has_iams_limit():
    assert len(role_name("prod", "a" * 51)) == 64

    with pytest.raises(InvalidNameError, match="longer than the 64 characters of a role or function; shorten it"):
        role_name("prod", "a" * 52)


def test_a_function_has_lambdas_limit():
    assert len(function_name("prod", "a" * 42, "postgres")) == 64

    with pytest.raises(InvalidNameError, match="longer than the 64 characters"):
        function_name("prod", "a" * 43, "postgres")


def test_a_role_of_a_service_that_is_no_name_is_refused():
    with pytest.raises(InvalidNameError, match=r"^service: must begin"):
        role_name("prod", "Billing")
