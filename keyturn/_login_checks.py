"""The checks that pydantic runs on the keys of a database's login. Each gives the value back or says what is wrong with it."""

import re
from pathlib import Path

from pydantic import ValidationInfo

from keyturn import names
from keyturn._checks import matching
from keyturn._stackfile import as_mapping
from keyturn._surroundings import around
from keyturn.catalogue import AVAILABLE, Kind, Strategy
from keyturn.databases import PERSISTENCE, is_redis_rule, traits_of, unfit_strategy, unfit_username
from keyturn.problems import meant, refusal

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:(?P<name>[^:]+)-[A-Za-z0-9]{6}")


def kind(value: object) -> object:
    """The kind is known and this version has a component for it; what may be left out is filled in by it, so it is checked first."""
    declared = as_mapping(value)
    if value != declared:  # no mapping, which is reported where the type is checked
        return value
    given = declared.get("kind")
    if given is None:
        raise refusal("is missing", "kind")
    if given not in list(Kind):
        raise refusal(f"unknown kind; {meant(str(given), Kind)}", "kind")
    if given not in AVAILABLE:
        raise refusal(f"is not yet in this version, which has: {', '.join(AVAILABLE)}", "kind")
    traits = traits_of(Kind(str(given)))
    return {"port": traits.port, "strategy": traits.strategies[0], **declared}


def host(text: str) -> str:
    """A host is a name or an address, without scheme or port."""
    return matching(_HOST, text, "must be a host name or IPv4 address, without scheme and port")


def database(text: str) -> str:
    """A database is called by a plain identifier."""
    return matching(_IDENTIFIER, text, "must have lower-case letters, digits and '_' only, at most 63")


def username(text: str, info: ValidationInfo) -> str:
    """A user is a name that needs no quoting, with room for the users that are derived from it."""
    if why := unfit_username(info.data["kind"], info.data.get("strategy", Strategy.ALTERNATING_USERS), text):
        raise refusal(why)
    return text


def certificate(path: Path, info: ValidationInfo) -> Path:
    """A CA is a PEM file with certificates and nothing else; relative to the project."""
    found = around(info).directory / path
    try:
        text = found.read_text(encoding="ascii")
    except OSError:
        raise refusal("is not a file that can be read; give the path of the server's CA as PEM, relative to the project") from None
    except UnicodeDecodeError:
        raise refusal("is not a PEM file") from None
    if "PRIVATE KEY" in text:
        raise refusal("holds a private key: it would travel with the function; keep the certificates only, and renew that key")
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise refusal("is not a PEM file: it has no certificate")
    return found


def admin(text: str, info: ValidationInfo) -> str:
    """An admin secret is made elsewhere, in the same environment."""
    known = around(info)
    arn = _SECRET_ARN.fullmatch(text)
    name = arn["name"] if arn else text
    if name in known.declared:
        raise refusal("is a secret of this declaration, empty until its first rotation; an admin secret is made elsewhere (RDS, a DBA)")
    try:
        parsed = names.parse(name)
    except names.InvalidNameError:
        if arn:  # RDS calls the secret of its master user `rds!…`: the name says nothing about the environment
            return text
        raise refusal("must be <environment>/<service>/<secret>, or the whole ARN of a secret") from None
    if parsed.environment != known.environment:
        raise refusal("belongs to another environment; an environment is closed: use an admin secret of its own")
    return text


def strategy(value: object, info: ValidationInfo) -> object:
    """A strategy is one of those that the kind of database can do."""
    if value not in list(Strategy):
        raise refusal(f"unknown strategy; {meant(str(value), Strategy)}")
    if why := unfit_strategy(info.data["kind"], Strategy(str(value))):
        raise refusal(why)
    return value


def days(value: object) -> object:
    """A duration is whole days, at most a year."""
    found = re.fullmatch(r"([1-9]\d{0,2})d", value) if isinstance(value, str) else None
    if not found or int(found[1]) > 365:
        raise refusal("must be whole days from 1d to 365d, e.g. 30d")
    return int(found[1])


def own_login(host: str, port: int, username: str, info: ValidationInfo) -> None:
    """Two secrets never rotate the same user: each would invalidate the other's password."""
    if around(info).shares_login(host, port, username):
        raise refusal("is the user of another secret on the same server, too; two services on one database have two users", "username")


def rule(text: str) -> str:
    """A rule says what a Redis user may do. It is repeated by nobody: a password could stand in it."""
    if not is_redis_rule(text):
        raise refusal(
            "must be an ACL rule about commands, keys or channels, e.g. +@read or ~billing:*; passwords and `on` are the rotation's"
        )
    return text


def persistence(value: object) -> object:
    """A user is kept over a restart by somebody who is known."""
    if value not in PERSISTENCE:
        raise refusal(f"must be one of {', '.join(PERSISTENCE)}")
    return value
