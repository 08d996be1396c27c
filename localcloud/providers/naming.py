"""Physical names that the program leaves to the provider: the logical name and seven random hexadecimal digits."""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

_DIGITS = 7
_serial = count()


@dataclass(frozen=True)
class Autonaming:
    """What the engine says about a name: `proposed` is set by its configuration, `seed` makes a plan repeatable."""

    proposed: str = ""
    disabled: bool = False
    seed: bytes = b""


@dataclass(frozen=True)
class Name:
    """The property that names a resource physically, and what the service wants around the name."""

    property: str = "name"
    shape: Callable[[str, Mapping[str, Any]], str] = lambda name, _: name
    prefix: str | None = "namePrefix"

    def made(self, logical: str, inputs: Mapping[str, Any], autonaming: Autonaming) -> str:
        """Gives a new physical name for the resource that the program calls `logical`."""
        if autonaming.proposed:
            return self.shape(autonaming.proposed, inputs)
        digits = hashlib.sha256(autonaming.seed).hexdigest() if autonaming.seed else secrets.token_hex(_DIGITS)
        return self.shape(f"{logical}-{digits[:_DIGITS]}", inputs)

    def completed(self, inputs: Mapping[str, Any]) -> str:
        """Gives the name that begins with the given prefix, as the real provider does: the time and a serial number."""
        stamp = f"{time.strftime('%Y%m%d%H%M%S', time.gmtime())}{time.time_ns() % 10**9 // 10**5:04d}{next(_serial) % 2**32:08x}"
        return self.shape(f"{inputs.get(self.prefix or '') or ''}{stamp}", inputs)
