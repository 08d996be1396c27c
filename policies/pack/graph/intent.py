"""What a program says about itself: which service a resource belongs to, what a service means to read, and until when."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum

from keyturn.names import InvalidNameError, parse
from policies.pack.graph.tokens import OURS, SERVICE_ACCESS
from policies.pack.resource import Resource
from policies.pack.resources import Resources
from policies.pack.values import UNKNOWN, Unknown, Value, at, elements, plain

_CAPITAL = re.compile(r"[A-Z]")


@dataclass(frozen=True)
class Service:
    """A service of an environment. Programs that name no environment have one only."""

    environment: str | None
    name: str

    def is_same_as(self, other: "Service") -> bool:
        """Tells whether both name one service; an environment that is not named contradicts none."""
        return self.name == other.name and (None in (self.environment, other.environment) or self.environment == other.environment)


def components_around(resource: Resource, resources: Resources) -> Iterator[Resource]:
    """Gives Keyturn's components around a resource, the nearest first."""
    return (component for component in resources.ancestors(resource) if component.type.startswith(OURS))


def service_of(resource: Resource, resources: Resources) -> Service | Unknown | None:
    """Gives the service that a resource belongs to: by the component around it, else by its tags. None when nothing says."""
    for component in components_around(resource, resources):
        named = service_declared(component)
        if named is not None:
            return named
    return _service(tag(resource, "keyturn:environment"), tag(resource, "keyturn:service"))


def service_declared(component: Resource) -> Service | Unknown | None:
    """Gives the service that one of Keyturn's components names as its own."""
    return _service(component.read("environment"), component.read("service"))


def _service(environment: Value, service: Value) -> Service | Unknown | None:
    if service is UNKNOWN or environment is UNKNOWN:
        return UNKNOWN
    return Service(environment if isinstance(environment, str) else None, service) if isinstance(service, str) and service else None


def tag(resource: Resource, key: str) -> Value:
    """Gives a tag of a resource, its provider's default tags included: None when it has none, UNKNOWN when that is not known yet."""
    own = resource.read("tags")
    if own is UNKNOWN:
        return UNKNOWN
    value = at(own, key)
    return at(resource.outputs, "tagsAll", key) if value is None and isinstance(at(resource.outputs, "tagsAll"), dict) else value


def said_of(resource: Resource, resources: Resources, about: str) -> Value:
    """Gives what the component around a resource says about it, e.g. its `reviewBy`, else its tag `keyturn:review-by`."""
    own = [resource] if resource.type.startswith(OURS) else []
    for component in (*own, *components_around(resource, resources)):
        if (said := component.read(about)) is not None:
            return said
    return tag(resource, f"keyturn:{_CAPITAL.sub(lambda letter: f'-{letter[0].lower()}', about)}")


class Permission(Enum):
    """What declarations say about a foreign reader; of several the first of these counts."""

    GRANTED = "granted"
    UNKNOWN = "its exception is not known yet"
    ENDED = "its exception has ended"
    INCOMPLETE = "its exception names no reason and end date"
    NONE = "no exception names it"


@dataclass(frozen=True)
class Access:
    """What one service declares that it reads."""

    component: Resource
    service: Service | Unknown | None

    @property
    def reads(self) -> list[Value]:
        """Gives the physical names that the service means to read."""
        return elements(self.component.read("reads"))

    def permission(self, physical_name: str | None, today: date) -> Permission:
        """Gives what the declaration says about reading a foreign secret."""
        exceptions = self.component.read("exceptions")
        if exceptions is UNKNOWN:
            return Permission.UNKNOWN
        if physical_name is None:
            return Permission.UNKNOWN if isinstance(exceptions, dict) and exceptions else Permission.NONE
        exception = at(exceptions, physical_name)
        if exception is None:
            return Permission.NONE
        reason, until = at(exception, "reason"), at(exception, "until")
        if exception is UNKNOWN or reason is UNKNOWN or until is UNKNOWN:
            return Permission.UNKNOWN
        ends = day(until)
        if not (isinstance(reason, str) and reason.strip()) or ends is None:
            return Permission.INCOMPLETE
        return Permission.GRANTED if today <= ends else Permission.ENDED


@dataclass(frozen=True)
class ForeignRead:
    """A declared read of another service's secret that another stack manages: its name says whose it is."""

    component: Resource
    name: str
    permission: Permission
    is_certain: bool

    @property
    def urn(self) -> str:
        """URN of the declaration: findings stand there."""
        return self.component.urn


def is_own(service: Service | Unknown | None, physical_name: str) -> bool:
    """Tells whether a name says that the secret is the service's own; a name in another form says nothing against it."""
    try:
        owner = parse(physical_name)
    except InvalidNameError:
        return True
    return isinstance(service, Service) and service.is_same_as(Service(owner.environment, owner.service))


def accesses(resources: Resources) -> list[Access]:
    """Gives what each service of the stack declares."""
    return [Access(component, service_declared(component)) for component in resources.of_type(SERVICE_ACCESS)]


def day(value: Value) -> date | None:
    """Gives the day of an ISO date; None when the text is none."""
    value = plain(value)
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
