"""What the tests of a function's code share: a cache of wheels that a test may break, wheels that are made up, and certificates."""

import base64
import datetime
import hashlib
import zipfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make_wheel(folder: Path, *tags: str, name: str = "driver", files: dict[str, bytes] | None = None) -> str:
    """Puts a wheel into a cache of wheels, and gives its hash."""
    made = folder / "made.whl"
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags))
        for path, content in (files or {f"{name}.py": repr(tags).encode()}).items():
            opened.writestr(path, content)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    made.rename(folder / f"{digest}.whl")
    return digest


def write_certificate(path: Path, *, expired: bool = False, authority: bool = True, name: str = "Authority of the tests") -> Path:
    """Writes a certificate that signs itself; an expired one ended on 2020-03-01."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    ends = datetime.datetime(2020, 3, 1, tzinfo=datetime.UTC) if expired else now + datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


def a_private_key() -> bytes:
    """A PEM that no bundle may hold."""
    begin, end = (f"-----{word} {'PRIVATE'} KEY-----\n".encode() for word in ("BEGIN", "END"))
    return begin + base64.encodebytes(bytes(range(64))) + end
