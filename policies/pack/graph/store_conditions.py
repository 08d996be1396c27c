"""Which namespaces a store of the whole cluster serves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policies.pack.graph.flaw import Flaw
from policies.pack.graph.kubernetes import shown
from policies.pack.values import UNKNOWN, Value, at, elements

SYSTEM = "kube-system"
# A label that each namespace has; its value is the namespace's name.
_NAME_LABEL = "kubernetes.io/metadata.name"
_EXCLUDING = ("NotIn", "DoesNotExist")
_LONGEST_PATTERN = 256
# A regular expression that one name fits.
_ONE_NAME = re.compile(r"\^([a-z0-9-]+)\$")
# What a regular expression is made of, as far as it matters here: an escape and a set of characters are one piece each.
_MARK = re.compile(r"\\.|\[\^?\]?[^\]]*\]|.", re.DOTALL)


@dataclass(frozen=True)
class Conditions:
    """The conditions of a store; a namespace needs to meet one of them only, and without any every namespace is served."""

    given: Value

    @property
    def names(self) -> list[Value]:
        """Gives the namespaces that they name, by a selector of the name or by a regular expression that one name fits, too."""
        return [name for _, one in self._each for name in _named(one) or ()]

    @property
    def serve_many(self) -> bool:
        """Whether they let more than one namespace in, as far as it is known."""
        known = {name for name in self.names if isinstance(name, str)}
        return len(known) > 1 or any(_named(one) is None for _, one in self._each)

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


def _named(one: Value) -> list[Value] | None:
    """Gives the namespaces that a condition names, one that is not known yet as UNKNOWN. None when others fit as well."""
    names = elements(at(one, "namespaces"))
    for pattern in elements(at(one, "namespaceRegexes")):
        exact = _ONE_NAME.fullmatch(pattern) if isinstance(pattern, str) else None
        if exact is None and pattern is not UNKNOWN:
            return None
        names.append(UNKNOWN if exact is None else exact[1])
    selector = at(one, "namespaceSelector")
    selected = [] if selector is None else _selected(selector)
    return None if selected is None else [*names, *selected]


def _selected(selector: Value) -> list[Value] | None:
    """Gives the namespaces that a selector names, of which it may exclude some."""
    if _is_open(selector):
        return [UNKNOWN]
    label = at(selector, "matchLabels", _NAME_LABEL)
    if label is not None:
        return [label]
    listed = (at(one, "values") for one in _expressions(selector) if at(one, "key") == _NAME_LABEL and at(one, "operator") == "In")
    return next((elements(values) for values in listed), None)


def _is_open(selector: Value) -> bool:
    """Tells whether nobody knows yet by what a selector selects."""
    parts = [part for one in _expressions(selector) for part in (one, at(one, "key"), at(one, "operator"), at(one, "values"))]
    return any(part is UNKNOWN for part in (selector, at(selector, "matchLabels"), *parts))


def _expressions(selector: Value) -> list[Value]:
    return elements(at(selector, "matchExpressions"))


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
    if _is_open(selector) or any(name is UNKNOWN for name in _selected(selector) or ()):
        yield Flaw("which namespaces may use it is not known yet", where, is_certain=False)
    elif at(selector, "matchLabels") in (None, {}) and all(at(one, "operator") in _EXCLUDING for one in _expressions(selector)):
        yield Flaw("a selector of its conditions fits every namespace, but for those that it excludes", where)
    elif SYSTEM in (_selected(selector) or ()):
        yield Flaw(f"it serves {SYSTEM}", where)
