"""How far a grant reaches: one secret or key by its name, or more."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from policies.pack.graph.documents import Statement
from policies.pack.graph.patterns import ANY_TEXT, ANY_WORD, Match, is_exact, match
from policies.pack.values import UNKNOWN, Value, elements

# The form that AWS documents for naming one secret without knowing its suffix.
_BY_NAME = "-??????"


@dataclass(frozen=True)
class Kind:
    """A kind of things with ARNs."""

    service: str
    begins: str
    """How the last part of their ARNs begins."""
    noun: str

    def all_in(self, pattern: str) -> str:
        """Gives the ARN of any such thing, in the partition that a pattern names."""
        partition = pattern.split(":")[1] if pattern.startswith("arn:") else "aws"
        return f"arn:{partition if is_exact(partition) else 'aws'}:{self.service}:{ANY_WORD}:{ANY_WORD}:{self.begins}{ANY_TEXT}"


SECRETS = Kind("secretsmanager", "secret:", "secret")
KEYS = Kind("kms", "key/", "key")


@dataclass(frozen=True)
class Wide:
    """An allowed statement that reaches more than what it names."""

    action: str
    """The action that matters most."""
    what: str
    """In words, what it reaches."""
    prefix: str | None
    """What all that it reaches begins with, when it names one region and account."""
    certainty: Match


def wide(
    said: list[Statement], kind: Kind, actions: tuple[str, ...], narrowed: Callable[[Statement], Match] = lambda _: Match.NEVER
) -> Iterator[Wide]:
    """Gives what the statements of a document allow on more than one thing of a kind by its name: at most one for each statement.

    Args:
        said: the statements.
        kind: what is reached.
        actions: which actions count, what matters most first.
        narrowed: whether the conditions of a statement narrow it to what it is for.
    """
    denials = [statement for statement in said if statement.allows is False]
    for statement in said:
        if statement.allows is False:
            continue
        allowed = statement.done(actions)
        if denials:
            allowed = {action: does for action, does in allowed.items() if not any(_takes_away(denial, action, kind) for denial in denials)}
        if not allowed or narrowed(statement) is Match.ALWAYS:
            continue
        action = max(allowed, key=lambda action: allowed[action])  # of the same certainty the first
        sure = min(allowed[action], Match.MAYBE if statement.allows is UNKNOWN or narrowed(statement) else Match.ALWAYS)
        yield from (Wide(action, what, prefix, min(sure, certainty)) for what, prefix, certainty in _widest(statement, kind))


def _widest(statement: Statement, kind: Kind) -> Iterator[tuple[str, str | None, Match]]:
    if statement.resources is None:
        spared = elements(statement.not_resources)
        if not any(_is_all(pattern, kind) for pattern in spared):
            but = " but those that NotResource names" if spared else ""
            yield f"every {kind.noun}{but}", None, Match.MAYBE if any(pattern is UNKNOWN for pattern in spared) else Match.ALWAYS
        return
    reached = [_reached(pattern, kind) for pattern in elements(statement.resources)]
    wide = [found for found in reached if found is not None]
    if wide:
        yield max(wide, key=lambda found: found[2])


def _reached(pattern: Value, kind: Kind) -> tuple[str, str | None, Match] | None:
    if pattern is UNKNOWN:
        return "what is not known yet", None, Match.MAYBE
    found = reach(pattern, kind) if isinstance(pattern, str) else None
    return (*found, Match.ALWAYS) if found else None


def reaches(pattern: str, kind: Kind) -> bool:
    """Tells whether a pattern covers anything of a kind."""
    parts = pattern.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn" and is_exact(parts[2]) and parts[2] != kind.service:
        return False  # most are about something else, and this is told at once
    return parts[-1].startswith(kind.begins) or bool(match(pattern, kind.all_in(pattern)))


@cache
def reach(pattern: str, kind: Kind) -> tuple[str, str | None] | None:
    """Gives in words, with the prefix, what a pattern reaches beyond one thing by its name; None when nothing."""
    if not reaches(pattern, kind):
        return None
    parts = pattern.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith(kind.begins):
        return f"every {kind.noun}", None
    name = parts[5].removeprefix(kind.begins)
    # A variable is one text for each caller.
    exact = not any(mark in (name.removesuffix(_BY_NAME) if kind is SECRETS else name) for mark in "*?")
    if kind is KEYS and exact:
        return None  # no two keys have one id
    for part, word in ((parts[3], "region"), (parts[4], "account")):
        if any(mark in part for mark in "*?"):
            return f"{kind.noun}s of more than one {word}", None
    if exact:
        return None
    prefix = name[: min(name.index(mark) for mark in "*?" if mark in name)]
    return (f"every {kind.noun} whose name begins alike" if prefix else f"every {kind.noun}"), prefix


def _takes_away(denial: Statement, action: str, kind: Kind) -> bool:
    """Tells whether a denial leaves nothing of an action, or only what it names exactly: the shapes that are told without a request."""
    if denial.condition is not None or denial.does(action) is not Match.ALWAYS:
        return False
    if denial.resources is not None:
        return any(_is_all(pattern, kind) for pattern in elements(denial.resources))
    spared = elements(denial.not_resources)
    return bool(spared) and all(isinstance(pattern, str) and reach(pattern, kind) is None for pattern in spared)


def _is_all(pattern: Value, kind: Kind) -> bool:
    """Tells whether a pattern covers everything of a kind, wherever it is."""
    return isinstance(pattern, str) and match(pattern, kind.all_in(pattern)) is Match.ALWAYS
