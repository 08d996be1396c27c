"""What the users of a secret are called: two logins that take turns, and the role that they share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """The names that belong to a target's user."""

    user: str

    @property
    def clone(self) -> str:
        """The second login; the name is AWS's convention."""
        return f"{self.user}_clone"

    @property
    def owner(self) -> str:
        """The role that both logins have, and that holds what either may do."""
        return f"{self.user}_owner"

    @property
    def logins(self) -> tuple[str, str]:
        """Both logins."""
        return self.user, self.clone
