"""Formats that tell a secret, and what only looks like one."""

import pytest

from policies.pack.graph.token_formats import PRECISE, format_of
from tests.policies.planted import ACCESS_KEY_ID, GITHUB_TOKEN, PEM, SECRET_ACCESS_KEY, STRIPE_KEY

LETTERS = "a1B2c3D4e5"
# Put together here, so that no scanner finds a token in the sources.
JWT = "eyJ" + "hbGciOiJFUzI1NiJ9." + "eyJ" + "zdWIiOiJiaWxsaW5nIn0." + LETTERS * 4


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (GITHUB_TOKEN, "a GitHub token"),
        ("github" + "_pat_" + (LETTERS * 3)[:22] + "_" + (LETTERS * 6)[:59], "a GitHub token"),
        ("gl" + "pat-" + LETTERS * 2, "a GitLab token"),
        ("xo" + "xb-123456789012-" + LETTERS * 2, "a Slack token"),
        ("https://hooks.slack" + ".com/services/T0123/B0123/" + LETTERS * 3, "a Slack token"),
        (STRIPE_KEY, "a live Stripe key"),
        ("np" + "m_" + (LETTERS * 4)[:36], "an npm token"),
        ("py" + "pi-AgEIcHlwaS5vcmc" + LETTERS * 6, "a PyPI token"),
        ("hv" + "s." + LETTERS * 3, "a Vault token"),
        ("S" + "G." + (LETTERS * 3)[:22] + "." + (LETTERS * 5)[:43], "a SendGrid key"),
        (PEM, "a private key"),
        (f"first line\n{PEM}\n", "a private key"),
        (f"{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}", "an AWS access key with its secret"),
        ("amqps://billing:" + "k8s7f6d5" + "@mq.internal:5671", "a URL with a password"),
        ("redis://:" + "k8s7f6d5" + "@cache.internal", "a URL with a password"),
    ],
)
def test_a_format_is_recognised_also_inside_a_text(text, kind):
    assert format_of(text) == kind
    assert format_of(f"#!/bin/sh\nexport X='{text}'\n") == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gh" + "p_short",
        "sk" + "_test_" + LETTERS * 3,
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN ENCRYPTED " + "PRIVATE KEY-----",
        ACCESS_KEY_ID,
        SECRET_ACCESS_KEY,
        "AK" + "IAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        f"{ACCESS_KEY_ID} 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "https://example.com/login?next=/a@b",
        "https://billing@git.example.com/x",
        "postgres://billing:${PASSWORD}@db/billing",
        "postgres://billing:%s@db/billing",
        "postgres://billing:<password>@db/billing",
        "postgres://postgres:postgres1@localhost:5432/test",
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:dev/billing/database-AbCdEf",
        "sha256:" + "0a" * 32,
        JWT,
    ],
)
def test_what_only_looks_like_one_is_none(text):
    assert format_of(text) is None


def test_a_signed_web_token_counts_where_a_team_says_so():
    assert format_of(JWT, (*PRECISE, "jwt")) == "a signed JSON web token"


def test_a_format_that_is_left_out_is_not_looked_for():
    assert format_of(GITHUB_TOKEN, ("npm-token",)) is None
