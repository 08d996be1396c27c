"""Where a rule's page stands, so that people can open it."""

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"https://[\w.:/~%?=&+#-]+")


@dataclass(frozen=True)
class Pages:
    """The rules' pages under one address; none when nobody says where."""

    base: str = ""

    def __post_init__(self) -> None:
        if self.base and not _ADDRESS.fullmatch(self.base):
            raise ValueError("give the pages as an https:// address without blanks and brackets")

    def address(self, page: str) -> str:
        """Gives the address of a page that a finding names; empty when it is not known."""
        if _ADDRESS.fullmatch(page):
            return page
        name = page.rpartition("/")[2]
        return f"{self.base.rstrip('/')}/{name}" if self.base and re.fullmatch(r"[a-z0-9-]+\.md", name) else ""
