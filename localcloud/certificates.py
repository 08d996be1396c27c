"""The local cloud's own certificate authority: clients check the server's name, the superuser comes with a certificate."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from localcloud.directory import write_private

_TEN_YEARS = datetime.timedelta(days=3650)
_A_YEAR = datetime.timedelta(days=365)
_RENEWAL = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """An authority that lives as long as the folder: what was once told to trust it goes on to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        if not (self._key.exists() and self.certificate.exists()):
            self._create()

    def server(self) -> Pair:
        """Gives the server's pair for `localhost` and 127.0.0.1, renewed a month before it ends."""
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        return self._issued("server", "localhost", ExtendedKeyUsageOID.SERVER_AUTH, [x509.SubjectAlternativeName(names)])

    def client(self, user: str) -> Pair:
        """Gives the pair by which this database user proves who it is, instead of a password."""
        return self._issued(user, user, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def _create(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Keyturn local cloud")
        certificate = (
            _builder(name, name, key, _TEN_YEARS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(Pair(self.certificate, self._key), certificate, key)

    def _issued(self, file: str, subject: str, use: x509.ObjectIdentifier, extensions: list[x509.ExtensionType]) -> Pair:
        pair = Pair(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        if pair.certificate.exists() and pair.key.exists() and not _ends_soon(pair.certificate):
            return pair
        authority = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        authority_key = serialization.load_pem_private_key(self._key.read_bytes(), password=None)
        if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is an elliptic curve key")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(subject), authority.subject, key, _A_YEAR)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        _write(pair, builder.sign(authority_key, hashes.SHA256()), key)
        return pair


def _ends_soon(certificate: Path) -> bool:
    end = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    return end - _RENEWAL < datetime.datetime.now(datetime.UTC)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lifetime: datetime.timedelta
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """Writes the key first: a certificate without its key would be taken for a whole pair."""
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(pair.key, private.decode())
    write_private(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM).decode())
    pair.certificate.chmod(0o644)
