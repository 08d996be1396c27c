"""The environment in which a shell, the engine and the stories talk to one local cloud."""

import os
import shlex
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from localcloud import postgres
from localcloud.aws import process as aws
from localcloud.cloud import Cloud
from localcloud.directory import Directory
from localcloud.pulumi.engine import Engine, find_or_build
from localcloud.pulumi.plugins import offer, offer_language_host

REGION = "eu-central-1"
_PROVIDERS = ("aws", "kubernetes", "random", "tls", "vault")
_ROOM = Path(__file__).resolve().parent

# The administrator's keys are long-lived ones: a profile or a session of the person's must not get in between.
UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "KEYTURN_OFFLINE")
_UNSET_OFFLINE = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def online(cloud: Cloud) -> dict[str, str]:
    """Gives the variables of a running cloud, PATH as the folders to put before the present one.

    Raises:
        LocalCloudError: the cloud does not run.
    """
    parts = cloud.running()
    credentials = aws.administrator(aws.RunningAws(cloud.aws_directory, parts["aws"].port or 0, parts["aws"].pid or 0))
    return {
        **_engine(find_or_build(), home=cloud.directory.pulumi_home, backend=cloud.directory.state),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{parts['aws'].port}",
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        **_local_database(cloud.directory, parts["postgres"].port),
    }


def offline(directory: Directory, backend: Path) -> dict[str, str]:
    """Gives the variables of previews that create nothing and ask nobody."""
    home = directory.path / "offline" / "pulumi-home"
    return {
        **_engine(find_or_build(), home=home, backend=backend),
        "KEYTURN_OFFLINE": "1",
        **_local_database(directory, directory.remembered().get("ports", {}).get("postgres") or 5432),
    }


def applied(variables: Mapping[str, str], *, offline: bool = False) -> dict[str, str]:
    """Gives the environment of a child process: this one's with the variables, without what would get in between."""
    unset = _UNSET_OFFLINE if offline else UNSET
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, **variables, "PATH": f"{variables['PATH']}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def exports(variables: Mapping[str, str], *, offline: bool = False) -> str:
    """Gives the lines that a shell evaluates."""
    lines = [f"unset {' '.join(_UNSET_OFFLINE if offline else UNSET)}"]
    for name, value in variables.items():
        lines.append(f"export {name}={shlex.quote(value)}" + (':"$PATH"' if name == "PATH" else ""))
    return "\n".join(lines)


def _engine(engine: Engine, *, home: Path, backend: Path) -> dict[str, str]:
    # Installed into this home rather than put on PATH: there the engine warns about them at every command.
    offer_language_host(home, engine)
    for package in _PROVIDERS:
        offer(home, "resource", package, metadata.version(f"pulumi-{package}"), _ROOM / "providers" / "bin" / f"pulumi-resource-{package}")
    return {
        "PATH": f"{engine.executable.parent}{os.pathsep}{Path(sys.executable).parent}",
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        # Nothing secret is in a local stack: the passphrase is there because the engine asks for one.
        "PULUMI_CONFIG_PASSPHRASE": "local",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def _local_database(directory: Directory, port: int | None) -> dict[str, str]:
    return {
        "KEYTURN_LOCAL_POSTGRES_HOST": postgres.HOST,
        "KEYTURN_LOCAL_POSTGRES_PORT": str(port),
        "KEYTURN_LOCAL_CA": str(directory.path / "certificates" / "ca.pem"),
    }
