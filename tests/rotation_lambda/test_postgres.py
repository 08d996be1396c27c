"""PostgreSQL, whole rotations."""


def test_the_first_rotation_mints_the_value_and_makes_the_users(service):
    service.rotate()

    value = service.current
    assert {**value, "password": ""} == {
        "engine": "postgres",
        "host": "localhost",
        "port": service.server.port,
        "dbname": "app",
        "username": service.username,
        "password": "",
        "masterarn": service.admin,
    }
    with service.session() as session:
        assert session.run("SELECT session_user::text, current_user::text, current_schema()::text") == [
            [service.username, service.owner, service.owner]
        ]


def test_users_take_turns_and_both_stay_valid(service):
    service.rotate()
    first = service.current

    service.rotate()
    second = service.current
    service.rotate()
    third = service.current

    assert [value["username"] for value in (first, second, third)] == [service.username, service.clone, service.username]
    assert [service.logs_in(value) for value in (first, second, third)] == [False, True, True]
