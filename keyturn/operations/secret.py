"""One secret as DescribeSecret tells of it: labels, rotation and deletion, no value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True)
class Secret:
    """What is known of a secret without reading it."""

    name: str
    arn: str
    rotates: bool
    """Whether a rotation is configured."""
    function_arn: str | None
    """The rotation function; none where an AWS service rotates its own secret."""
    labels: Mapping[str, tuple[str, ...]]
    """Staging labels by version id."""
    changed: datetime | None
    """When anything about it was last written."""
    next_rotation: datetime | None
    """When the schedule comes round again; may lie in the past after a failure."""
    deleted: datetime | None
    """When its deletion was asked for; set only while it can be restored."""
    key: str | None
    """The customer managed key that encrypts its versions; none for the AWS managed key."""

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """Gives the secret that an answer of DescribeSecret describes."""
        labels: Mapping[str, list[str]] = description.get("VersionIdsToStages") or {}
        return cls(
            name=description["Name"],
            arn=description["ARN"],
            rotates=bool(description.get("RotationEnabled")),
            function_arn=description.get("RotationLambdaARN"),
            labels={version: tuple(stages) for version, stages in labels.items()},
            changed=description.get("LastChangedDate"),
            next_rotation=description.get("NextRotationDate"),
            deleted=description.get("DeletedDate"),
            key=description.get("KmsKeyId"),
        )

    @property
    def current(self) -> str | None:
        """The version that applications read."""
        return self._holder("AWSCURRENT")

    @property
    def previous(self) -> str | None:
        """The version that was current before."""
        return self._holder("AWSPREVIOUS")

    @property
    def unfinished(self) -> str | None:
        """The version that a rotation began and did not finish; while there is one, Secrets Manager refuses to rotate.

        AWSPENDING on the current version is no hindrance: Secrets Manager takes that label away itself.
        """
        pending = self._holder("AWSPENDING")
        return None if pending == self.current else pending

    def _holder(self, label: str) -> str | None:
        return next((version for version, stages in self.labels.items() if label in stages), None)
