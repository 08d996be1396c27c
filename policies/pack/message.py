"""What a person reads: the finding, what became of it, the mend and where to read on. The command line shows nothing else."""

from policies.pack.finding import Answer, Finding

# Behind the language host a response over 4 MB fails; names are made by people and have no limit.
LONGEST = 4000


def message(finding: Finding, *, mend: str, page: str, note: str = "") -> str:
    """Gives the message of a finding."""
    said = finding.text if not finding.property else f"{finding.text} (property {finding.property})"
    if finding.answer is Answer.CANNOT_DECIDE:
        said = f"Cannot decide: {said}"
    tail = [one_line(line) for line in (note, f"Mend: {finding.mend or mend}", f"More: {page}") if line]
    room = LONGEST - sum(len(line) + 1 for line in tail)
    return "\n".join([shortened(one_line(said[:1].upper() + said[1:]), room), *tail])


def shortened(text: str, longest: int = LONGEST) -> str:
    """Gives the text, cut to a length and marked where it was."""
    return text if len(text) <= longest else f"{text[: max(longest - 1, 0)]}…"


def printable(text: str) -> str:
    """Gives the text without the control characters that a name could bring to a terminal."""
    return "\n".join(map(one_line, text.split("\n")))


def one_line(text: str) -> str:
    """Gives the text without control characters and line breaks: a name with a line break in it could speak in our place."""
    return text if text.isprintable() else "".join(character if character.isprintable() else " " for character in text)
