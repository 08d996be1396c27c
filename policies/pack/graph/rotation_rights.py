"""What a role that rotates may do for a secret, of all that it needs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.pack.graph.holdings import Holding
from policies.pack.graph.identity import Identity
from policies.pack.graph.keys import Keys
from policies.pack.graph.own_documents import own_document
from policies.pack.graph.patterns import Match
from policies.pack.graph.rotations import Rotations, is_untold
from policies.pack.graph.secret import Secret
from policies.pack.resource import Resource
from policies.pack.values import UNKNOWN

if TYPE_CHECKING:
    from policies.pack.stack import Stack

# Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
ON_SECRET = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
"""What every rotation function asks of Secrets Manager."""
OF_OUR_CODE = ("secretsmanager:ListSecretVersionIds",)
"""What Keyturn's function asks besides: it looks for what an abandoned rotation set."""
ON_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
"""What Secrets Manager asks of the secret's key in its name."""

_OUR_FUNCTION = "keyturn:index:RotationFunction"


class RotationRights:
    """The rights of rotating roles."""

    def __init__(self, stack: "Stack") -> None:
        self._stack = stack
        self._keys = stack.part(Keys)
        rotators = stack.part(Rotations).rotators
        self._rotators = {rotator.identity.key for rotator in rotators}
        self._hidden = {rotator.identity.key for rotator in rotators if any(_is_hidden(holding, stack) for holding in rotator.holdings)}
        self._untold = {rotator.identity.key for rotator in rotators if any(is_untold(holding, stack) for holding in rotator.holdings)}
        self._granted: dict[tuple[str, str], dict[str, Match]] = {}

    def of(self, identity: Identity, secret: Secret, function: Resource) -> Iterator[tuple[str, Match]]:
        """Gives each action that a function needs for a secret, and whether its role may do it. Keys of other stacks are not judged."""
        ours = any(component.type == _OUR_FUNCTION for component in self._stack.resources.ancestors(function))
        keys = self._keys.of(secret)
        for action in (*ON_SECRET, *(OF_OUR_CODE if ours else ())):
            yield action, self._doubted(identity, self._may(identity, secret, action.lower()))
        for action in ON_KEY if keys else ():
            # Of several keys which it is is not known yet, or some are those of replicas: AWS looks after these.
            yield action, self._doubted(identity, max(self._keys.may(identity, key, action.lower()) for key, _ in keys))

    def _may(self, identity: Identity, secret: Secret, action: str) -> Match:
        if (secret.urn, action) not in self._granted:
            readers = self._stack.granted(secret, action)
            granted = {reader.identity.key: reader.certainty for reader in readers}
            # Everybody, and a principal that is not known yet, may be this one.
            granted[""] = Match.MAYBE if any(one.identity.is_many or _is_anybody(one.identity) for one in readers) else Match.NEVER
            self._granted[secret.urn, action] = granted
        granted = self._granted[secret.urn, action]
        return max(granted.get(identity.key, Match.NEVER), granted[""])

    def _doubted(self, identity: Identity, may: Match) -> Match:
        """A role of another stack may hold more than is seen, and a document that is not known yet may allow or deny anything."""
        if identity.key in self._untold:
            return Match.MAYBE
        is_seen = identity.key in self._rotators and identity.key not in self._hidden
        return may if is_seen else max(may, Match.MAYBE)


def _is_hidden(holding: Holding, stack: "Stack") -> bool:
    """Tells whether a document may allow more than it is made from: by the name of a secret, in a text that is not known yet."""
    return holding.is_elsewhere or (holding.document is UNKNOWN and own_document(holding.origin, stack.resources) is None)


def _is_anybody(identity: Identity) -> bool:
    return identity.resource is None and identity.service is UNKNOWN
