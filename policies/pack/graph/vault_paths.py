"""Where secrets lie in Vault: the mounts of the stack, and the secrets that it names in them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.pack.graph.kubernetes import text_of
from policies.pack.graph.vault_tokens import GENERIC_SECRET, KV_BACKEND, KV_SECRET, KV_SECRET_V1, MOUNT
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN, Unknown, at

if TYPE_CHECKING:
    from policies.pack.stack import Stack

_DATA = "data"


class Mount:
    """A secrets engine, where it is mounted."""

    def __init__(self, resource: Resource, *, is_v2: bool | Unknown = False) -> None:
        self.resource = resource
        self.path: str | Unknown | None = trimmed(text_of(resource.read("path")))
        self.type = text_of(resource.read("type"))
        version = at(resource.read("options"), "version")
        says_so = self.type is not UNKNOWN and (self.type == "kv-v2" or str(version) == "2")
        self.is_v2: bool | Unknown = says_so or (UNKNOWN if version is UNKNOWN or self.type is UNKNOWN else is_v2)

    @property
    def holds_values(self) -> bool | Unknown:
        """Whether it is a KV engine."""
        return UNKNOWN if isinstance(self.type, Unknown) else self.type in ("kv", "kv-v2", "generic")


class VaultPaths:
    """The KV mounts of a stack and the secrets of which the stack writes the place, or the value."""

    def __init__(self, stack: "Stack") -> None:
        self._backends = stack.resources.of_type(KV_BACKEND)
        mounts = [Mount(one, is_v2=self._has_version_2(one)) for one in stack.resources.of_type(MOUNT)]
        self.mounts = tuple(mount for mount in mounts if mount.holds_values is not False)
        self._by_path = {mount.path: mount for mount in self.mounts if isinstance(mount.path, str)}
        self.has_open_mounts = any(mount.path is UNKNOWN for mount in self.mounts)
        places = list(_places(stack))
        self.secrets = frozenset(place for place in places if isinstance(place, str))
        """Paths as a person writes them: mount and name, without `data`."""
        self.has_open_secrets = any(place is UNKNOWN for place in places)

    def _has_version_2(self, mount: Resource) -> bool | Unknown:
        """A backend's settings are for version 2 only, so its mount has that version."""
        named = [trimmed(text_of(one.read("mount"))) for one in self._backends]
        if any(mount.urn in one.made_from("mount") for one in self._backends) or (_path(mount) or "") in [
            name for name in named if isinstance(name, str)
        ]:
            return True
        return UNKNOWN if any(name is UNKNOWN for name in named) else False

    def mount_of(self, path: str) -> Mount | None:
        """Gives the mount that a path lies in."""
        parts = path.strip("/").split("/")
        for length in range(len(parts), 0, -1):
            mount = self._by_path.get("/".join(parts[:length]))
            if mount is not None:
                return mount
        return None


def without_data(path: str, mount: str) -> str:
    """Gives a path below a mount without the `data` that version 2 puts behind the mount."""
    rest = path.removeprefix(f"{mount}/")
    return f"{mount}/{rest.removeprefix(f'{_DATA}/')}"


def trimmed(path: str | Unknown | None) -> str | Unknown | None:
    """Gives a path without the slashes around it, which Vault does not look at."""
    return path.strip("/") if isinstance(path, str) else path


def _path(resource: Resource) -> str | None:
    path = resource.text("path")
    return path.strip("/") if path else None


def _places(stack: "Stack") -> Iterator[str | Unknown]:
    for one in stack.resources.of_type(KV_SECRET):
        mount, name = one.text("mount"), one.text("name")
        yield f"{mount.strip('/')}/{name.strip('/')}" if mount and name else UNKNOWN
    for one in stack.resources.of_type(KV_SECRET_V1, GENERIC_SECRET):
        path = _path(one)
        yield path.replace(f"/{_DATA}/", "/", 1) if path else UNKNOWN
