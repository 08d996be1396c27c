"""The checks that pydantic runs on single keys of a declaration. Each gives the value back or says what is wrong with it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from pydantic import ValidationInfo

from keyturn import names
from keyturn._stackfile import LOCAL, as_mapping
from keyturn._surroundings import around
from keyturn.catalogue import AVAILABLE, Identity, engine_of, protocol_of
from keyturn.problems import meant, refusal

_LABEL = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")
_OIDC_PROVIDER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:oidc-provider/[A-Za-z0-9./_-]+")


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
    return matching(_LABEL, text, "must be the exact name, lower-case letters, digits, '-' and '.'")


def principal(text: str) -> str:
    """A principal is one role or user: an account or `*` would let others in."""
    return matching(_PRINCIPAL, text, "must be the ARN of one role or user")


def oidc_provider(text: str) -> str:
    """An OIDC provider is the cluster's entry in IAM."""
    return matching(
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


def matching(pattern: re.Pattern[str], text: str, expectation: str) -> str:
    """Gives the text, when the whole of it is as expected."""
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
