"""What the documents of Keyturn's components grant, for as long as their text is not known: before the first deployment.

Afterwards the text itself is judged like any other. A test compares this with what the components write.
"""

from dataclasses import dataclass

from policies.pack.graph.tokens import OURS, SECRET
from policies.pack.resource import Resource
from policies.pack.resources import Resources

_READING = frozenset({"secretsmanager:describesecret", "secretsmanager:getsecretvalue", "kms:decrypt"})
_ROTATING = _READING | {
    "secretsmanager:listsecretversionids",
    "secretsmanager:putsecretvalue",
    "secretsmanager:updatesecretversionstage",
    "kms:generatedatakey",
}
_GRANTED = {
    f"{OURS}ServiceAccess": _READING,
    f"{OURS}DatabaseCredential": _ROTATING,
    f"{OURS}RotationFunction": frozenset[str](),
}


@dataclass(frozen=True)
class OwnDocument:
    """A document that a component of Keyturn writes: on exact ARNs, and through Secrets Manager only."""

    component: Resource

    def grants(self, action: str, thing: Resource) -> bool:
        """Tells whether it grants an action, in lower case, on a secret or key that it is made from."""
        # A credential's function reads the admin's secret, and rotates its own.
        reads_only = thing.type == SECRET and thing.parent != self.component.urn
        return action in (_GRANTED[self.component.type] & _READING if reads_only else _GRANTED[self.component.type])


def own_document(holder: Resource, resources: Resources) -> OwnDocument | None:
    """Gives what is known of the document of a resource inside one of Keyturn's components; None for everybody else's."""
    component = resources.get(holder.parent)
    return OwnDocument(component) if component is not None and component.type in _GRANTED else None
