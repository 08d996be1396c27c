"""TLS as the function speaks it: the given authority and the host's own name, or nothing."""

import re
import ssl
from pathlib import Path

from rotation_lambda.errors import ConfigurationError

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


def root() -> Path:
    """Gives the folder, or the zip, that holds the function's code with the authorities beside it."""
    return Path(__file__).parent.parent


def context_for(authority: str) -> ssl.SSLContext:
    """Gives a context that trusts the authority in the bundle's file of that name, and no other."""
    if not _FILE_NAME.fullmatch(authority):
        raise ConfigurationError("'ca' is no plain file name; give the name that the certificate has in the bundle")
    try:
        content = _read(root() / authority).decode(errors="replace")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata="\n".join(_CERTIFICATE.findall(content)))
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise ConfigurationError(f"the bundle holds no certificate authority {authority!r}; deploy the stack again") from None
    return context


def _read(path: Path) -> bytes:
    # A runtime may import the function from the zip itself; then only the zip's own loader can read beside the code.
    loader: object = globals().get("__loader__")
    get_data = getattr(loader, "get_data", None)
    return get_data(str(path)) if get_data else path.read_bytes()
