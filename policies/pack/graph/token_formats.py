"""Secrets that tell themselves: a closed list of formats that their makers designed to be recognised. Never length or entropy."""

import re
from functools import lru_cache
from typing import Final, Literal, TypeAlias

Format: TypeAlias = Literal[
    "aws-access-key",
    "github-token",
    "gitlab-token",
    "jwt",
    "npm-token",
    "private-key",
    "pypi-token",
    "sendgrid-key",
    "slack-token",
    "stripe-key",
    "url-password",
    "vault-token",
]

_ACCESS_KEY_ID = r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])"
_SECRET_ACCESS_KEY = re.compile(r"(?<![A-Za-z0-9/+=])(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")

_PATTERNS: Final[dict[Format, str]] = {
    # Source: https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    "github-token": r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?![A-Za-z0-9])",
    # Source: https://docs.gitlab.com/security/tokens/
    "gitlab-token": r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,}",
    # A signed token with a header and a body that are JSON objects.
    "jwt": r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    "npm-token": r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])",
    "private-key": r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY(?: BLOCK)?-----",
    "pypi-token": r"(?<![A-Za-z0-9])pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
    "sendgrid-key": r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])",
    # Source: https://api.slack.com/authentication/token-types
    "slack-token": r"(?<![A-Za-z0-9])xox[abeprs]-[0-9]+-[A-Za-z0-9-]{10,}|https://hooks\.slack\.com/services/T\w+/B\w+/\w{20,}",
    # Test keys (`sk_test_`) open nothing.
    "stripe-key": r"(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{24,}",
    "url-password": r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@?#]*:(?P<password>[^\s/@?#]+)@(?P<host>[^\s/:?#]+)",
    # Source: https://developer.hashicorp.com/vault/docs/concepts/tokens
    "vault-token": r"(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_-]{24,}",
}
_SHOWN: Final[dict[Format, str]] = {
    "aws-access-key": "an AWS access key with its secret",
    "github-token": "a GitHub token",
    "gitlab-token": "a GitLab token",
    "jwt": "a signed JSON web token",
    "npm-token": "an npm token",
    "private-key": "a private key",
    "pypi-token": "a PyPI token",
    "sendgrid-key": "a SendGrid key",
    "slack-token": "a Slack token",
    "stripe-key": "a live Stripe key",
    "url-password": "a URL with a password",
    "vault-token": "a Vault token",
}

# Some tokens are made to be public, and some are made for tests: a team that has neither may add them.
PRECISE: Final[tuple[Format, ...]] = tuple(name for name in _SHOWN if name != "jwt")

_BY_NAME = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}
# One of these is in every text that has a format: most texts are looked at no further.
_HINT = re.compile(
    r"A[KS]IA|gh[pousr]_|github_pat_|gl[a-z]{2,3}-|eyJ|npm_|-----BEGIN|pypi-|SG\.|xox|hooks\.slack|[rs]k_live_|://|hv[sbr]\."
)
# What templates put in later, and what stands for a password in documentation.
_NO_PASSWORD = re.compile(r"[$%<{[(*].*|x+|\*+|password|pass|passwd|secret|changeme|\.\.\.", re.IGNORECASE)
_ON_THIS_MACHINE = ("localhost", "127.0.0.1", "[")


def has_hint(text: str) -> bool:
    """Tells whether a text deserves a look."""
    return bool(_HINT.search(text))


@lru_cache(maxsize=4096)
def format_of(text: str, formats: tuple[Format, ...] = PRECISE) -> str | None:
    """Gives what kind of secret a text holds, in words for a message; None when it holds none of these.

    Args:
        text: what to look at; it may be long.
        formats: the formats that count. Default all but tokens that are often public.
    """
    if not has_hint(text):
        return None
    if "aws-access-key" in formats and _holds_access_key(text):
        return _SHOWN["aws-access-key"]
    for name in formats:
        if name in _BY_NAME and any(_counts(name, match) for match in _BY_NAME[name].finditer(text)):
            return _SHOWN[name]
    return None


def _holds_access_key(text: str) -> bool:
    # The id alone is no secret, and forty characters alone are anything.
    return any("EXAMPLE" not in match.group() for match in re.finditer(_ACCESS_KEY_ID, text)) and any(
        "EXAMPLE" not in match.group() for match in _SECRET_ACCESS_KEY.finditer(text)
    )


def _counts(name: Format, match: re.Match[str]) -> bool:
    if name != "url-password":
        return True
    return not _NO_PASSWORD.fullmatch(match["password"]) and not match["host"].startswith(_ON_THIS_MACHINE)
