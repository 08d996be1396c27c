"""What is wrong with a declaration: every problem at once, each with its key and the way out, none with a value."""

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

Path = tuple[str | int, ...]

_OWN = "keyturn"


class DeclarationError(ValueError):
    """A declaration that cannot be deployed. The message lists every problem; nothing was created."""


class Problems:
    """Collects problems by key; one key has one problem, the first that was found."""

    def __init__(self) -> None:
        self._found: dict[Path, str] = {}

    def add(self, path: Path, sentence: str) -> None:
        """Notes what is wrong with the key at this path. The sentence goes on after the key and never repeats what stands there."""
        self._found.setdefault(path, sentence)

    def add_all(self, error: ValidationError, keys_at: Callable[[Path], Collection[str]]) -> None:
        """Notes what pydantic found; `keys_at` gives the keys that a mapping may have, to name the one that was meant."""
        before = list(self._found)
        for details in error.errors(include_url=False, include_input=False):
            path = _path(details)
            if not any(path[: len(known)] == known for known in before):
                self.add(path, _sentence(details, keys_at))

    def __bool__(self) -> bool:
        return bool(self._found)

    def error(self) -> DeclarationError:
        """Gives the error that lists them all."""
        lines = [f"  keyturn:{written(path)}: {sentence}" for path, sentence in self._found.items()]
        count = "a problem" if len(lines) == 1 else f"{len(lines)} problems"
        return DeclarationError("\n".join([f"the declaration has {count}; nothing was created.", *lines]))


def refusal(sentence: str, *inside: str | int) -> PydanticCustomError:
    """Gives the error that a check of ours raises; `inside` is the path of the key in what is checked."""
    # The sentence travels as context: pydantic would take braces in a template for placeholders.
    return PydanticCustomError(_OWN, "{sentence}", {"sentence": sentence, "inside": inside})


def meant(word: str, words: Iterable[str]) -> str:
    """Gives the words that may stand here, and first the one that was probably meant."""
    known = list(words)
    near = get_close_matches(word, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"


def written(path: Path) -> str:
    """Gives a path as `pulumi config set --path` takes it, e.g. `services.reports.reads[0].until`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _path(details: ErrorDetails) -> Path:
    # pydantic puts `[key]` behind a key that is itself wrong, and the shape of an identity or a secret before its keys.
    path = tuple(part for part in details["loc"] if part != "[key]")
    if len(path) > 3 and path[2] == "identity":
        path = (*path[:3], *path[4:])
    if len(path) > 4 and path[2] == "secrets":
        path = (*path[:4], *path[5:])
    return (*path, *_context(details).get("inside", ()))


def _sentence(details: ErrorDetails, keys_at: Callable[[Path], Collection[str]]) -> str:
    context = _context(details)
    match details["type"]:
        case "keyturn":
            return str(context["sentence"])
        case "missing":
            return "is missing"
        case "extra_forbidden":
            *place, key = details["loc"]
            return f"unknown key; {meant(str(key), keys_at(tuple(place)))}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must be a mapping"
        case _:
            return details["msg"][:1].lower() + details["msg"][1:]


def _context(details: ErrorDetails) -> dict[str, Any]:
    return details.get("ctx", {})
