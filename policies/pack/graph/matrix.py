"""Who may read, rotate and write which secret by the policies of the stack: the access matrix, for reports."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, TypedDict

from policies.pack.graph.identity import Identity
from policies.pack.graph.intent import Service
from policies.pack.graph.patterns import Match
from policies.pack.graph.secret import Secret
from policies.pack.resource import Resource
from policies.pack.values import has_mark

if TYPE_CHECKING:
    from policies.pack.stack import Stack

WRITE = "secretsmanager:putsecretvalue"

_NAMING = ("name", "tags", "tagsAll", "environment", "service", "secret")

ANY_SECRET = "*"  # noqa: S105 - stands for every secret of the stack


class Row(TypedDict):
    """One line of the matrix. It names resources and physical names, and nothing that is marked secret."""

    identity: str
    service: str | None
    secret: str
    access: Literal["read", "rotate", "write"]
    certain: bool
    through: str


class Matrix:
    """The rows of a stack, in the order of secrets, access and identities.

    A row that is not certain says the least that its document may grant. A document that nobody can read yet is one for any secret (`*`).
    """

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self.rows = sorted(self._rows(), key=lambda row: (row["secret"], row["access"], row["identity"], row["through"]))

    def _rows(self) -> Iterator[Row]:
        for secret in self._stack.secrets:
            yield from self._rows_of(secret)
        if self._stack.secrets:
            for document in self._stack.unreadable:
                yield Row(
                    identity=document.who, service=None, secret=ANY_SECRET, access="read", certain=False, through=document.resource.label
                )

    def _rows_of(self, secret: Secret) -> Iterator[Row]:
        name = secret.resource.label if secret.name is None or self._hides(secret.resource) else secret.name
        rotating: set[str] = set()
        for rotation in self._stack.rotations_of(secret):
            is_certain = rotation.certainty is Match.ALWAYS
            for rotator in rotation.rotators:
                if rotator.key not in rotating:
                    yield self._row(rotator, name, "rotate", certain=is_certain, through=rotation.resource.label)
                if is_certain:
                    rotating.add(rotator.key)
        perhaps: set[tuple[str, str]] = set()
        for reader in self._stack.readers_of(secret):
            yield self._row(reader.identity, name, "read", certain=reader.certainty is Match.ALWAYS, through=reader.through)
            if reader.certainty is Match.MAYBE:
                perhaps.add((reader.identity.key, reader.through))
        for writer in self._stack.granted(secret, WRITE):
            # Who rotates a secret writes it, and a document that is not known yet may grant both: that is said already.
            is_said = writer.certainty is Match.MAYBE and (writer.identity.key, writer.through) in perhaps
            if writer.identity.key not in rotating and not is_said:
                yield self._row(writer.identity, name, "write", certain=writer.certainty is Match.ALWAYS, through=writer.through)

    def _row(self, identity: Identity, secret: str, access: Literal["read", "rotate", "write"], *, certain: bool, through: str) -> Row:
        service = None
        # A declaration reads without being an identity; its key begins with the URN of what declares.
        named_by = identity.resource or self._stack.resources.get(identity.key.partition("#")[0])
        if isinstance(identity.service, Service) and not self._hides(named_by):
            service = "/".join(filter(None, (identity.service.environment, identity.service.name)))
        return Row(identity=identity.label, service=service, secret=secret, access=access, certain=certain, through=through)

    def _hides(self, resource: Resource | None) -> bool:
        """Tells whether what names a resource, or its service, is marked secret: on itself or on a component around it."""
        around = [] if resource is None else [resource, *self._stack.resources.ancestors(resource)]
        return any(has_mark(shown.get(name)) for one in around for shown in (one.inputs or {}, one.outputs) for name in _NAMING)
