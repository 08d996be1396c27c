"""Names and sentences made harmless for a comment: they were written by whoever opened the pull request."""

import re

from policies.pack.message import printable, shortened

_LONGEST = 500

# CommonMark takes a backslash before any of these; `$` begins mathematics, `:` an emoji or an address, and `www.` an address, too.
_MARKUP = re.compile(r"([\\`*_\[\]~|$:!()#@]|(?<=www)\.)", re.IGNORECASE)
# A mention notifies people, and a number links another issue; no backslash helps there, an empty character behind the sign does.
_REFERENCE = re.compile(r"\\([@#])")


def inline(text: str) -> str:
    """Gives the text as it may stand in one cell of a table: shown as it is, with no effect."""
    one_line = " ".join(printable(shortened(text, _LONGEST)).split())
    no_html = one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _REFERENCE.sub("\\\\\\1\u200b", _MARKUP.sub(r"\\\1", no_html))


def code(text: str) -> str:
    """Gives the text in the type of code, for names that people copy."""
    one_line = " ".join(printable(shortened(text, _LONGEST)).split())
    no_html = one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<code>{_MARKUP.sub(lambda found: f'&#{ord(found[1])};', no_html)}</code>" if one_line else ""
