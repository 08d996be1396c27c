"""A quick start: of Pulumi's SDK a provider needs the generated protocol, not the program side that takes most of the import."""

import importlib.util
import sys
import types
from pathlib import Path


def aws() -> None:
    """Serves the `aws` stand-in until the engine ends."""
    _protocol_only("aws")
    from localcloud.providers.aws.provider import AwsProvider  # noqa: PLC0415 (after the way to the protocol is laid)
    from localcloud.providers.server import serve  # noqa: PLC0415

    serve(AwsProvider())


def preview(package: str) -> None:
    """Serves the stand-in for a package that can only be previewed, until the engine ends."""
    _protocol_only(package)
    from localcloud.providers.sdk.kubernetes import KubernetesProvider  # noqa: PLC0415 (after the way to the protocol is laid)
    from localcloud.providers.sdk.provider import PreviewProvider  # noqa: PLC0415
    from localcloud.providers.sdk.vault import VaultProvider  # noqa: PLC0415
    from localcloud.providers.server import serve  # noqa: PLC0415

    own = {"kubernetes": KubernetesProvider, "vault": VaultProvider}
    serve(own[package]() if package in own else PreviewProvider(package))


def _protocol_only(package: str) -> None:
    """Makes `import pulumi.runtime.proto` work without running `pulumi/__init__.py`: 0.1 s instead of 0.3 s."""
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        sys.exit(f"pulumi-resource-{package}: the first python3 on PATH has no Pulumi SDK; put Keyturn's .venv/bin first (`make env` does)")
    folder = Path(next(iter(found.submodule_search_locations)))
    for name, path in (("pulumi", folder), ("pulumi.runtime", folder / "runtime")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
