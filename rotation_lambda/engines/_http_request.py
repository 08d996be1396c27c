"""One request to an issuer as the declaration describes it: its texts may have placeholders, its host may not."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from rotation_lambda.engines._http_pointer import is_pointer
from rotation_lambda.engines._http_template import check, placeholders
from rotation_lambda.errors import ConfigurationError

_REQUEST = ("url", "method", "headers", "basic", "json", "form", "accept")
# The host stands in the declaration and nowhere else; no user, no fragment, no piece that a server would resolve.
_URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]*")
_METHOD = re.compile(r"[A-Z]{3,10}")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
# What the connection itself decides.
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding", "user-agent", "expect", "te"})
_SECRET_HEADER = re.compile(r"auth|key|token|secret|password", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; its texts have placeholders."""

    what: str
    url: str
    method: str
    headers: Mapping[str, str]
    basic: tuple[str, str] | None
    json: object
    form: Mapping[str, str | list[str]]
    accept: frozenset[int]
    refused: frozenset[int] = frozenset()
    pointers: Mapping[str, str] = field(default_factory=dict[str, str])
    where: Mapping[str, str] = field(default_factory=dict[str, str])


class Reader:
    """Reads the requests of one target, and keeps which placeholders each uses."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.used: dict[str, set[str]] = {}

    def request(
        self,
        settings: Mapping[str, object],
        what: str,
        method: str,
        allowed: Collection[str],
        shared: Mapping[str, object],
        *,
        pointers: tuple[str, ...] = (),
        gone: tuple[int, ...] = (),
    ) -> Request:
        """Gives one request; `shared` holds headers and basic credentials of the requests that the admin makes."""
        declared = settings.get(what)
        if not isinstance(declared, dict):
            raise self._wrong(what, "a JSON object with at least a 'url'")
        own = cast("dict[str, Any]", declared)
        extra = {"verify": ("refused",), "list": ("next", "where")}.get(what, ())
        if strange := sorted(own.keys() - {*_REQUEST, *pointers, *extra}):
            raise self._wrong(f"{what}.{strange[0]}", "no such setting")
        self._what, self._allowed = what, allowed
        self.used[what] = set()
        if "json" in own and "form" in own:
            raise self._wrong(what, "'json' or 'form', not both")
        self._check_json(own.get("json"))
        headers = {**self._headers(shared.get("headers", {})), **self._headers(own.get("headers", {}))}
        basic = self._basic(own.get("basic", shared.get("basic")))
        if basic and "Authorization" in headers:
            raise self._wrong(what, "'basic' or a header Authorization, not both")
        return Request(
            what=what,
            url=self._url(own.get("url")),
            method=self._matching("method", own.get("method", method), _METHOD, "a method such as POST"),
            headers=headers,
            basic=basic,
            json=own.get("json"),
            form=self._form(own.get("form", {})),
            accept=(self._statuses("accept", own.get("accept")) or frozenset(range(200, 300))) | {*gone},
            refused=self._statuses("refused", own.get("refused", [401])) if what == "verify" else frozenset(),
            pointers={name: self._pointer(name, own.get(name)) for name in (*pointers, *({"next"} & own.keys()))},
            where=self._where(own.get("where", {})),
        )

    def _url(self, url: object) -> str:
        where = f"{self._what}.url"
        text = self._matching("url", url, _URL, "an https:// address with a path, whose host is written out")
        self._text(where, text)
        if any(piece in {".", ".."} for piece in text.split("?")[0].split("/")) or "#" in text:
            raise self._wrong(where, "a path without dots and fragments")
        return text

    def _headers(self, declared: object) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name, value in self._object("headers", declared).items():
            where = f"{self._what}.headers.{name}"
            if not _HEADER.fullmatch(name) or name.lower() in _OWN_HEADERS or name.title() in headers:
                raise self._wrong(where, "a header that is not given twice and not decided by the connection")
            headers[name.title()] = self._text(where, value)
            if _SECRET_HEADER.search(name) and not placeholders(headers[name.title()]):
                raise self._wrong(where, "a placeholder such as {admin.value}: a value does not stand in a declaration")
        return headers

    def _basic(self, declared: object) -> tuple[str, str] | None:
        if declared is None:
            return None
        pair = cast("list[object]", declared) if isinstance(declared, list) else []
        if len(pair) != 2:
            raise self._wrong(f"{self._what}.basic", "a list of user and password")
        user, password = (self._text(f"{self._what}.basic", text) for text in pair)
        if not placeholders(password):
            raise self._wrong(f"{self._what}.basic", "a password that is a placeholder: a value does not stand in a declaration")
        return user, password

    def _check_json(self, declared: object) -> None:
        if isinstance(declared, str):
            self._text(f"{self._what}.json", declared)
        elif isinstance(declared, dict | list):
            inner = cast("dict[str, object] | list[object]", declared)
            for value in inner.values() if isinstance(inner, dict) else inner:
                self._check_json(value)

    def _form(self, declared: object) -> Mapping[str, str | list[str]]:
        form = self._object("form", declared)
        for name, value in form.items():
            for text in cast("list[object]", value) if isinstance(value, list) else [value]:
                self._text(f"{self._what}.form.{name}", text)
        return form

    def _where(self, declared: object) -> Mapping[str, str]:
        conditions = self._object("where", declared)
        if not all(is_pointer(pointer) and isinstance(value, str) for pointer, value in conditions.items()):
            raise self._wrong(f"{self._what}.where", 'JSON Pointers and texts, such as {"/status": "active"}')
        return conditions

    def _pointer(self, name: str, pointer: object) -> str:
        if not is_pointer(pointer):
            raise self._wrong(f"{self._what}.{name}", "a JSON Pointer such as /data/id (RFC 6901)")
        return str(pointer)

    def _statuses(self, name: str, declared: object) -> frozenset[int]:
        statuses = cast("list[object]", declared) if isinstance(declared, list) else [] if declared is None else [None]
        if not all(isinstance(status, int) and 200 <= status <= 599 and not 300 <= status < 400 for status in statuses):
            raise self._wrong(f"{self._what}.{name}", "a list of statuses such as [200, 201]; none of them a redirect")
        return frozenset(cast("list[int]", statuses))

    def _object(self, name: str, declared: object) -> dict[str, Any]:
        if not isinstance(declared, dict):
            raise self._wrong(f"{self._what}.{name}", "a JSON object")
        return cast("dict[str, Any]", declared)

    def _matching(self, name: str, text: object, pattern: re.Pattern[str], expected: str) -> str:
        if not isinstance(text, str) or not pattern.fullmatch(text):
            raise self._wrong(f"{self._what}.{name}", expected)
        return text

    def _text(self, where: str, text: object) -> str:
        if not isinstance(text, str):
            raise self._wrong(where, "a text")
        check(text, f"{self._secret}: '{where}'", self._allowed)
        self.used[self._what] |= placeholders(text)
        return text

    def _wrong(self, where: str, expected: str) -> ConfigurationError:
        return ConfigurationError(f"the target {self._secret} has {where!r} wrong or not at all; it takes {expected}")
