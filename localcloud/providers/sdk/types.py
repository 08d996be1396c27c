"""A resource type as the SDK describes it, in the form of the types that a stand-in really makes: what serves a preview serves both."""

from functools import cache

from localcloud.providers.naming import Name
from localcloud.providers.properties import Kind, Property
from localcloud.providers.provider import RefusedError
from localcloud.providers.resource import Resource
from localcloud.providers.sdk.source import described, modules
from localcloud.providers.wire import Properties, marked

# Under what a resource is found. Others choose their name themselves when the program is silent.
_NAMES = (Name(), Name("bucket", shape=lambda name, _: name.lower(), prefix="bucketPrefix"))


class SdkType(Resource):
    """A type that can be previewed and nothing else."""

    def __init__(self, package: str, token: str) -> None:
        found = described(package, token)
        if found is None:
            raise RefusedError(
                f"{token} is no resource of the {package} SDK that is installed beside Keyturn"
                + (": it is a component that only the released provider can take apart" if token in modules(package) else "")
            )
        self.type = token
        # Kubernetes is sent markers, and one may stand in the place of any value.
        typed = package != "kubernetes"
        self.inputs = {
            name: Property(
                kind=argument.kind if typed else Kind.ANY,
                required=argument.required,
                sensitive=argument.secret,
                computed=typed and argument.filled and not argument.required,
            )
            for name, argument in found.arguments.items()
        }
        self.outputs = dict.fromkeys(found.outputs)
        self.secret_outputs = found.secret_outputs
        self.name = next((name for name in _NAMES if name.property in self.inputs and not self.inputs[name.property].required), None)
        self.regional = package == "aws" and "region" in self.inputs
        self.tagged = "tagsAll" in self.outputs

    def secrets_marked(self, state: Properties) -> Properties:
        """Gives the state with its secret outputs marked as such."""
        return {name: marked(value) if name in self.secret_outputs else value for name, value in state.items()}


@cache
def sdk_type(package: str, token: str) -> SdkType:
    """Gives the type.

    Raises:
        RefusedError: the SDK has no such resource.
    """
    return SdkType(package, token)


def previews_only(token: str, doing: str, package: str) -> RefusedError:
    """Gives the refusal of everything that is no preview."""
    return RefusedError(
        f"{doing} {token}: this stand-in serves previews only, so nothing was done. "
        f"Deploy with the released {package} provider: in a shell without Keyturn's PULUMI_HOME"
    )
