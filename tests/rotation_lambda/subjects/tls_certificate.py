"""A service with a TLS certificate, and the OpenBao that issues it: for the crash matrix, and for the engine's own tests."""

import datetime
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from rotation_lambda import certificates, https, versions
from rotation_lambda.errors import NetworkError
from tests.rotation_lambda.conftest import Context
from tests.rotation_lambda.matrix import Around, Row
from tests.rotation_lambda.openbao_server import ROLE, Server, running
from tests.rotation_lambda.rotating import Rotating
from tests.rotation_lambda.secrets_manager import SecretsManager

__all__ = ["ROWS", "Certificate", "by_hand", "running"]

_numbers = itertools.count(1)


class Certificate(Rotating):
    """One secret of one service, with everything that a test does to it."""

    # What the rotation before replaced is revoked by the next one, if this one is cut off right after it published.
    most_live = 3

    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
        self.server, self._monkeypatch = server, monkeypatch
        self.manager, self.context = SecretsManager(), Context()
        monkeypatch.setattr(versions, "client", lambda: self.manager)
        monkeypatch.setattr(certificates, "root", lambda: server.home)
        self.host = f"billing{next(_numbers)}.internal"
        self.name = "prod/billing/certificate"
        self.admin = self.manager.create("prod/platform/issuer", server.login)
        self.arn = self.manager.create(self.name)
        self.target: dict[str, Any] = {}
        self.declare(
            kind="tls-certificate",
            address=server.address,
            ca="ca.pem",
            role=ROLE,
            commonName=self.host,
            ttlHours=24,
            revoke=True,
            admin=self.admin,
            **settings,
        )

    def secrets_ever(self) -> list[str]:
        """Every private key that any version ever held, and what the AppRole logs in with."""
        values = [json.loads(version.value) for version in self.manager.secrets[self.arn].versions.values() if version.value]
        keys = [line for value in values for line in value.get("privateKey", "").splitlines() if "KEY" not in line]
        return [text for text in (*keys, *self.server.login.values()) if text]

    def works(self, value: dict[str, Any]) -> bool:
        """Says whether a client that trusts the root accepts it, whoever has the key of it, and it was not revoked."""
        certificate, *chain = x509.load_pem_x509_certificates((value["certificate"] + value["chain"]).encode())
        key = serialization.load_pem_private_key(value["privateKey"].encode(), password=None)
        trusting = verification.PolicyBuilder().store(verification.Store([self.server.root])).time(datetime.datetime.now(datetime.UTC))
        verifier = trusting.build_server_verifier(x509.DNSName(self.host))
        try:
            verifier.verify(certificate, chain)
        except verification.VerificationError:
            return False
        return key.public_key() == certificate.public_key() and not self.server.revoked(value["serialNumber"])

    def live(self) -> int:
        """How many of those that were ever stored were not revoked."""
        values = {version.value for version in self.manager.secrets[self.arn].versions.values() if version.value}
        return sum(not self.server.revoked(json.loads(value)["serialNumber"]) for value in values)

    def install(self, monkeypatch: pytest.MonkeyPatch, around: Around) -> None:
        call: Callable[..., https.Answer] = https.call

        def watched(method: str, url: str, **rest: Any) -> https.Answer:
            with around(f"{method} {url.removeprefix(self.server.address)}"):
                return call(method, url, **rest)

        monkeypatch.setattr(https, "call", watched)

    def unanswered(self) -> Exception:
        return NetworkError("localhost took the request and did not answer it to the end")


def by_hand(host: str, *, life: tuple[float, float] = (-1, 24), key: Any = None, authority_ends: float = 24) -> dict[str, str]:
    """Gives a value of an authority that is nobody's; times in hours from now."""
    key, authority_key = key or ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name, authority = _named(host), _named("Somebody's CA")
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    certificate = (
        _lasting(*life).subject_name(name).issuer_name(authority).public_key(key.public_key()).add_extension(names, critical=False)
    )
    issuer = _lasting(-100, authority_ends).subject_name(authority).issuer_name(authority).public_key(authority_key.public_key())
    issuer = issuer.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    signed, signer = certificate.sign(authority_key, hashes.SHA256()), issuer.sign(authority_key, hashes.SHA256())
    serial = signed.serial_number.to_bytes(20, "big").hex(":")
    pem = serialization.Encoding.PEM
    return {
        "certificate": signed.public_bytes(pem).decode(),
        "privateKey": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
        "chain": signer.public_bytes(pem).decode(),
        "serialNumber": serial,
        "notAfter": f"{signed.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    }


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _lasting(begins: float, ends: float) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().not_valid_before(now + datetime.timedelta(hours=begins))
    return builder.not_valid_after(now + datetime.timedelta(hours=ends)).serial_number(1 << 152 | x509.random_serial_number() >> 16)


def _after(rotations: int) -> Callable[[Server, pytest.MonkeyPatch], Certificate]:
    def prepare(server: Server, monkeypatch: pytest.MonkeyPatch) -> Certificate:
        certificate = Certificate(server, monkeypatch)
        for _ in range(rotations):
            certificate.rotate()
        return certificate

    return prepare


def _rows() -> Iterator[Row]:
    for rotations, start in enumerate(("empty secret", "second rotation", "third rotation")):
        yield Row(
            engine="tls-certificate",
            strategy="issued by PKI",
            start=start,
            overlap=True,
            prepare=_after(rotations),
            reads=("POST /v1/auth/",),  # a token comes or goes
        )


ROWS = [*_rows()]
