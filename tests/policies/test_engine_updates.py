"""An update under the pack: stopped by its own preview; and without one, before it creates what is certainly wrong."""

import json

BAD = """
secret = secretsmanager.Secret("database", kms_key_id=key.arn, tags=BILLING, opts=KEPT)
rotated(secret)
may_read("billing-reads", role("billing"), secret)
anybody = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
document = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
secretsmanager.SecretPolicy("open", secret_arn=secret.arn, policy=document, block_public_policy=True)
"""


def created(shop):
    """Types and names of what the stack holds."""
    resources = json.loads(shop.export())["deployment"].get("resources", [])
    return {resource["urn"].rpartition("::")[2] for resource in resources}


def test_an_update_creates_nothing_that_its_preview_refuses_and_without_preview_not_what_is_certainly_wrong(shop):
    shop.on_aws()

    stopped = shop.up(BAD)
    after_the_preview = created(shop)
    forced = shop.up(BAD, "--skip-preview")

    assert (stopped.returncode, after_the_preview) == (1, set()), stopped.stdout
    assert "secret-policy-is-closed" in stopped.stdout
    assert forced.returncode != 0
    assert "secret-policy-is-closed" in forced.stdout
    assert "database" in created(shop)
    assert "open" not in created(shop)
