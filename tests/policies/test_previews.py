"""The pack on the real engine, with plain pulumi_aws programs that were never deployed: every ARN in them is unknown."""

import re

import pytest

from tests.policies.wire import PACK

GOOD = """
secret = secretsmanager.Secret("database", kms_key_id=key.arn, tags=BILLING, opts=KEPT)
rotated(secret)
may_read("billing-reads", role("billing"), secret)

# Near misses: an unknown document about something else, a known one by name, one of AWS, and who may call the function.
logs = s3.Bucket("logs")
other = role("other")
grant("other-logs", other, allowed(logs.arn, "s3:PutObject"))
grant("other-lists", other, allowed("*", "secretsmanager:ListSecrets"))
own = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/other/database-??????"
grant("other-reads-its-own", other, allowed(own, "secretsmanager:GetSecretValue"))
iam.RolePolicyAttachment("other-basics", role=other.name, policy_arn=iam.ManagedPolicy.AWS_LAMBDA_BASIC_EXECUTION_ROLE)
"""
SHARED = f"""{GOOD}
may_read("reports-reads", role("reports"), secret)
"""
BAD = f"""{SHARED}
statements = [{{"actions": ["secretsmanager:GetSecretValue"], "resources": [secret.arn]}}]
iam.RolePolicy("other-invoked", role=other.name, policy=iam.get_policy_document_output(statements=statements).json)
own = role("own")
for name, key_id in (("under-aws-key", "alias/aws/secretsmanager"), ("without-key", None)):
    unrotated = secretsmanager.Secret(name, name=name, kms_key_id=key_id, tags=BILLING, opts=KEPT)
    grant(f"{{name}}-reads", own, allowed(unrotated.arn, "secretsmanager:GetSecretValue"))
"""
UNROTATED = """
secret = secretsmanager.Secret("database", kms_key_id=key.arn, tags=BILLING, opts=KEPT)
may_read("billing-reads", role("billing"), secret)
"""


@pytest.mark.parametrize("pack", [PACK, PACK / "__main__.py"], ids=["folder", "executable"])
def test_a_good_program_passes(shop, pack):
    preview = shop.preview(GOOD, pack=pack)

    assert preview.returncode == 0, preview.stdout
    assert "keyturn@v" in preview.stdout
    assert "[mandatory]" not in preview.stdout


def test_a_bad_program_is_stopped_with_rule_resource_and_mend(shop):
    preview = shop.preview(BAD)

    assert preview.returncode != 0
    findings = set(re.findall(r"\[mandatory\] \[severity: high\]  (\S+)  \(aws:\w+:(\w+: \S+)\)", preview.stdout))
    assert findings == {
        ("secret-has-one-reader", "Secret: database"),
        ("secret-has-one-reader", "RolePolicy: other-invoked"),
        ("secret-is-rotated", "Secret: under-aws-key"),
        ("secret-is-rotated", "Secret: without-key"),
        ("secret-uses-customer-key", "Secret: under-aws-key"),
        ("secret-uses-customer-key", "Secret: without-key"),
    }
    for said in ('Role "reports" (through RolePolicy "reports-reads")', "never rotated", "AWS manages", "names no key"):
        assert said in preview.stdout
    for mend in (
        "Give each service a secret of its own",
        "json_dumps",
        "Add an aws.secretsmanager.SecretRotation",
        "a customer managed key",
    ):
        assert mend in preview.stdout
    for rule in {rule for rule, _ in findings}:
        assert f"More: docs/policies/{rule}.md" in preview.stdout


def test_a_folder_stops_it_too(shop):
    preview = shop.preview(SHARED, pack=PACK)

    assert preview.returncode != 0
    assert "[mandatory] [severity: high]  secret-has-one-reader" in preview.stdout


def test_a_misspelt_configuration_stops_before_any_resource(shop):
    preview = shop.preview(GOOD, config={"secret-is-rotatd": "mandatory"})

    assert preview.returncode != 0
    assert "did you mean 'secret-is-rotated'?" in preview.stdout
    assert "aws:secretsmanager:Secret" not in preview.stdout


def test_one_level_for_all_rules_reaches_each_of_them(shop):
    preview = shop.preview(BAD, config={"all": "advisory", "secret-is-rotated": "mandatory"})

    assert preview.returncode != 0
    assert set(re.findall(r"\[mandatory\] \[severity: high\]  (\S+)", preview.stdout)) == {"secret-is-rotated"}
    assert {"secret-has-one-reader", "secret-uses-customer-key"} <= set(
        re.findall(r"\[advisory\] \[severity: high\]  (\S+)", preview.stdout)
    )


def test_a_setting_for_all_rules_weakens_none(shop):
    preview = shop.preview(BAD, config={"all": {"undecided": "advisory"}})

    assert preview.returncode != 0
    assert "[advisory] [severity: high]  secret-uses-customer-key" not in preview.stdout


def test_the_same_is_judged_by_arn_once_it_is_deployed(shop):
    shop.on_aws()
    not_rotated = {"secret-is-rotated": "disabled"}

    deployed = shop.up(UNROTATED, config=not_rotated)
    again = shop.preview(UNROTATED, config=not_rotated)
    as_it_is = shop.analyze("--stack", "dev")
    shared = shop.preview(UNROTATED + 'may_read("reports-reads", role("reports"), secret)', config=not_rotated)
    forced = shop.up(UNROTATED + 'may_read("reports-reads", role("reports"), secret)', "--skip-preview", config=not_rotated)

    assert deployed.returncode == 0, deployed.stdout
    assert again.returncode == 0, again.stdout
    assert as_it_is.returncode == 1, as_it_is.stdout
    assert "secret-is-rotated" in as_it_is.stdout
    for stopped in (shared, forced):
        assert stopped.returncode != 0
        assert 'Secret "database" is read by Role "billing"' in stopped.stdout, stopped.stdout
        assert 'Role "reports" (through RolePolicy "reports-reads")' in stopped.stdout
