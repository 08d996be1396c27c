"""What is set for a user in PostgreSQL (`ALTER ROLE … SET`), carried over to a login that takes its place or its turn."""

from rotation_lambda.engines._postgres_session import Session, identifier
from rotation_lambda.errors import PermissionRefusedError


def acts_as(session: Session, login: str, role: str) -> bool:
    """Says whether the login becomes the role when it logs in."""
    rows = session.run(
        "SELECT FROM pg_db_role_setting WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = $1)"
        " AND setdatabase = 0 AND $2 = ANY (setconfig)",
        login,
        f"role={role}",
    )
    return bool(rows)


def copy_settings(session: Session, template: str, login: str) -> None:
    """Gives the login the other role's settings, for all databases and for single ones."""
    rows = session.run(
        "SELECT datname, unnest(setconfig) FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase"
        " WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = $1) ORDER BY 1, 2",
        template,
    )
    for database, setting in rows:
        key, _, value = setting.partition("=")
        if key != "role":
            _give(session, login, key, value, database)


def keep_in_path(session: Session, login: str, schema: str, *, of: str) -> None:
    """Lets the login find the schema that bears its user's name, which `$user` meant before it became another role."""
    if not session.run("SELECT FROM pg_namespace WHERE nspname = $1", schema):
        return
    found = session.run(
        "SELECT s.setting FROM (SELECT setrole, setdatabase, unnest(setconfig) AS setting FROM pg_db_role_setting) s"
        " WHERE s.setting LIKE 'search\\_path=%' AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = $1))"
        " AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
        " ORDER BY setrole <> 0 AND setdatabase <> 0 DESC, setrole <> 0 DESC LIMIT 1",
        of,
    )
    path = found[0][0].partition("=")[2] if found else session.run("SELECT boot_val FROM pg_settings WHERE name = 'search_path'")[0][0]
    wanted = path.replace('"$user"', f'{identifier(schema)}, "$user"')
    if wanted != path:
        _give(session, login, "search_path", wanted, session.run("SELECT current_database()")[0][0])


def _give(session: Session, login: str, key: str, value: str, database: str | None) -> None:
    """Through the session, since lists like a search path are quoted in a way of their own; which has its own value back afterwards."""
    where = f" IN DATABASE {identifier(database)}" if database else ""
    # Settings of extensions have a dot in their name, and each part is a name.
    name = ".".join(identifier(part) for part in key.split("."))
    try:
        session.run("SELECT pg_catalog.set_config($1, $2, true)", key, value)
        session.run(f"ALTER ROLE {identifier(login)}{where} SET {name} FROM CURRENT")
        session.run("SELECT pg_catalog.set_config($1, NULL, true)", key)
    except PermissionRefusedError:
        raise PermissionRefusedError(
            f"the setting {key} was made for the user by a superuser; run once, as one: GRANT SET ON PARAMETER {name} TO <admin>; and if"
            f" it is one that only superusers may read: GRANT pg_read_all_settings TO <admin>"
        ) from None
