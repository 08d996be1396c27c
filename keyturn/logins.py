"""Logins of databases as a stack file declares them, one shape for those that speak SQL and one for Redis."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationInfo, model_validator

from keyturn import _login_checks as checks
from keyturn._part import Part
from keyturn._stackfile import as_mapping
from keyturn.catalogue import DEFAULT_ROTATION_DAYS, Kind, Strategy, engine_of
from keyturn.databases import PERSISTENCE, missing_admin, unfit_host
from keyturn.problems import refusal


class Login(Part):
    """A login of a database, owned by one service."""

    kind: Kind
    strategy: Annotated[Strategy, BeforeValidator(checks.strategy)]
    host: Annotated[str, AfterValidator(checks.host)]
    port: Annotated[int, Field(ge=1, le=65535)]
    username: Annotated[str, AfterValidator(checks.username)]
    ca: Annotated[Path, AfterValidator(checks.certificate)]
    admin: Annotated[str, AfterValidator(checks.admin)] | None = None
    rotate_every: Annotated[int, BeforeValidator(checks.days)] = DEFAULT_ROTATION_DAYS
    """Days between two rotations; written `30d`."""

    @property
    def engine(self) -> str:
        """What rotates it."""
        return str(engine_of(self.kind))

    @model_validator(mode="after")
    def _can_be_rotated_there(self, info: ValidationInfo) -> Self:
        if why := unfit_host(self.host, self.strategy):
            raise refusal(why, "host")
        if self.admin is None and (why := missing_admin(self.kind, self.strategy)):
            raise refusal(why, "admin")
        checks.own_login(self.host, self.port, self.username, info)
        return self


class SqlLogin(Login):
    """A login of PostgreSQL, MySQL or MariaDB."""

    database: Annotated[str, AfterValidator(checks.database)]


class RedisLogin(Login):
    """A user of Redis."""

    rules: tuple[Annotated[str, AfterValidator(checks.rule)], ...] = ()
    """What the user may do, as ACL rules; needed when there is no such user yet."""
    persistence: Annotated[str, BeforeValidator(checks.persistence)] = PERSISTENCE[0]
    """Who keeps the user over a restart of the server."""


SHAPES = {"sql": SqlLogin, "redis": RedisLogin}
"""By the word that pydantic puts into the path of an error."""

AnyLogin = Annotated[
    Annotated[SqlLogin, Tag("sql")] | Annotated[RedisLogin, Tag("redis")],
    Discriminator(lambda value: "redis" if as_mapping(value).get("kind") == Kind.REDIS else "sql"),
    BeforeValidator(checks.kind),
]
