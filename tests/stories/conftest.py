"""A whole local cloud for the stories: brought up by the command that a person types, torn down at the end."""

import contextlib
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
import pg8000.native
import pytest

from localcloud import environment
from localcloud.cloud import Cloud
from localcloud.directory import CHECKOUT, Directory


@pytest.fixture(scope="session")
def cloud():
    """The cloud that all stories share. A story leaves it as it found it: parts up, secrets there, stack deployed."""
    yield from _cloud()


@pytest.fixture(scope="module")
def own_cloud():
    """A cloud of the module's own, for stories that destroy or kill."""
    yield from _cloud()


def _cloud():
    # Short and open: PostgreSQL's account walks through it, as through a checkout.
    above = Path(tempfile.mkdtemp(prefix="keyturn-"))
    above.chmod(0o755)
    made = StoryCloud(above / "cloud")
    came_up = made.up()
    try:
        assert came_up.returncode == 0, came_up.stdout + came_up.stderr
        yield made
    finally:
        made.localcloud("down")
        shutil.rmtree(above, ignore_errors=True)


class Database:
    """The cloud's PostgreSQL as its clients meet it: over verified TLS, with a credential out of a secret."""

    def __init__(self, authority):
        self._authority = authority

    @contextlib.contextmanager
    def connect(self, credential):
        """A connection with the value of a secret."""
        connection = pg8000.native.Connection(
            credential["username"],
            host=credential["host"],
            port=credential["port"],
            database=credential["dbname"],
            password=credential["password"],
            ssl_context=ssl.create_default_context(cafile=self._authority()),
            timeout=10,
        )
        with contextlib.closing(connection):
            yield connection

    def logs_in(self, credential):
        """Whether the server takes the credential; any other trouble is raised."""
        try:
            with self.connect(credential) as connection:
                return connection.run("SELECT session_user::text") == [[credential["username"]]]
        except pg8000.exceptions.DatabaseError as refusal:
            if refusal.args[0].get("C") in ("28P01", "28000"):
                return False
            raise


class StoryCloud:
    """A local cloud in a directory of its own."""

    def __init__(self, path):
        self.path = Path(path)
        self.directory = Directory(self.path)
        self.database = Database(lambda: self.environment["KEYTURN_LOCAL_CA"])
        self._cloud = Cloud(self.directory)
        self._shell = None

    @property
    def environment(self):
        """The whole environment of a shell that evaluated `make env` after the last `make up`."""
        if self._shell is None:
            self._shell = environment.applied(environment.online(self._cloud))
        return self._shell

    def localcloud(self, command, *arguments, **variables):
        """Runs `python -m localcloud` for this cloud, whatever the person's own shell says about hers."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LOCALCLOUD_")}
        command = [sys.executable, "-m", "localcloud", command, "--directory", str(self.path), *arguments]
        return _ran(command, env={**ours, **variables})

    def up(self):
        """What `make up` does."""
        self._shell = None
        return self.localcloud("up")

    def pulumi(self, *arguments, cwd=CHECKOUT):
        """Runs the engine as a person does in the printed environment."""
        return _ran(["pulumi", *arguments, "--non-interactive", "--color", "never"], env=self.environment, cwd=cwd)

    def keyturn(self, *arguments):
        """Runs the command line."""
        return _ran(["keyturn", *arguments], env=self.environment)

    def rotate(self, name):
        """Rotates a secret and waits for it."""
        answer = self.keyturn("rotate", name)
        assert answer.returncode == 0, answer.stdout + answer.stderr

    def preview_program(self, project, stack="preview"):
        """Previews another program offline, with the policies of this checkout, on an empty stack."""
        stack_file = Path(project) / f"Pulumi.{stack}.yaml"
        if not stack_file.exists():
            stack_file.write_text("config: {}\n")
        return self.localcloud("preview", "--stack", stack, "--cwd", str(project))

    def client(self, api, /, *, service=None, role=None):
        """A boto3 client: the administrator's, or with the role of a service, or with the role of this ARN."""
        variables = self.environment
        administrator = boto3.Session(
            variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], region_name=variables["AWS_REGION"]
        )
        assumed = role or (service and self.output("services")[service]["roleArn"])
        if not assumed:
            return administrator.client(api, endpoint_url=variables["AWS_ENDPOINT_URL"])
        sts = administrator.client("sts", endpoint_url=variables["AWS_ENDPOINT_URL"])
        given = sts.assume_role(RoleArn=assumed, RoleSessionName="story")["Credentials"]
        session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], variables["AWS_REGION"])
        return session.client(api, endpoint_url=variables["AWS_ENDPOINT_URL"])

    def output(self, name):
        """One output of the stack."""
        answer = self.pulumi("stack", "output", "--stack", "local", "--json")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return json.loads(answer.stdout)[name]

    def secret(self, name):
        """What is known about a secret, without its value."""
        return self.client("secretsmanager").describe_secret(SecretId=name)

    def value(self, service, secret):
        """The current value of a secret, read with its service's role."""
        return self._read(self.client("secretsmanager", service=service), f"local/{service}/{secret}")

    def administrator_password(self):
        """The password of the database's master user."""
        return self._read(self.client("secretsmanager"), "local/platform/database-admin")["password"]

    def stop_database(self):
        """Stops PostgreSQL, and nothing else."""
        self._cloud.stop_part("postgres")

    def start_database(self):
        """Starts PostgreSQL where it was."""
        self._cloud.start_part("postgres")

    def parts(self):
        """The parts by name: port, process, state."""
        return {part.name: part for part in self._cloud.parts()}

    def logs(self):
        """Everything that is written down where somebody may read it, by path: state, backups, histories, logs.

        Left out is what is there to hold values: the store of Secrets Manager itself, and the data of PostgreSQL.
        """
        places = [self.directory.state, self.directory.logs, self.directory.pulumi_home]
        files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*")) if file.is_file()]
        return {str(file): file.read_text(errors="replace") for file in files}

    @staticmethod
    def _read(secrets, name):
        return json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])


def _ran(command, *, env, cwd=CHECKOUT):
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
