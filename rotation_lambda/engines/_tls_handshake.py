"""What a certificate says of itself, once its key and its issuer have proved it in a TLS handshake that needs no network."""

import contextlib
import ipaddress
import os
import ssl
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from rotation_lambda.errors import AuthenticationError, ConfigurationError

_NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID


@dataclass(frozen=True)
class Proof:
    """A server's certificate that a client accepts which trusts its issuer."""

    names: frozenset[tuple[str, str]]
    """`("DNS", name)` and `("IP Address", address)` of the certificate, and whatever else it is good for."""
    serial: int
    begins: float
    ends: float


def proof(certificate: str, private_key: str, chain: str) -> Proof:
    """Lets a server with the pair and a client that trusts the chain shake hands, and gives the certificate that the client saw.

    Raises:
        AuthenticationError: no client would accept it.
        ConfigurationError: it is not valid yet.
    """
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.minimum_version = client.minimum_version = ssl.TLSVersion.TLSv1_3
    client.check_hostname = False  # a certificate has many names: whoever asked for it compares them all
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # who trusts an intermediate authority need not have its root
    try:
        client.load_verify_locations(cadata=chain)
    except (ssl.SSLError, ValueError, TypeError):  # an empty one, and one that is not ASCII
        raise AuthenticationError("the chain holds no certificate of an authority") from None
    loaded = client.cert_store_stats()
    if loaded["x509_ca"] < loaded["x509"]:  # a certificate that is trusted itself proves nothing of its issuer
        raise AuthenticationError("the chain holds a certificate that is no authority's")
    try:
        with _file(certificate) as certificate_file, _file(private_key) as key_file:
            server.load_cert_chain(certificate_file, key_file, password="")  # or a key with a passphrase would ask the terminal for it
    except (ssl.SSLError, ValueError):
        raise AuthenticationError("certificate and private key do not belong together, or one of them is none that TLS takes") from None
    try:
        return _seen(_handshake(server, client))
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _NOT_YET_VALID:
            raise ConfigurationError("the certificate is not valid yet: the issuer's clock runs before the function's") from None
        raise AuthenticationError(f"who trusts the chain does not accept the certificate: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise AuthenticationError(f"there is no TLS 1.3 with this certificate ({error.reason})") from None


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = server.wrap_bio(to_server, to_client, server_side=True)
    asking = client.wrap_bio(to_client, to_server)
    for side in (asking, serving):
        with contextlib.suppress(ssl.SSLWantReadError):  # each waits for the other's next word
            side.do_handshake()
    asking.do_handshake()
    seen: Any = asking.getpeercert()
    return seen


def _seen(certificate: dict[str, Any]) -> Proof:
    return Proof(
        names=frozenset((kind, _plain(kind, name)) for kind, name in certificate.get("subjectAltName", ())),
        serial=int(certificate["serialNumber"], 16),
        begins=ssl.cert_time_to_seconds(certificate["notBefore"]),
        ends=ssl.cert_time_to_seconds(certificate["notAfter"]),
    )


def _plain(kind: str, name: str) -> str:
    return str(ipaddress.ip_address(name.strip())) if kind == "IP Address" else name


@contextlib.contextmanager
def _file(content: str) -> Generator[str]:
    """The standard library takes a key from a file only: this one is in memory, so that no crash leaves it on a disk."""
    descriptor = os.memfd_create("keyturn")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode())
        file.flush()
        yield f"/proc/self/fd/{descriptor}"
