"""An issuer of tokens as the declaration describes it, checked as a whole before anything is asked of anybody."""

import re
from dataclasses import dataclass

from rotation_lambda.engines._http_request import Reader, Request
from rotation_lambda.engines._http_template import ADMIN
from rotation_lambda.errors import ConfigurationError
from rotation_lambda.targets import Target

_GRACE = re.compile(r"(0|[1-9][0-9]{0,4})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """What the declaration says about an issuer."""

    issue: Request
    verify: Request
    revoke: Request
    listing: Request | None
    grace_seconds: int
    authority: str | None


def issuer_of(target: Target) -> Issuer:
    """Gives the issuer.

    Raises:
        ConfigurationError: something is missing, superfluous or misspelt; the message names it.
    """
    target.knows_only("issue", "verify", "revoke", "list", "headers", "basic", "grace", "ca")
    if not target.admin:
        raise ConfigurationError(f"the target {target.secret} needs an 'admin': the secret that may issue and revoke tokens")
    read = Reader(target.secret)
    shared = {key: target.settings[key] for key in ("headers", "basic") if key in target.settings}
    grace = _GRACE.fullmatch(target.text("grace", "24h"))
    if not grace:
        raise ConfigurationError(f"the target {target.secret} needs a 'grace' such as 30m, 24h or 7d")
    issue = read.request(target.settings, "issue", "POST", {ADMIN, "name", "version"}, shared, pointers=("token", "id"))
    listing = None
    if "list" in target.settings:
        listing = read.request(target.settings, "list", "GET", {ADMIN}, shared, pointers=("entries", "id", "name"))
        if "name" not in read.used["issue"]:
            raise ConfigurationError(f"{target.secret}: 'list' finds tokens by their name, so 'issue' has to send {{name}}")
    revoke = read.request(target.settings, "revoke", "DELETE", {ADMIN, "id"}, shared, gone=(404, 410))
    if "id" not in read.used["revoke"]:
        raise ConfigurationError(f"{target.secret}: 'revoke' has to say which token, by {{id}}")
    verify = read.request(target.settings, "verify", "GET", {"token", "id"}, {})
    if "token" not in read.used["verify"]:
        raise ConfigurationError(f"{target.secret}: 'verify' has to use the {{token}}")
    return Issuer(
        issue=issue,
        verify=verify,
        revoke=revoke,
        listing=listing,
        grace_seconds=int(grace[1]) * _SECONDS[grace[2]],
        authority=target.text("ca") if "ca" in target.settings else None,
    )
