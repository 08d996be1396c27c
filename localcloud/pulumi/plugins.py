"""Plugins of ours where the engine looks for installed ones: it warns at every command about one that it finds on PATH."""

from pathlib import Path

from localcloud.pulumi.engine import LANGUAGE_HOST, Engine
from localcloud.pulumi.go import HERE


def offer(home: Path, kind: str, name: str, version: str, executable: Path) -> None:
    """Puts the plugin into the PULUMI_HOME `home` as if it had been installed there; doing it twice changes nothing.

    `kind` is `resource` or `language`; `version` is the one that programs ask for, so for a stand-in that of the SDK.
    """
    folder = home / "plugins" / f"{kind}-{name}-v{version.removeprefix('v')}"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / f"pulumi-{kind}-{name}"
    if not (link.is_symlink() and link.readlink() == executable):
        link.unlink(missing_ok=True)
        link.symlink_to(executable)


def offer_language_host(home: Path, engine: Engine) -> None:
    """Puts our language host into `home` for an engine that we built; a released one has its own."""
    if engine.built:
        offer(home, "language", "python", engine.version, HERE / "bin" / LANGUAGE_HOST)
