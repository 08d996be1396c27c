"""What a person reads: the finding, the mend and where to read on. The command line shows nothing else."""

from policies.pack.finding import Answer, Finding

# Behind the language host a response over 4 MB fails; names are made by people and have no limit.
LONGEST = 4000


def message(finding: Finding, *, mend: str, page: str) -> str:
    """Gives the message of a finding."""
    said = finding.text if not finding.property else f"{finding.text} (property {finding.property})"
    if finding.answer is Answer.CANNOT_DECIDE:
        said = f"Cannot decide: {said}"
    tail = f"\nMend: {finding.mend or mend}\nMore: {page}"
    return printable(shortened(said[:1].upper() + said[1:], LONGEST - len(tail)) + tail)


def shortened(text: str, longest: int = LONGEST) -> str:
    """Gives the text, cut to a length and marked where it was."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def printable(text: str) -> str:
    """Gives the text without the control characters that a name could bring to a terminal."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)
