"""Which namespaces a store of the whole cluster serves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.graph.secret_store import shown
from policies.pack.values import UNKNOWN, Value, at, elements

SYSTEM = "kube-system"
# A label that each namespace has; its value is the namespace's name.
_NAME_LABEL = "kubernetes.io/metadata.name"
_EXCLUDING = ("NotIn", "DoesNotExist")
_LONGEST_PATTERN = 256
# What a regular expression is made of, as far as it matters here: an escape and a set of characters are one piece each.
_MARK = re.compile(r"\\.|\[\^?\]?[^\]]*\]|.", re.DOTALL)


@dataclass(frozen=True)
class Flaw:
    """What is wrong with the conditions, or not known yet."""

    text: str
    property: str
    is_certain: bool = True


@dataclass(frozen=True)
class Conditions:
    """The conditions of a store; a namespace needs to meet one of them only, and without any every namespace is served."""

    given: Value

    @property
    def names(self) -> list[Value]:
        """Gives the namespaces that they name."""
        return [name for _, one in self._each for name in elements(at(one, "namespaces"))]

    @property
    def serve_many(self) -> bool:
        """Whether they may let more than one namespace in, as far as it is known."""
        patterns = [at(one, kind) for _, one in self._each for kind in ("namespaceSelector", "namespaceRegexes")]
        return any(one is not None and one is not UNKNOWN for one in patterns) or len(self.names) > 1

    @property
    def flaws(self) -> Iterator[Flaw]:
        """Gives what lets in more namespaces than somebody named."""
        if self.given is UNKNOWN:
            yield Flaw("which namespaces may use it is not known yet", "spec.conditions", is_certain=False)
        elif not elements(self.given):
            yield Flaw("it has no conditions, so every namespace of the cluster reads what it can read", "spec.conditions")
        for position, one in self._each:
            yield from self._one(one, shown("spec", "conditions", position))

    @property
    def _each(self) -> Iterator[tuple[int, Value]]:
        yield from enumerate([] if self.given is UNKNOWN else elements(self.given))

    def _one(self, one: Value, where: str) -> Iterator[Flaw]:
        if one is UNKNOWN:
            yield Flaw("which namespaces may use it is not known yet", where, is_certain=False)
            return
        selector, patterns = at(one, "namespaceSelector"), at(one, "namespaceRegexes")
        names = elements(at(one, "namespaces"))
        if selector is None and not elements(patterns) and not names:
            yield Flaw("one of its conditions names no namespace", where)
        for name in names:
            if name is UNKNOWN:
                yield Flaw("which namespaces may use it is not known yet", f"{where}.namespaces", is_certain=False)
            elif name == SYSTEM:
                yield Flaw(f"it serves {SYSTEM}", f"{where}.namespaces")
        for pattern in elements(patterns):
            yield from _pattern(pattern, f"{where}.namespaceRegexes")
        if selector is not None:
            yield from _selector(selector, f"{where}.namespaceSelector")


def _pattern(pattern: Value, where: str) -> Iterator[Flaw]:
    if pattern is UNKNOWN:
        yield Flaw("which namespaces may use it is not known yet", where, is_certain=False)
    elif not isinstance(pattern, str) or not _is_anchored(pattern):
        yield Flaw("a regular expression of its conditions has no ^ and $ around the whole, so parts of other names fit, too", where)
    elif _fits_system(pattern):
        yield Flaw(f"a regular expression of its conditions fits {SYSTEM}", where)


def _is_anchored(pattern: str) -> bool:
    if not (pattern.startswith("^") and pattern.endswith("$") and not pattern.endswith("\\$")):
        return False
    # `^a|b$` is two patterns with one anchor each: only inside a group do both have both.
    depth = 0
    for mark in _MARK.findall(pattern):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if mark == "|" and depth <= 0:
            return False
    return True


def _fits_system(pattern: str) -> bool:
    try:
        return len(pattern) > _LONGEST_PATTERN or re.search(pattern, SYSTEM) is not None
    except re.error:
        return False  # the operator refuses what does not compile


def _selector(selector: Value, where: str) -> Iterator[Flaw]:
    labels, expressions = at(selector, "matchLabels"), elements(at(selector, "matchExpressions"))
    if selector is UNKNOWN or labels is UNKNOWN or any(one is UNKNOWN or at(one, "operator") is UNKNOWN for one in expressions):
        yield Flaw("which namespaces may use it is not known yet", where, is_certain=False)
        return
    label = at(labels, _NAME_LABEL)
    if labels in (None, {}) and all(at(one, "operator") in _EXCLUDING for one in expressions):
        yield Flaw("a selector of its conditions fits every namespace, but for those that it excludes", where)
    elif label is UNKNOWN:
        yield Flaw("which namespaces may use it is not known yet", where, is_certain=False)
    elif label == SYSTEM:
        yield Flaw(f"it serves {SYSTEM}", where)
