"""Deploys a component against a recording monitor: it sees each request to the engine, but no provider checks the inputs."""

import json
import os
from dataclasses import dataclass, field
from typing import Any

# A formatted Output is a sentence about a mistake, in a name or a document; here it is an error. Read once, at the import of pulumi.
os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"

import pulumi
import pytest
from pulumi.runtime import mocks, rpc, set_mocks

from components import _bundle
from components._cache import cache as cache_folder
from components._platform import PLATFORMS
from components._wheels import wheels
from tests.components.code_of_functions import write_certificate

ACCOUNT = "111122223333"
REGION = "eu-central-1"

_ARNS = {
    "aws:kms/key:Key": "arn:aws:kms:{region}:{account}:key/{id}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{region}:{account}:rule/{name}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{name}",
    "aws:lambda/function:Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-a1B2c3",
}


class _Aws(mocks.Mocks):
    """Gives ARNs like AWS does, and nothing else; at a preview nothing at all."""

    def __init__(self, *, preview: bool, answers: dict[str, Any]) -> None:
        self.preview = preview
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if self.preview:
            return "", dict(args.inputs)
        identity = f"{args.name}-id"
        state: dict[str, Any] = {**args.inputs, "keyId": "1234abcd"}
        if pattern := _ARNS.get(args.typ):
            state["arn"] = pattern.format(region=REGION, account=ACCOUNT, name=args.inputs.get("name"), id="1234abcd")
            identity = state["arn"] if args.typ.endswith(":Secret") else identity
        return identity, state

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        self.calls.append((args.token, args.args))
        answer = self.answers[args.token]
        return answer(args.args) if callable(answer) else answer


class _Monitor(mocks.MockMonitor):
    """Keeps the raw requests: parents, dependencies and protection are in them, and in nothing else."""

    def __init__(self, aws: _Aws) -> None:
        super().__init__(aws)
        self.requests: list[Any] = []
        self.outputs: dict[str, dict[str, Any]] = {}

    def RegisterResource(self, request: Any) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            self.requests.append(request)
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        self.outputs[request.urn.rsplit("::", 1)[1]] = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


@dataclass
class Deployment:
    """What the engine was asked for."""

    requests: list[Any]
    outputs: dict[str, dict[str, Any]]
    calls: list[tuple[str, dict[str, Any]]]
    results: dict[str, Any] = field(default_factory=dict)

    def request(self, kind: str, name: str) -> Any:
        """The raw request for one resource, by the last part of its type and its logical name."""
        found = [request for request in self.requests if request.type.endswith(f":{kind}") and request.name == name]
        assert len(found) == 1, f"{len(found)} of {kind} {name} among {self.names()}"
        return found[0]

    def inputs(self, kind: str, name: str) -> dict[str, Any]:
        """The exact inputs of one resource; documents as what they hold, an archive as its path."""
        return {key: _readable(value) for key, value in rpc.deserialize_properties(self.request(kind, name).object).items()}

    def names(self) -> list[tuple[str, str]]:
        return sorted((request.type.rsplit(":", 1)[1], request.name) for request in self.requests)

    def unknown(self, kind: str, name: str) -> list[str]:
        """Inputs that a preview does not know."""
        given = self.request(kind, name).object.fields.items()
        return sorted(key for key, value in given if value.string_value == rpc.UNKNOWN)

    def depends_on(self, kind: str, name: str) -> set[str]:
        return {urn.rsplit("::", 1)[1] for urn in self.request(kind, name).dependencies}


def _readable(value: Any) -> Any:
    if isinstance(value, pulumi.FileArchive):
        return value.path
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return value


@pytest.fixture
def deploy():
    """Runs a component's constructor as the engine would, and gives what was asked for."""

    def deploy(make, *, preview: bool = False, answers: dict[str, Any] | None = None) -> Deployment:
        known = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/ada"},
            "aws:index/getRegion:getRegion": {"region": REGION},
            **(answers or {}),
        }
        aws = _Aws(preview=preview, answers=known)
        monitor = _Monitor(aws)
        set_mocks(aws, project="keyturn", stack="test", preview=preview, monitor=monitor)
        deployment = Deployment(monitor.requests, monitor.outputs, aws.calls)

        def keep(values: dict[str, Any]) -> None:
            deployment.results.update(values)

        def program() -> pulumi.Output[None]:
            made = make()
            annotations = type(made).__annotations__ if isinstance(made, pulumi.ComponentResource) else {}
            return pulumi.Output.all(**{key: getattr(made, key) for key in annotations}).apply(keep)

        pulumi.runtime.test(program)()
        return deployment

    return deploy


@pytest.fixture
def bundled(monkeypatch, tmp_path):
    """A zip in place of the real one, and what was asked for."""
    asked: list[tuple[Any, ...]] = []
    code = tmp_path / "function.zip"
    code.write_bytes(b"code")

    def bundle(engine, certificates, **platform):
        asked.append((engine, {name: str(path) for name, path in certificates.items()}, *platform.values()))
        return code

    monkeypatch.setattr("components._bundle.bundle", bundle)
    monkeypatch.setattr("components.declared.bundle", bundle)
    return {"asked": asked, "path": str(code)}


@pytest.fixture(scope="session")
def fetched():
    """The wheels of every engine and platform as `make setup` leaves them."""
    for engine in _bundle.engines():
        for platform in PLATFORMS:
            wheels(_bundle._FUNCTION / "engines" / f"{engine}.lock", platform)
    return cache_folder() / "wheels"


@pytest.fixture(scope="session")
def rds_authority(tmp_path_factory):
    return write_certificate(tmp_path_factory.mktemp("authority") / "ca.pem")


@pytest.fixture(scope="session")
def built(fetched, rds_authority, tmp_path_factory):
    """The zip of every engine for every platform, by both, with the authority as `rds.pem`: built in a cache of their own."""
    folder = tmp_path_factory.mktemp("built")
    _link(fetched, folder / "wheels")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KEYTURN_CACHE", str(folder))
        return {
            (engine, platform): _bundle.bundle(
                engine, {"rds.pem": rds_authority}, architecture=platform.architecture, runtime=platform.runtime
            )
            for engine in _bundle.engines()
            for platform in PLATFORMS
        }


def _link(wheels, folder):
    folder.mkdir(parents=True)
    for wheel in wheels.glob("*.whl"):
        (folder / wheel.name).symlink_to(wheel)


@pytest.fixture
def cache(tmp_path, monkeypatch, fetched):
    """Makes a cache with those wheels that a test may break; it is in use from then on."""

    def make(name="cache"):
        root = tmp_path / name
        _link(fetched, root / "wheels")
        monkeypatch.setenv("KEYTURN_CACHE", str(root))
        _bundle._bundle.cache_clear()
        return root

    return make


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    root = tmp_path / "empty"
    (root / "wheels").mkdir(parents=True)
    monkeypatch.setenv("KEYTURN_CACHE", str(root))
    _bundle._bundle.cache_clear()
    return root


@pytest.fixture
def offline(monkeypatch):
    """No index is reached, whatever this machine's pip is configured to use."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def authority(tmp_path):
    return write_certificate(tmp_path / "ca.pem")
