"""What a single key of a declaration is checked against: everything else in it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import ValidationInfo

from keyturn._stackfile import as_mapping
from keyturn.catalogue import AVAILABLE, Kind
from keyturn.databases import traits_of


@dataclass(frozen=True)
class Surroundings:
    """What a key is checked against: the rest of the declaration, right or wrong as it stands."""

    environment: str
    directory: Path
    has_cluster: bool
    declared: frozenset[str]
    """Physical names of all secrets."""
    logins: Mapping[tuple[str, str, str], int]
    """How many secrets use the same user of the same server."""

    def shares_login(self, host: str, port: int, username: str) -> bool:
        """Says whether more than one secret has this user of this server."""
        return self.logins[_login(host, port, username)] > 1

    @classmethod
    def of(cls, plain: Mapping[str, object], directory: Path) -> "Surroundings":
        """Gives the surroundings of everything in a declaration that has not been checked yet."""
        environment = str(plain.get("environment"))
        secrets = {
            f"{environment}/{service}/{secret}": as_mapping(database)
            for service, declared in as_mapping(plain.get("services")).items()
            for secret, database in as_mapping(as_mapping(declared).get("secrets")).items()
        }
        return cls(
            environment=environment,
            directory=directory,
            has_cluster=bool(plain.get("kubernetes")),
            declared=frozenset(secrets),
            logins=Counter(_login(given.get("host"), given.get("port", _port(given)), given.get("username")) for given in secrets.values()),
        )


def around(info: ValidationInfo) -> Surroundings:
    """Gives the surroundings that the declaration is validated with."""
    return cast("Surroundings", info.context)


def _port(given: Mapping[str, object]) -> int | None:
    kind = given.get("kind")
    return traits_of(Kind(str(kind))).port if kind in AVAILABLE else None


def _login(host: object, port: object, username: object) -> tuple[str, str, str]:
    return str(host).lower(), str(port), str(username)
