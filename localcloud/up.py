"""`up`: from nothing, or from whatever a kill left, to a deployed system whose secrets are minted."""

import time
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localcloud import database_admin, environment, half_created, summary
from localcloud.aws import process as aws
from localcloud.cloud import Cloud
from localcloud.errors import LocalCloudError
from localcloud.postgres import PostgreSQL
from localcloud.progress import say, step
from localcloud.pulumi.engine import find_or_build
from localcloud.rotations import Rotations
from localcloud.stack import STACK, Stack

_PATIENCE = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})


def up(cloud: Cloud, asked: dict[str, int | None]) -> None:
    """Brings the cloud up, deploys the stack, waits for the first rotations and prints what runs now.

    Raises:
        LocalCloudError: with the cause and the way out.
    """
    began = time.monotonic()
    cloud.directory.claim()
    with cloud.directory.lock():
        planned = cloud.plan(asked)
        engine = find_or_build()
        say(f"  engine: Pulumi {engine.version}" + ("" if engine.built else f" from {engine.executable}"))
        with step("preparing AWS"):
            aws.prepare()
        killed = cloud.start(planned)
        try:
            _deploy(cloud, killed, began)
        except (ClientError, BotoCoreError) as refusal:
            raise LocalCloudError(f"the local AWS refused: {refusal}. Its log: {cloud.log_of('aws')}") from refusal


def client(service: str, variables: Mapping[str, str]) -> Any:
    """Gives a client of the local AWS with the administrator's keys."""
    return boto3.client(
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        config=_PATIENCE,
    )


def _deploy(cloud: Cloud, killed: list[str], began: float) -> None:
    variables = environment.online(cloud)
    secrets, logs = client("secretsmanager", variables), client("logs", variables)
    if database_admin.keep_current(secrets, PostgreSQL(cloud.directory), int(variables["KEYTURN_LOCAL_POSTGRES_PORT"])):
        say(f"  the database's administrator is in {database_admin.NAME}")
    _release_names(secrets)
    stack = Stack(cloud.directory, environment.applied(variables))
    stack.ready()
    half_created.remove(stack, lambda service: client(service, variables))
    deployment = stack.deploy(refresh=bool(killed))
    rotations = Rotations(secrets, logs, STACK)
    rotations.wait()
    _follow_the_database(cloud, rotations, int(variables["KEYTURN_LOCAL_POSTGRES_PORT"]))
    output = stack.output()
    names = [secret["name"] for service in output.get("services", {}).values() for secret in service.get("secrets", {}).values()]
    summary.show(
        output=output,
        strategies={
            f"{made['environment']}/{made['service']}/{made['secret']}": made["strategy"] for made in stack.components("DatabaseCredential")
        },
        rotated={name: secrets.describe_secret(SecretId=name).get("LastRotatedDate") for name in names},
        seconds=time.monotonic() - began,
        changed=deployment.changed,
    )


def _follow_the_database(cloud: Cloud, rotations: Rotations, port: int) -> None:
    """Rotates when PostgreSQL listens elsewhere than at the last deployment: the values name the port that it had."""
    noted = cloud.directory.remembered()
    if noted.get("deployed", port) != port:
        say(f"  PostgreSQL has moved to port {port}: the services' secrets are rotated, so that they say so")
        rotations.begin()
        rotations.wait()
    cloud.directory.remember({**cloud.directory.remembered(), "deployed": port})


def _release_names(secrets: Any) -> None:
    """Deletes for good what waits in its recovery window: its name would block the deployment, and nothing here needs recovery."""
    for page in secrets.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True):
        for secret in page["SecretList"]:
            if "DeletedDate" in secret and secret["Name"].startswith(f"{STACK}/"):
                secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
                say(f"  {secret['Name']} was deleted and waited in its recovery window: it is released, since the local cloud keeps none")
