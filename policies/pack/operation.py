"""What the engine is doing: a preview, an update, or judging a state."""

from dataclasses import dataclass

from pulumi.runtime.proto import analyzer_pb2

ENVIRONMENT = "keyturn:environment"


@dataclass(frozen=True)
class Operation:
    """One operation of the engine. When a state is judged, the engine says nothing about it."""

    project: str = ""
    stack: str = ""
    environment: str | None = None
    """What the stack's configuration says; None when it says nothing."""
    is_dry_run: bool = True

    @classmethod
    def of(cls, request: analyzer_pb2.AnalyzerStackConfigureRequest) -> "Operation":
        """Gives the operation that the engine announces."""
        is_secret = ENVIRONMENT in request.config_secret_keys
        environment = None if is_secret else request.config.get(ENVIRONMENT)
        # A state has no operation: without a stack's name nothing is created.
        return cls(request.project, request.stack, environment or None, request.dry_run or not request.stack)

    @property
    def is_update(self) -> bool:
        """Tells whether resources are created as soon as they are judged."""
        return not self.is_dry_run
