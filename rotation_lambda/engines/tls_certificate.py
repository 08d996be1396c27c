"""A server's TLS certificate, issued by a role of Vault's or OpenBao's PKI: a new key each time, the one before valid until it ends.

The issuer keeps no key, so a certificate that was issued and could not be stored is nobody's: it ends by itself. What was replaced
is revoked where the target says so, one rotation later. How long a certificate lives is `ttlHours`; rotate it after two thirds.
"""

import datetime
import ipaddress
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any, cast

from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Known, Value
from rotation_lambda.engines._pki_session import Session, logged_in
from rotation_lambda.engines._tls_handshake import Proof, proof
from rotation_lambda.errors import AuthenticationError, ConfigurationError, LostValueError, PolicyError, RotationError
from rotation_lambda.targets import Target

_KEYS = ("certificate", "privateKey", "chain", "serialNumber", "notAfter")
_SETTINGS = ("address", "ca", "namespace", "mount", "role", "commonName", "altNames", "ipSans", "ttlHours", "login", "revoke")

# The issuer's clock and the function's may differ by so much.
_CLOCKS_SECONDS = 300
# A certificate with less than this part of its life left is as good as expired: who loads it will not load it again so soon.
_MARGIN = 1 / 10

_ADDRESS = re.compile(r"https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?/?")
_WORD = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_PATH = re.compile(rf"{_WORD}(/{_WORD})*")
# The issuer takes names in one text, with commas between. An address is no name: no client would find it among the names.
_HOST_NAME = re.compile(r"(?=.{1,253}$)(?!(.*\.)?[0-9]+$)(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


def describe(target: Target, current: Value | None) -> Value:  # noqa: ARG001 - a certificate says for whom it is, and `verify` reads that
    """Gives nothing: all of the value comes from the issuer."""
    target.knows_only(*_SETTINGS)
    target.text("ca")
    target.whole_number("ttlHours", least=1, most=87600)
    if not _ADDRESS.fullmatch(target.text("address")):
        raise ConfigurationError(f"the target {target.secret} needs an 'address' like https://vault.example:8200, with nothing behind it")
    for key, default in (("mount", "pki"), ("login", "approle"), ("role", None), ("namespace", "root")):
        if not _PATH.fullmatch(target.text(key, default)):
            raise ConfigurationError(f"the target {target.secret} needs {key!r} of letters, digits, '.', '_' and '-', as in a path")
    _names(target)
    _revokes(target)
    if target.admin is None:
        raise ConfigurationError(f"the target {target.secret} has no 'admin'; name the secret with the AppRole's role_id and secret_id")
    return {}


def generate(target: Target, known: Known, deadline: Deadline) -> Value:
    """Gives a certificate that the role issued now, with a key of its own."""
    hours = target.whole_number("ttlHours", least=1, most=87600)
    with logged_in(target, known.admin, deadline) as session:
        issued = session.issue(
            {
                "common_name": target.text("commonName"),
                "alt_names": ",".join(target.texts("altNames")),
                "ip_sans": ",".join(target.texts("ipSans")),
                "ttl": f"{hours}h",
                "private_key_format": "pkcs8",
            }
        )
        value, seen = _value(target, issued)
        if seen.ends < time.time() + hours * 3600 - _CLOCKS_SECONDS:
            raise PolicyError(
                f"the role {target.text('role')} cuts the certificate's life: {hours} hours are declared, and it ends {value['notAfter']}."
                f" Raise the role's max_ttl, or lower 'ttlHours' and rotate more often"
            )
    return value


def set_credential(target: Target, pending: Value, known: Known, deadline: Deadline) -> None:  # noqa: ARG001 - nobody has to be told
    """Gives up a certificate that is no good any more, since no other one can take its place under this token.

    Raises:
        LostValueError: always; a certificate that is good needs nothing to be set.
    """
    try:
        _verified(target, pending)
    except AuthenticationError as error:
        raise LostValueError(f"{error}; it is given up, and the next rotation has another one issued") from None


def verify(target: Target, pending: Value, deadline: Deadline) -> None:  # noqa: ARG001 - asks nobody
    """Lets a client that trusts the issuer accept the certificate, and compares its names, its end and what the value says of both."""
    _verified(target, pending)


def cleanup(target: Target, *, keep: Sequence[Value], gone: Iterable[Value], known: Known, deadline: Deadline) -> None:
    """Revokes the certificates that were replaced and would still be valid, where the target says so."""
    if not _revokes(target):
        return
    # Where somebody emptied the value, the certificate before is still in use.
    in_use = known.current if known.current and _has_all(known.current) else known.previous() or {}
    kept = [value.get("serialNumber") for value in (*keep, in_use)]
    left = [value for value in gone if value.get("serialNumber") not in kept and _is_live(value)]
    if not left:
        return
    with logged_in(target, known.admin, deadline) as session:
        _revoke_all(session, left)


def _is_live(value: Value) -> bool:
    """Says whether it could still be used. What has ended, or what somebody put here who lacks the key, is nothing to revoke."""
    if not _has_all(value):
        return False
    try:
        proof(value["certificate"], value["privateKey"], value["chain"])
    except RotationError:
        return False
    return True


def _revoke_all(session: Session, left: Sequence[Value]) -> None:
    """One that is refused does not keep the others valid."""
    refused: RotationError | None = None
    for value in left:
        try:
            session.revoke(value["certificate"], value["privateKey"])
        except RotationError as error:
            refused = error
    if refused is not None:
        raise refused


def _value(target: Target, issued: dict[str, Any]) -> tuple[Value, Proof]:
    authorities: Any = issued.get("ca_chain") or [issued.get("issuing_ca")]
    texts = [issued.get("certificate"), issued.get("private_key"), issued.get("serial_number")]
    if not isinstance(authorities, list) or not all(isinstance(text, str) and text for text in [*texts, *cast("list[Any]", authorities)]):
        raise ConfigurationError(
            f"the role {target.text('role')} issues no certificate with its key and its authority; is its mount a PKI of Vault or OpenBao?"
        )
    value = {
        "certificate": f"{issued['certificate'].strip()}\n",
        "privateKey": f"{issued['private_key'].strip()}\n",
        "chain": "".join(f"{authority.strip()}\n" for authority in cast("list[str]", authorities)),
        "serialNumber": issued["serial_number"],
    }
    try:
        seen = proof(value["certificate"], value["privateKey"], value["chain"])
        value["notAfter"] = _iso(seen.ends)
        _compare(target, value, seen)
    except AuthenticationError as error:
        raise PolicyError(f"what the role {target.text('role')} issues is no server's certificate as declared: {error}") from None
    return value, seen


def _verified(target: Target, value: Value) -> None:
    if not _has_all(value):
        raise AuthenticationError(f"the value of {target.secret} is no certificate with its key and chain")
    seen = proof(value["certificate"], value["privateKey"], value["chain"])
    _compare(target, value, seen)
    if seen.ends - time.time() < (seen.ends - seen.begins) * _MARGIN:
        raise AuthenticationError(f"the certificate ends {value['notAfter']}, with less than a tenth of its life left")


def _compare(target: Target, value: Value, seen: Proof) -> None:
    if seen.names != _names(target):
        raise AuthenticationError("the certificate's names are not those of 'commonName', 'altNames' and 'ipSans'")
    if value["serialNumber"].replace(":", "").lower() != _hex(seen.serial) or value["notAfter"] != _iso(seen.ends):
        raise AuthenticationError("'serialNumber' or 'notAfter' of the value is not what the certificate says")


def _names(target: Target) -> frozenset[tuple[str, str]]:
    hosts = (target.text("commonName"), *target.texts("altNames"))
    if not all(_HOST_NAME.fullmatch(host) for host in hosts):
        raise ConfigurationError(
            f"the target {target.secret} needs 'commonName' and 'altNames' that are host names in small letters; other scripts as xn--…"
        )
    try:
        addresses = [str(ipaddress.ip_address(address)) for address in target.texts("ipSans")]
    except ValueError:
        raise ConfigurationError(f"the target {target.secret} needs 'ipSans' to be IP addresses") from None
    return frozenset([*(("DNS", host) for host in hosts), *(("IP Address", address) for address in addresses)])


def _revokes(target: Target) -> bool:
    value = target.settings.get("revoke", False)
    if not isinstance(value, bool):
        raise ConfigurationError(f"the target {target.secret} needs 'revoke' to be true or false")
    return value


def _has_all(value: Value) -> bool:
    return all(isinstance(value.get(key), str) and value[key] for key in _KEYS)


def _hex(serial: int) -> str:
    text = f"{serial:x}"
    return text if len(text) % 2 == 0 else f"0{text}"


def _iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
