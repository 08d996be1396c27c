"""What RDS does for its master user, done by the local cloud: the secret opens the database, whatever happened to either."""

import json

import pytest

from localcloud import database_admin


class Server:
    """Stands for the server: one password, whichever was set last."""

    def __init__(self):
        self.password = None

    def set_password(self, _port, password):
        self.password = password

    def accepts(self, _port, password):
        return password == self.password


class SecretsManager:
    """Stands for Secrets Manager as far as one secret needs it."""

    class exceptions:  # noqa: N801 (boto3's own name)
        class ResourceNotFoundException(Exception):  # noqa: N818
            pass

        class ResourceExistsException(Exception):  # noqa: N818
            pass

    def __init__(self):
        self.exists, self.deleted, self.text, self.written = False, False, None, 0

    def describe_secret(self, **_request):
        if not self.exists:
            raise self.exceptions.ResourceNotFoundException
        return {"DeletedDate": "today"} if self.deleted else {}

    def restore_secret(self, **_request):
        self.deleted = False

    def get_secret_value(self, **_request):
        if self.text is None:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.text}

    def create_secret(self, **_request):
        if self.exists:
            raise self.exceptions.ResourceExistsException
        self.exists = True

    def put_secret_value(self, **request):
        self.text, self.written = request["SecretString"], self.written + 1


@pytest.fixture
def secrets():
    return SecretsManager()


@pytest.fixture
def server():
    return Server()


def test_a_missing_secret_is_made_with_all_that_a_client_needs(secrets, server):
    wrote = database_admin.keep_current(secrets, server, 20001)

    value = json.loads(secrets.text)
    assert wrote
    assert value == {
        "engine": "postgres",
        "host": "localhost",
        "port": 20001,
        "dbname": "app",
        "username": "administrator",
        "password": server.password,
    }
    assert len(server.password) >= 32


def test_a_secret_that_is_right_is_left_alone(secrets, server):
    database_admin.keep_current(secrets, server, 20001)

    wrote = database_admin.keep_current(secrets, server, 20001)

    assert not wrote
    assert secrets.written == 1


def test_a_server_that_moved_changes_the_port_and_not_the_password(secrets, server):
    database_admin.keep_current(secrets, server, 20001)
    before = server.password

    database_admin.keep_current(secrets, server, 20002)

    assert json.loads(secrets.text)["port"] == 20002
    assert json.loads(secrets.text)["password"] == server.password == before


def test_a_password_that_opens_nothing_any_more_is_replaced(secrets, server):
    database_admin.keep_current(secrets, server, 20001)
    server.password = "set by a restored backup"

    database_admin.keep_current(secrets, server, 20001)

    assert json.loads(secrets.text)["password"] == server.password != "set by a restored backup"


@pytest.mark.parametrize("damaged", ["not JSON", "[]", '{"password": 7}', "{}"])
def test_a_damaged_value_is_replaced(secrets, server, damaged):
    secrets.exists, secrets.text = True, damaged

    database_admin.keep_current(secrets, server, 20001)

    assert json.loads(secrets.text)["password"] == server.password


def test_a_deleted_secret_is_taken_back(secrets, server):
    database_admin.keep_current(secrets, server, 20001)
    secrets.deleted = True

    database_admin.keep_current(secrets, server, 20001)

    assert not secrets.deleted


def test_an_empty_container_gets_its_first_value(secrets, server):
    secrets.exists = True

    database_admin.keep_current(secrets, server, 20001)

    assert json.loads(secrets.text)["password"] == server.password
