"""What is asked of an issuer: a token, whether one works, that one stops working, and which there are."""

import base64
import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import urlencode, urljoin, urlsplit

from rotation_lambda import https
from rotation_lambda.deadline import Deadline
from rotation_lambda.engines import Value
from rotation_lambda.engines._http_configuration import Issuer
from rotation_lambda.engines._http_pointer import found
from rotation_lambda.engines._http_request import Request
from rotation_lambda.engines._http_template import ADMIN, filled, filled_url
from rotation_lambda.errors import AuthenticationError, ConfigurationError, PermissionRefusedError

_TOKEN = re.compile(r"[!-~]{1,8192}")
# Some issuers list what is revoked, too, for ever: a hundred on a page, and one an hour, are two years.
_MOST_PAGES = 200


class Client:
    """Speaks to one issuer, as the admin or, where a token is tried, as that token."""

    def __init__(self, issuer: Issuer, admin: Callable[[], Value] | None, deadline: Deadline) -> None:
        self._issuer = issuer
        self._read_admin = admin
        self._deadline = deadline

    def issue(self, name: str, version: str) -> tuple[str, str]:
        """Gives a new token and its id."""
        request = self._issuer.issue
        answer = self._asked(request, {**self._admin, "name": name, "version": version})
        token = found(answer.json, request.pointers["token"])
        identity = _identity(found(answer.json, request.pointers["id"]))
        if not identity:
            raise ConfigurationError(
                f"{_place(request)} issued something, and there is no id at {request.pointers['id']!r} in its answer; correct the"
                f" declaration, and revoke at the issuer what is named {name!r}"
            )
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            self.revoke(identity)
            raise ConfigurationError(
                f"{_place(request)} issued something, and there is no token at {request.pointers['token']!r} in its answer; it is revoked"
                f" again. Correct the declaration"
            )
        return token, identity

    def verify(self, token: str, identity: str) -> None:
        """Uses the token.

        Raises:
            AuthenticationError: the issuer does not accept it.
        """
        request = self._issuer.verify
        answer = self._send(request, {"token": token, "id": identity})
        if answer.status in request.refused:
            raise AuthenticationError(f"{_place(request)} does not accept the new token ({answer.status})")
        if answer.status == 403 and answer.status not in request.accept:
            raise PermissionRefusedError(
                f"{_place(request)} knows the new token and does not allow it (403); look at what 'issue' asks for"
            )
        if answer.status not in request.accept:
            raise https.refusal(answer, _place(request))

    def revoke(self, identity: str) -> None:
        """Ends a token; one that is gone already is no error."""
        self._asked(self._issuer.revoke, {**self._admin, "id": identity})

    def listed(self, prefix: str) -> list[str] | None:
        """Gives the ids of the tokens whose names begin like this; None when the issuer cannot list tokens."""
        request = self._issuer.listing
        if request is None:
            return None
        identities: list[str] = []
        url = filled_url(request.url, self._admin)
        for _ in range(_MOST_PAGES):
            answer = self._asked(request, self._admin, url)
            entries = found(answer.json, request.pointers["entries"])
            if not isinstance(entries, list):
                raise ConfigurationError(f"{_place(request)} answers without a list at {request.pointers['entries']!r}")
            identities += [identity for entry in cast("list[object]", entries) if (identity := _ours(request, entry, prefix))]
            following = found(answer.json, request.pointers["next"]) if "next" in request.pointers else None
            if not isinstance(following, str) or not following:
                return identities
            url = _same_host(request, url, following)
        raise ConfigurationError(f"{_place(request)} has more than {_MOST_PAGES} pages of tokens; let 'list' ask for larger ones")

    @functools.cached_property
    def _admin(self) -> Mapping[str, str]:
        admin = self._read_admin() if self._read_admin else {}
        return {f"{ADMIN}{key}": value for key, value in admin.items() if isinstance(value, str)}

    def _asked(self, request: Request, values: Mapping[str, str], url: str | None = None) -> https.Answer:
        answer = self._send(request, values, url)
        if answer.status not in request.accept:
            raise https.refusal(answer, _place(request))
        return answer

    def _send(self, request: Request, values: Mapping[str, str], url: str | None = None) -> https.Answer:
        headers = {"Accept": "application/json", **{name: filled(text, values) for name, text in request.headers.items()}}
        if request.basic:
            headers["Authorization"] = _basic(*(filled(text, values) for text in request.basic))
        body = None
        if request.json is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(_filled_json(request.json, values)).encode()
        elif request.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = _filled_form(request.form, values)
        return https.call(
            request.method,
            url or filled_url(request.url, values),
            headers=headers,
            body=body,
            authority=self._issuer.authority,
            deadline=self._deadline,
        )


def _ours(request: Request, entry: object, prefix: str) -> str | None:
    name = found(entry, request.pointers["name"])
    if not isinstance(name, str) or not name.startswith(prefix):
        return None
    wanted = all(found(entry, pointer) == value for pointer, value in request.where.items())
    return _identity(found(entry, request.pointers["id"])) if wanted else None


def _same_host(request: Request, url: str, following: str) -> str:
    """An answer may name the next page, and no other place to send the admin's credentials to."""
    full = urljoin(url, following)
    if urlsplit(full)[:2] != urlsplit(url)[:2]:
        raise ConfigurationError(f"{_place(request)} says that its next page is at another host; it is not followed")
    return full


def _identity(found_id: object) -> str | None:
    if isinstance(found_id, int) and not isinstance(found_id, bool):
        return str(found_id)
    return found_id if isinstance(found_id, str) and found_id else None


def _basic(user: str, password: str) -> str:
    if ":" in user:
        raise ConfigurationError("the user of a 'basic' request has a colon, after which its password would begin")
    return "Basic " + base64.b64encode(f"{user}:{password}".encode(errors="surrogatepass")).decode()


def _filled_json(declared: object, values: Mapping[str, str]) -> object:
    if isinstance(declared, dict):
        return {key: _filled_json(value, values) for key, value in cast("dict[str, object]", declared).items()}
    if isinstance(declared, list):
        return [_filled_json(value, values) for value in cast("list[object]", declared)]
    return filled(declared, values) if isinstance(declared, str) else declared


def _filled_form(form: Mapping[str, str | list[str]], values: Mapping[str, str]) -> bytes:
    pairs = [
        (name, filled(text, values)) for name, declared in form.items() for text in (declared if isinstance(declared, list) else [declared])
    ]
    return urlencode(pairs, errors="surrogatepass").encode()


def _place(request: Request) -> str:
    return f"{request.what!r} at {urlsplit(request.url).hostname}"
