"""What either login makes, both may use: whoever is current, after any number of rotations and DDL (rule 19)."""

import concurrent.futures
import itertools
import json

from rotation_lambda.engines._scram import scram_verifier
from rotation_lambda.handler import handler


def _use_all(session, tables):
    for table in tables:
        session.run(f"INSERT INTO {table} VALUES (1)")  # noqa: S608 - a name of this test
        session.run(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS extra text")
        session.run(f"SELECT extra FROM {table}")  # noqa: S608 - a name of this test


def test_rule_19_after_three_rotations_with_ddl_both_users_can_read_write_and_alter_everything(service):
    service.rotate()
    values = [service.current]
    tables = []
    for number in range(3):
        with service.session() as session:
            tables.append(f"made_in_{number}")
            session.run(f"CREATE TABLE {tables[-1]} (id int)")
        service.rotate()
        values.append(service.current)

    for value in values[-2:]:
        with service.session(value) as session:
            _use_all(session, tables)
            session.run(f"DROP TABLE {tables.pop(0)}")


def test_rule_19_what_a_login_made_as_itself_is_handed_over(service):
    service.rotate()
    service.server.run(f"CREATE SCHEMA own_{service.username} AUTHORIZATION {service.username}")
    with service.session() as session:
        session.run("SET ROLE NONE")
        session.run(f"CREATE TABLE own_{service.username}.made_alone (id int)")

    service.rotate()

    with service.session() as session:
        _use_all(session, [f"own_{service.username}.made_alone"])
    assert service.server.run(f"SELECT pg_has_role('admin', '{service.owner}', 'USAGE')") == [[False]]


def test_the_admin_stays_no_member_of_anything(service):
    for _ in range(3):
        service.rotate()

    for role in (service.username, service.clone, service.owner):
        assert service.server.run(f"SELECT pg_has_role('admin', '{role}', 'SET'), pg_has_role('admin', '{role}', 'USAGE')") == [
            [False, False]
        ]


def test_a_database_that_lets_nobody_connect_lets_the_service_in(service):
    service.server.run("CREATE DATABASE closed OWNER admin", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC", database="postgres")
    service.declare(database="closed")

    service.rotate()
    service.rotate()

    with service.server.session(service.current["username"], service.current["password"], "closed") as session:
        assert session.run("SELECT current_user::text") == [[service.owner]]


def test_services_that_begin_in_one_database_at_the_same_time_do_not_get_in_each_others_way(service, manager, monkeypatch):
    """Each lets its users connect, and PostgreSQL refuses two changes of one database's rights at a time."""
    service.server.run("CREATE DATABASE busy OWNER admin", "REVOKE CONNECT ON DATABASE busy FROM PUBLIC", database="postgres")
    targets = {f"prod/many{number}/database": {**service.target, "database": "busy", "username": f"many{number}"} for number in range(6)}
    monkeypatch.setenv("KEYTURN_TARGETS", json.dumps(targets))
    arns = [manager.create(name) for name in targets]

    with concurrent.futures.ThreadPoolExecutor(len(arns)) as pool:
        for done in [pool.submit(manager.rotate, arn, handler, service.context) for arn in arns]:
            done.result()

    assert [manager.value(arn)["username"] for arn in arns] == [target["username"] for target in targets.values()]


def test_two_services_in_one_database_cannot_use_each_others_tables(service, manager):
    service.rotate()
    with service.session() as session:
        session.run("CREATE TABLE private (id int)")
    owner, username = service.owner, service.username
    service.username = f"{username}x"
    service.declare(username=service.username)
    service.arn = manager.create(service.name)

    service.rotate()

    with service.session() as session:
        assert session.run(f"SELECT has_schema_privilege('{owner}', 'USAGE')") == [[False]]


# A user that was there before Keyturn: made by hand, with objects, grants, settings and memberships.


BY_HAND = "set by hand in 2019"


def _installed_by_hand(service, password=BY_HAND, admin_may=True):
    user, server = service.username, service.server
    server.run(
        f"CREATE ROLE readers_of_{user} NOLOGIN",
        f"CREATE ROLE {user} LOGIN CONNECTION LIMIT 7",
        f"GRANT readers_of_{user} TO {user}",
        f"CREATE SCHEMA shop_{user} AUTHORIZATION {user}",
        f"CREATE TABLE shop_{user}.orders (id int)",
        f"ALTER TABLE shop_{user}.orders OWNER TO {user}",
        f"CREATE TABLE public.catalogue_{user} (id int)",
        f"GRANT SELECT ON public.catalogue_{user} TO {user}",
        f"CREATE TABLE public.report_{user} (id int)",
        f"GRANT SELECT ON public.report_{user} TO readers_of_{user}",
        f'ALTER ROLE {user} SET search_path = shop_{user}, "$user", public',
        f"ALTER ROLE {user} IN DATABASE app SET work_mem = '8MB'",
        f"ALTER ROLE {user} PASSWORD '{scram_verifier(password) if password.isascii() else password}'",
    )
    if admin_may:
        server.run(f"GRANT {user} TO admin WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
    service.manager.write(service.arn, {"username": user, "password": password, "note": "kept"})
    return {"username": user, "password": password}


def test_a_user_made_by_hand_keeps_every_privilege_and_shares_it_with_the_clone(service):
    by_hand = _installed_by_hand(service)

    service.rotate()

    assert (service.current["username"], service.current["note"]) == (service.clone, "kept")
    for value in (by_hand, service.current):
        with service.session(value) as session:
            assert session.run("SELECT current_user::text, current_setting('work_mem')") == [[service.owner, "8MB"]]
            session.run("INSERT INTO orders VALUES (1)")  # found by the user's search path
            session.run("ALTER TABLE orders ADD COLUMN IF NOT EXISTS paid bool")
            session.run(f"SELECT * FROM public.catalogue_{service.username}")  # noqa: S608 - a name of this test
            session.run(f"SELECT * FROM public.report_{service.username}")  # noqa: S608 - a name of this test
    with service.server.superuser() as session:
        limits = session.run("SELECT rolconnlimit FROM pg_roles WHERE rolname = ANY (:logins)", logins=[service.username, service.clone])
    assert limits == [[7], [7]]


def test_a_schema_with_the_users_name_is_still_found_without_its_name(service):
    by_hand = _installed_by_hand(service)
    user = service.username
    service.server.run(
        f"ALTER ROLE {user} RESET search_path",
        f"CREATE SCHEMA {user} AUTHORIZATION {user}",
        f"CREATE TABLE {user}.invoices (id int)",
        f"ALTER TABLE {user}.invoices OWNER TO {user}",
    )

    service.rotate()

    for value in (by_hand, service.current):
        with service.session(value) as session:
            session.run("INSERT INTO invoices VALUES (1)")
            assert session.run("SHOW search_path") == [[f'"{user}", "$user", public']]


def test_a_user_made_by_hand_takes_turns_like_any_other(service):
    _installed_by_hand(service)

    used = []
    for _ in range(4):
        service.rotate()
        used.append(service.current["username"])
        with service.session() as session:
            session.run("INSERT INTO orders VALUES (1)")

    assert used == list(itertools.islice(itertools.cycle([service.clone, service.username]), 4))


def test_a_setting_that_the_admin_may_not_even_see_names_all_that_it_takes(service, refused):
    by_hand = _installed_by_hand(service)
    service.server.run(f"ALTER ROLE {service.username} SET session_preload_libraries = 'pg_stat_statements'")
    token = service.until("setSecret")
    to_set, to_read = 'GRANT SET ON PARAMETER "session_preload_libraries" TO', "GRANT pg_read_all_settings TO"

    with refused("permission", says=f"{to_set} <admin>"):
        service.step("setSecret", token)
    service.server.run(f"{to_set} admin")
    try:
        with refused("permission", says=f"{to_read} <admin>"):
            service.step("setSecret", token)
        service.server.run(f"{to_read} admin")

        service.rotate(token)
        for value in (by_hand, service.current):
            asked = f"SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = '{value['username']}'::regrole"  # noqa: S608 - a name of this test
            assert "session_preload_libraries=pg_stat_statements" in service.server.run(asked)[0][0]
    finally:
        service.server.run("REVOKE SET ON PARAMETER session_preload_libraries FROM admin", "REVOKE pg_read_all_settings FROM admin")


def test_a_session_that_was_open_before_goes_on(service):
    by_hand = _installed_by_hand(service)
    with service.session(by_hand) as session:
        service.rotate()

        session.run("INSERT INTO orders VALUES (1)")


def test_a_clone_that_is_current_already_converges(service):
    """AWS's own function leaves this: the clone is a member of the user, and owns what it made."""
    _installed_by_hand(service)
    user, clone, password = service.username, service.clone, "the clone's own password"
    service.server.run(
        f"CREATE ROLE {clone} LOGIN PASSWORD '{scram_verifier(password)}'",
        f"GRANT {user} TO {clone}",
        f"GRANT {clone} TO admin WITH ADMIN OPTION, INHERIT FALSE, SET FALSE",
        f"CREATE TABLE shop_{user}.made_by_clone (id int)",
        f"ALTER TABLE shop_{user}.made_by_clone OWNER TO {clone}",
    )
    before = service.manager.write(service.arn, {"username": clone, "password": password}) and service.current

    service.rotate()

    assert service.current["username"] == user
    for value in (before, service.current):
        with service.session(value) as session:
            _use_all(session, [f"shop_{user}.made_by_clone", f"shop_{user}.orders"])


def test_a_user_that_the_admin_may_not_administer_names_the_grant(service, refused):
    by_hand = _installed_by_hand(service, admin_may=False)
    token = service.until("setSecret")

    with refused("permission", says=f'GRANT "{service.username}" TO <admin> WITH ADMIN OPTION'):
        service.step("setSecret", token)

    with service.session(by_hand) as session:
        assert session.run("SELECT current_user::text") == [[service.username]]
    assert service.stored(service.owner) is None


def test_a_password_by_hand_that_cannot_be_carried_over_is_said(service, refused):
    by_hand = _installed_by_hand(service, password="pässwort von Hand")
    token = service.until("setSecret")

    with refused("configuration", says="not plain ASCII"):
        service.step("setSecret", token)

    assert service.logs_in(by_hand)


def test_a_user_that_outlived_its_secret_gets_a_new_password(service):
    """The stack was destroyed and brought up again: the secret is empty, the roles are there."""
    service.rotate()
    service.rotate()
    with service.session() as session:
        session.run("CREATE TABLE outlived (id int)")
    service.arn = service.manager.create(service.name)

    service.rotate()

    assert service.current["username"] == service.username
    with service.session() as session:
        _use_all(session, ["outlived"])


def test_a_superuser_is_not_rotated_as_a_service(service, refused):
    service.server.run(f"CREATE ROLE {service.username} SUPERUSER LOGIN")
    token = service.until("setSecret")

    with refused("configuration", says="superuser"):
        service.step("setSecret", token)


def test_an_owner_role_that_logs_in_is_somebody_elses(service, refused):
    service.server.run(f"CREATE ROLE {service.owner} LOGIN")
    token = service.until("setSecret")

    with refused("configuration", says=f"{service.owner} can log in"):
        service.step("setSecret", token)


def test_an_admin_without_its_rights_is_told_which(service, refused):
    service.server.run("CREATE DATABASE elsewhere", database="postgres")
    service.declare(database="elsewhere")
    token = service.until("setSecret")

    with refused("permission", says="GRANT CREATE ON DATABASE"):
        service.step("setSecret", token)

    assert service.stored(service.username) is None  # one transaction: nothing half made
