"""What a team gets: a rotation publishes a password that works, and breaks nothing that worked before."""

import json

import pytest

pytestmark = pytest.mark.story


def test_rotating_twice_gives_a_new_login_each_time_and_keeps_the_previous_one(cloud):
    before = cloud.value("billing", "database")
    for _ in range(2):
        answer = cloud.keyturn("rotate", "local/billing/database")

        after = cloud.value("billing", "database")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert after["password"] != before["password"]
        assert after["username"] != before["username"]
        assert cloud.database.logs_in(after)
        assert cloud.database.logs_in(before)
        before = after


def test_what_one_user_makes_the_other_uses_and_a_third_rotation_after_that_still_works(cloud):
    first = cloud.value("billing", "database")
    cloud.keyturn("rotate", "local/billing/database")
    second = cloud.value("billing", "database")
    with cloud.database.connect(first) as connection:
        connection.run("CREATE TABLE made_by_first (id int)")
    with cloud.database.connect(second) as connection:
        connection.run("CREATE TABLE made_by_second (id int)")

    with cloud.database.connect(first) as connection:
        connection.run("ALTER TABLE made_by_second ADD COLUMN note text")
        connection.run("INSERT INTO made_by_second VALUES (1, 'x')")
    with cloud.database.connect(second) as connection:
        connection.run("ALTER TABLE made_by_first ADD COLUMN note text")
        connection.run("DROP TABLE made_by_first")

    answer = cloud.keyturn("rotate", "local/billing/database")
    with cloud.database.connect(cloud.value("billing", "database")) as connection:
        assert connection.run("SELECT note FROM made_by_second") == [["x"]]
        connection.run("DROP TABLE made_by_second")
    assert answer.returncode == 0


def test_one_services_user_does_not_see_the_other_services_tables(cloud):
    with cloud.database.connect(cloud.value("billing", "database")) as connection:
        connection.run("CREATE TABLE IF NOT EXISTS invoices (id int)")
        schema = connection.run("SELECT current_schema()")[0][0]

    with cloud.database.connect(cloud.value("reports", "database")) as connection, pytest.raises(Exception, match="42501"):
        connection.run(f"TABLE {schema}.invoices")


def test_the_command_shows_the_four_steps_and_answers_in_json(cloud):
    answer = cloud.keyturn("rotate", "local/reports/database", "--json")

    told = json.loads(answer.stdout)
    assert answer.returncode == 0
    assert [step["step"] for step in told["steps"]] == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert cloud.value("reports", "database")["password"] not in answer.stdout + answer.stderr
