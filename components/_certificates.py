"""Certificate authorities that go into a bundle: read, judged, and nothing beside them."""

import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components._errors import BundleError

_PEM_BLOCK = re.compile(r"-----BEGIN ([^-\n]+)-----.*?-----END \1-----", re.DOTALL)


def authorities(path: Path) -> bytes:
    """Gives the file as it is, when it holds certificate authorities that are valid today and nothing else.

    Raises:
        BundleError: the file is missing, is no PEM of certificates, holds a key, or an authority that no server can be verified by.
    """
    if not path.is_file():
        raise BundleError(f"The certificate authority {path} does not exist; name the PEM file that signs the database's certificate.")
    content = path.read_bytes()
    text = content.decode("utf-8", errors="replace")
    blocks = list(_PEM_BLOCK.finditer(text))
    strangers = sorted({str(block[1]) for block in blocks} - {"CERTIFICATE"})
    if "PRIVATE KEY" in text or strangers:
        found = strangers[0] if strangers else "PRIVATE KEY"
        raise BundleError(f"{path} holds a {found}; a bundle takes certificates only. Give the authority's certificate alone.")
    if not blocks:
        raise BundleError(f"{path} is no PEM file of certificates; give the one that signs the database's certificate.")
    for block in blocks:
        _check(path, block[0])
    return content


def _check(path: Path, pem: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise BundleError(f"{path} is no PEM file of certificates; give the one that signs the database's certificate.") from None
    found = context.get_ca_certs()
    if not found:  # that is all that the standard library tells of a certificate which may not sign
        raise BundleError(f"{path} holds a certificate that is no authority; give the one that signs the database's certificate.")
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found[0]["notAfter"])), UTC)
    if ends < datetime.now(UTC):
        raise BundleError(
            f"{path} holds the authority {_name(found[0])}, which expired on {ends:%Y-%m-%d}: no server is verified by it any more."
            f" Put the authority in its place that signs the database's certificate today."
        )


def _name(certificate: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in _parts(certificate["subject"])) or "without a name"


def _parts(subject: tuple[tuple[tuple[str, str], ...], ...]) -> Iterator[tuple[str, str]]:
    """The common name alone, where there is one."""
    parts = [part for group in subject for part in group]
    yield from [part for part in parts if part[0] == "commonName"] or parts
