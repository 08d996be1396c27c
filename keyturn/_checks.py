"""The checks that pydantic runs on single keys of a declaration. Each gives the value back or says what is wrong with it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import ValidationInfo

from keyturn import names
from keyturn._stackfile import LOCAL, as_mapping
from keyturn._surroundings import around
from keyturn.catalogue import AVAILABLE, Identity, Kind, Strategy, engine_of, protocol_of
from keyturn.problems import meant, refusal

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:(?P<name>[^:]+)-[A-Za-z0-9]{6}")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")
_OIDC_PROVIDER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:oidc-provider/[A-Za-z0-9./_-]+")

# The function derives two more users from a login, with these endings; AWS's own functions use the first.
_DERIVED = ("_clone", "_owner")
_LONGEST_USERNAME = 63 - len("_clone")


def given(value: object) -> object:
    """An empty mapping is nothing: the engine needs a default for what may be left out, and it cannot be null."""
    return value or None


def environment(text: str) -> str:
    """An environment has a name like every part of a secret's name, and leaves room in what bears it."""
    return _named(lambda: names.alert_rule_name(text), text)


def service_name(text: str, info: ValidationInfo) -> str:
    """A service's name leaves room for the names of its role and of its functions."""
    known = around(info)
    longest = max((engine_of(kind) or "" for kind in AVAILABLE), key=len)
    # A wrong environment is reported at its own key, and not once more for each service.
    prefix = known.environment if _is_part(known.environment) else "environment"
    return _named(lambda: names.function_name(prefix, text, longest), text)


def secret_name(text: str) -> str:
    """A secret's name is not read as an ARN."""
    return _named(lambda: names.physical_name("environment", "service", text), text)


def kind(value: object) -> object:
    """The kind is known and this version has a component for it. All other keys depend on it, so it is checked first."""
    given = as_mapping(value).get("kind")
    if given is None:
        return value
    if given not in list(Kind):
        raise refusal(f"unknown kind; {meant(str(given), Kind)}", "kind")
    if given not in AVAILABLE:
        raise refusal(f"is not yet in this version, which has: {', '.join(AVAILABLE)}", "kind")
    return value


def host(text: str) -> str:
    """A host is a name or an address, without scheme or port."""
    return _matching(_HOST, text, "must be a host name or IPv4 address, without scheme and port")


def database(text: str) -> str:
    """A database is called by a plain identifier."""
    return _matching(_IDENTIFIER, text, "must have lower-case letters, digits and '_' only, at most 63")


def username(text: str) -> str:
    """A user is a plain identifier, with room for the users that are derived from it."""
    _matching(_IDENTIFIER, text, "must have lower-case letters, digits and '_' only")
    if len(text) > _LONGEST_USERNAME:
        raise refusal(
            f"must not be longer than {_LONGEST_USERNAME} characters: PostgreSQL has 63, and the second user is called <username>_clone"
        )
    if text.endswith(_DERIVED):
        raise refusal("must not end in _clone or _owner: rotation derives users of these names; give the first user's name")
    if text.startswith("pg_") or text in {"none", "postgres", "public", "rdsadmin"}:
        raise refusal("is a name of the server itself; a service has a user of its own")
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


def strategy(value: object) -> object:
    """A strategy is one of those that the rotation function knows."""
    if value not in list(Strategy):
        raise refusal(f"unknown strategy; {meant(str(value), Strategy)}")
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


def identity(value: object, info: ValidationInfo) -> object:
    """What a service runs as is known before its other keys can be judged."""
    given = as_mapping(value).get("type")
    if given not in list(Identity):
        raise refusal("is missing" if given is None else f"unknown type; {meant(str(given), Identity)}", "type")
    if given == Identity.KUBERNETES and not around(info).has_cluster:
        raise refusal("needs the cluster: set keyturn:kubernetes to {oidcProviderArn: …}", "type")
    return value


def label(text: str) -> str:
    """A namespace or service account is named exactly: `*` would let others in."""
    return _matching(_LABEL, text, "must be the exact name, lower-case letters, digits, '-' and '.'")


def principal(text: str) -> str:
    """A principal is one role or user: an account or `*` would let others in."""
    return _matching(_PRINCIPAL, text, "must be the ARN of one role or user")


def oidc_provider(text: str) -> str:
    """An OIDC provider is the cluster's entry in IAM."""
    return _matching(
        _OIDC_PROVIDER, text, "must be the ARN of the cluster's OIDC provider in IAM, arn:aws:iam::<account>:oidc-provider/<issuer>"
    )


def foreign_secret(text: str, info: ValidationInfo) -> str:
    """Another service's secret exists in this environment."""
    known = around(info)
    try:
        name = names.parse(text)
    except names.InvalidNameError as error:
        raise refusal(_after_the_part(error)) from None
    if name.environment != known.environment:
        raise refusal("belongs to another environment; an environment is closed: no secret of it is read from here")
    if text not in known.declared:
        raise refusal(f"is not declared; {meant(text, sorted(known.declared))}")
    return text


def reason(text: str) -> str:
    """A reason is a sentence, or at least a word that a reviewer understands."""
    if len(text.strip()) < 10:
        raise refusal("must say why in at least 10 characters: a reviewer decides by it")
    return text


def until(value: object) -> str:
    """The last day is a date that has not passed. Without quotes, YAML reads it as a time, and the engine hands that over."""
    try:
        day = date.fromisoformat(re.sub(r"[T ]00:00:00(Z| \+0000 UTC)$", "", str(value)))
    except ValueError:
        raise refusal("must be a date, e.g. 2027-06-30") from None
    if day < datetime.now(UTC).date():
        raise refusal(f"ended on {day.isoformat()}; remove the entry, or renew it with a reason")
    return day.isoformat()


def deliver(ways: tuple[str, ...]) -> tuple[str, ...]:
    """Delivery to Kubernetes and Vault comes later; reading through the SDK needs no word here."""
    if ways:
        raise refusal("is not yet in this version; leave it out: the service reads its secrets with the SDK")
    return ways


def alert(text: str) -> str:
    """Whoever is alerted can be subscribed."""
    if protocol_of(text) is None:
        raise refusal("must be an e-mail address, an https:// address or the ARN of an SQS queue")
    return text


def alerts(given: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Outside of a laptop somebody hears of a failed rotation."""
    if not given and around(info).environment != LOCAL:
        raise refusal("is missing: nobody would hear of a failed rotation; name at least one address")
    return given


def recovery_days(given: int, info: ValidationInfo) -> int:
    """A deleted secret can be restored, but for the local cloud, where the name must be free again at once."""
    if given == 0 and around(info).environment == LOCAL:
        return given
    if not 7 <= given <= 30:
        raise refusal(f"must be from 7 to 30; 0 only in environment `{LOCAL}`")
    return given


def _matching(pattern: re.Pattern[str], text: str, expectation: str) -> str:
    if not pattern.fullmatch(text):
        raise refusal(expectation)
    return text


def _is_part(text: str) -> bool:
    try:
        names.check_part("part", text)
    except names.InvalidNameError:
        return False
    return True


def _named(check: Callable[[], object], text: str) -> str:
    try:
        check()
    except names.InvalidNameError as error:
        raise refusal(_after_the_part(error)) from None
    return text


def _after_the_part(error: names.InvalidNameError) -> str:
    """The key already says which part is meant."""
    return str(error).partition(": ")[2]
