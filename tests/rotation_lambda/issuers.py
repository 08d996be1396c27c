"""Issuers of tokens in the shapes that their makers document: a cap, a token that is shown once, and a count of what is live.

SendGrid: https://www.twilio.com/docs/sendgrid/api-reference/api-keys/create-api-keys
Twilio: https://www.twilio.com/docs/iam/api-keys/key-resource-v1
Stripe: https://stripe.dev/stripe-java/com/stripe/service/v2/iam/ApiKeyService.html
"""

from dataclasses import dataclass

from tests.rotation_lambda.issuer_server import Reply, Request


@dataclass
class Token:
    identity: str
    name: str
    secret: str
    live: bool = True


class Issuer:
    """What all have in common: who may not ask, and what the others get."""

    def __init__(self, cap: int = 100) -> None:
        self.cap = cap
        self.tokens: list[Token] = []

    def __call__(self, request: Request) -> Reply:
        return self.turned_away(request) or self.answer(request) or Reply(404)

    def turned_away(self, request: Request) -> Reply | None:
        raise NotImplementedError

    def answer(self, request: Request) -> Reply | None:
        raise NotImplementedError

    def made(self, number: int) -> tuple[str, str]:
        """The id and the secret of the nth token."""
        raise NotImplementedError

    def make(self, name: str) -> Token:
        identity, secret = self.made(len(self.tokens) + 1)
        self.tokens.append(Token(identity, name, secret))
        return self.tokens[-1]

    def revoke(self, identity: str) -> Token | None:
        token = next((token for token in self.live() if token.identity == identity), None)
        if token:
            token.live = False
        return token

    def live(self, name: str = "") -> list[Token]:
        """The tokens that work and whose names begin like this."""
        return [token for token in self.tokens if token.live and token.name.startswith(name)]

    def accepts(self, secret: str | None, identity: str | None = None) -> bool:
        return any(token.secret == secret and identity in {None, token.identity} for token in self.live())


class Plain(Issuer):
    """No vendor: tokens behind a bearer, and numbers for ids."""

    admin = "admin-of-the-plain-issuer"

    def made(self, number: int) -> tuple[str, str]:
        return str(number), f"plain-token-{number:04}-of-the-tests"

    def turned_away(self, request: Request) -> Reply | None:
        if request.path == "/me":
            return None if self.accepts(request.bearer) else Reply(401)
        return None if request.bearer == self.admin else Reply(403)

    def answer(self, request: Request) -> Reply | None:
        match request.method, request.pieces:
            case "GET", ["me"]:
                return Reply(200)
            case "POST", ["tokens"]:
                return self._issued(request)
            case "GET", ["tokens"]:
                return Reply(200, {"data": [{"id": int(token.identity), "name": token.name} for token in self.live()]})
            case "DELETE", ["tokens", identity]:
                return Reply(204) if self.revoke(identity) else None

    def _issued(self, request: Request) -> Reply:
        if len(self.live()) >= self.cap:
            return Reply(422, {"error": "too many tokens"})
        token = self.make(request.json["name"])
        return Reply(201, {"data": {"token": token.secret, "id": int(token.identity)}})


class SendGrid(Issuer):
    admin = "SG.admin.of-the-tests"

    def made(self, number: int) -> tuple[str, str]:
        return f"k{number:021}", f"SG.k{number:021}.{number:043}"

    def turned_away(self, request: Request) -> Reply | None:
        if request.bearer == self.admin or (request.path == "/v3/scopes" and self.accepts(request.bearer)):
            return None
        return _errors(403, "access forbidden") if self.accepts(request.bearer) else _errors(401, "authorization required")

    def answer(self, request: Request) -> Reply | None:
        match request.method, request.pieces:
            case "GET", ["v3", "scopes"]:
                return Reply(200, {"scopes": ["mail.send"]})
            case "POST", ["v3", "api_keys"]:
                return self._created(request)
            case "GET", ["v3", "api_keys"]:
                return Reply(200, {"result": [{"name": token.name, "api_key_id": token.identity} for token in self.live()]})
            case "DELETE", ["v3", "api_keys", identity]:
                return Reply(204) if self.revoke(identity) else _errors(404, "unable to find API Key")

    def _created(self, request: Request) -> Reply:
        if len(self.live()) >= self.cap:
            return _errors(403, "Cannot create more than 100 API Keys")
        token = self.make(request.json["name"])
        told = {"api_key": token.secret, "api_key_id": token.identity, "name": token.name, "scopes": request.json["scopes"]}
        return Reply(201, told)


class Twilio(Issuer):
    account, admin = "AC" + "X" * 32, ("SK" + "f" * 32, "main-key-of-the-tests")

    def made(self, number: int) -> tuple[str, str]:
        return f"SK{number:032x}", f"{number:032}"

    def turned_away(self, request: Request) -> Reply | None:
        user, password = request.basic or ("", "")
        of_a_standard_key = request.path == f"/2010-04-01/Accounts/{self.account}/Messages.json" and self.accepts(password, user)
        return None if (user, password) == self.admin or of_a_standard_key else _twilio(401, 20003, "Authenticate")

    def answer(self, request: Request) -> Reply | None:
        match request.method, request.pieces:
            case "GET", ["2010-04-01", "Accounts", self.account, "Messages.json"]:
                return Reply(200, {"messages": [], "page": 0, "page_size": 1})
            case "POST", ["v1", "Keys"]:
                return self._created(request)
            case "GET", ["v1", "Keys"] if request.query["AccountSid"] == self.account:
                return Reply(200, {"keys": [self._shown(token) for token in self.live()], "meta": {"page": 0, "next_page_url": None}})
            case "DELETE", ["v1", "Keys", identity]:
                return Reply(204) if self.revoke(identity) else _twilio(404, 20404, "The requested resource was not found")

    def _created(self, request: Request) -> Reply:
        if request.form["AccountSid"] != self.account or len(request.form["FriendlyName"]) > 64:
            return _twilio(400, 20001, "Bad request")
        if len(self.live()) >= self.cap:
            return _twilio(400, 20008, "Maximum number of keys")
        token = self.make(request.form["FriendlyName"])
        return Reply(201, {**self._shown(token), "secret": token.secret, "policy": None})

    def _shown(self, token: Token) -> dict[str, object]:
        day = "Mon, 13 Jun 2016 22:50:08 +0000"
        return {"sid": token.identity, "friendly_name": token.name, "date_created": day, "date_updated": day}


class Stripe(Issuer):
    """A sandbox, which tells a secret in plain text. Expired keys stay in its list."""

    account, admin = "acct_0000000000", "sk_test_app_of_the_tests"

    def __init__(self, cap: int = 100, page: int = 100) -> None:
        super().__init__(cap)
        self._page = page
        self._replies: dict[str, Reply] = {}

    def made(self, number: int) -> tuple[str, str]:
        return f"mk_test_{number:08}", f"rk_test_{number:024}"

    def turned_away(self, request: Request) -> Reply | None:
        if request.bearer != self.admin:
            # A restricted key is known, and may or may not do this.
            return Reply(403 if self.accepts(request.bearer) else 401, {"error": {"type": "invalid_request_error"}})
        known = "preview" in request.headers["stripe-version"] and request.headers["stripe-context"] == self.account
        return None if known else Reply(400, {"error": {"message": "unrecognized"}})

    def answer(self, request: Request) -> Reply | None:
        match request.method, request.pieces:
            case "POST", ["v2", "iam", "api_keys"]:
                key = request.headers["idempotency-key"]
                self._replies[key] = self._replies.get(key) or self._created(request)
                return self._replies[key]
            case "GET", ["v2", "iam", "api_keys"]:
                return self._listed(int(request.query.get("page", 0)))
            case "POST", ["v2", "iam", "api_keys", identity, "expire"]:
                token = self.revoke(identity)
                return Reply(200, self._shown(token)) if token else None

    def _created(self, request: Request) -> Reply:
        if request.json.keys() != {"type", "name", "permissions"} or request.json["type"] != "secret_key":
            return Reply(400, {"error": {"message": "Unknown field."}})
        return Reply(200, self._shown(self.make(request.json["name"])))

    def _listed(self, begin: int) -> Reply:
        shown = [self._shown(token) for token in self.tokens[begin : begin + self._page]]
        more = f"/v2/iam/api_keys?limit=100&page={begin + self._page}" if begin + self._page < len(self.tokens) else None
        return Reply(200, {"data": shown, "next_page_url": more, "previous_page_url": None})

    def _shown(self, token: Token) -> dict[str, object]:
        told = {"token": token.secret}
        status = "active" if token.live else "expired"
        return {"id": token.identity, "object": "v2.iam.api_key", "name": token.name, "status": status, "secret_key": told}


def _errors(status: int, message: str) -> Reply:
    return Reply(status, {"errors": [{"field": None, "message": message}]})


def _twilio(status: int, code: int, message: str) -> Reply:
    return Reply(status, {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status})
