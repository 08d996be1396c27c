"""On the real engine a text of the program is told from a secret of the configuration, and neither is shown."""

import pytest

from tests.policies.wire import PACK

CONFIGURED, LITERAL = "kt-canary-configured-7f3a", "kt-canary-literal-9QwZ"
PROGRAM = f"""
settings = pulumi.Config()
secret = secretsmanager.Secret("database", kms_key_id=key.arn, tags=BILLING, opts=KEPT)

def value(name, text):
    secretsmanager.SecretVersion(name, secret_id=secret.id, secret_string=text)

value("literal", "{LITERAL}")
value("configured", settings.require_secret("login"))
value("composed", pulumi.Output.json_dumps({{"user": "billing", "password": settings.require_secret("login")}}))
s3.Bucket("files", tags={{"login": settings.require("login")}})
pulumi.export("login", settings.require("login"))
"""


@pytest.mark.parametrize("pack", [PACK / "__main__.py", PACK], ids=["executable", "folder"])
def test_a_literal_is_refused_and_a_secret_of_the_configuration_is_told_where_it_leaks(shop, pack):
    shop.configure("login", CONFIGURED)

    previewed = shop.preview(PROGRAM, pack=pack)

    found = {
        (finding["rule"], finding["urn"].rpartition("::")[2], finding["answer"])
        for finding in shop.findings
        if finding["group"] == "Exposure"
    }
    assert found == {
        ("no-plaintext-value", "literal", "violated"),
        ("no-plaintext-value", "configured", "cannot decide"),
        ("no-plaintext-value", "composed", "cannot decide"),
        ("no-secret-in-metadata", "files", "violated"),
        ("no-secret-in-outputs", "shop-dev", "violated"),
    }, previewed.stdout
    for canary in (CONFIGURED, LITERAL):
        assert canary not in previewed.stdout
        assert canary not in (shop.project / "record.json").read_text()
