"""What the engine is doing: a preview, an update, or judging a state."""

from dataclasses import dataclass, field

from pulumi.runtime.proto import analyzer_pb2

from policies.pack.secret_configuration import SecretConfiguration

ENVIRONMENT = "keyturn:environment"


@dataclass(frozen=True)
class Operation:
    """One operation of the engine. When a state is judged, the engine says nothing about it."""

    project: str = ""
    stack: str = ""
    environment: str | None = None
    """What the stack's configuration says; None when it says nothing."""
    is_dry_run: bool = True
    secrets: SecretConfiguration | None = field(default=None, repr=False)
    """The secret values of the stack's configuration; None when they are not known, as when a state is judged."""

    @classmethod
    def of(cls, request: analyzer_pb2.AnalyzerStackConfigureRequest) -> "Operation":
        """Gives the operation that the engine announces."""
        is_secret = ENVIRONMENT in request.config_secret_keys
        environment = None if is_secret else request.config.get(ENVIRONMENT)
        # A state has no operation: without a stack's name nothing is created, and nothing is said about its configuration.
        secrets = SecretConfiguration(request.config.get(key, "") for key in request.config_secret_keys) if request.stack else None
        return cls(request.project, request.stack, environment or None, request.dry_run or not request.stack, secrets)

    @property
    def is_update(self) -> bool:
        """Tells whether resources are created as soon as they are judged."""
        return not self.is_dry_run
