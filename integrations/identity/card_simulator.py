"""The card simulator: a small OpenID provider with the parameter rules and formats of デジタル認証アプリ.

A WSGI application for development and trials. It shows a page like the service's own
テストレスポンス設定画面: choose a card, choose what happens. 模擬 stands on every screen.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from integrations.identity import simulator_tokens as tokens
from integrations.identity.cards import BY_KEY, CARDS, FAULTS, OUTCOMES, SIGN_FAULTS, Card
from integrations.identity.digital_agency import PROTOCOL, REALM
from integrations.identity.keys import public_jwks
from integrations.identity.relying_party import ASSERTION_TYPE
from integrations.identity.simulator_rules import Refused, check_authorize
from integrations.identity.simulator_signing import SigningDesk
from integrations.identity.simulator_store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGES = Path(__file__).parent / "pages"
CODE_SECONDS = 60
REFUSALS = {
    "cancel": ("access_denied", "cancelled"),
    "expired": ("access_denied", "card_expired"),
    "revoked": ("access_denied", "card_revoked"),
    "wrong_pin": ("access_denied", "wrong_pin"),
    "pin_locked": ("access_denied", "pin_locked"),
    "down": ("temporarily_unavailable", ""),
}


class CardSimulator:
    """The provider. ``base`` is its public address; ``accepts_redirect`` knows the registered addresses.

    ``decks``: who can be chosen, by client; residents' cards where nothing else is said.
    """

    def __init__(
        self,
        *,
        base: str,
        store: Store,
        key: ECKey,
        clients: Callable[[], Mapping[str, list[ECKey | RSAKey]]],
        accepts_redirect: Callable[[str], bool],
        signing: SigningDesk,
        decks: Mapping[str, tuple[Card, ...]],
        timeout_seconds: float = 12.0,
    ) -> None:
        self.base = base.rstrip("/")
        self.issuer = self.base + REALM
        self._store = store
        self._key = key
        self._clients = clients
        self._accepts_redirect = accepts_redirect
        self._timeout_seconds = timeout_seconds
        self._signing = signing
        self._decks = decks
        self._pages = Environment(loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined)
        self._routes = Map(
            [
                Rule("/", endpoint=self._about, methods=["GET"]),
                Rule(f"{PROTOCOL}/auth", endpoint=self._authorize, methods=["GET"]),
                Rule(f"{PROTOCOL}/choose", endpoint=self._choose, methods=["POST"]),
                Rule(f"{PROTOCOL}/token", endpoint=self._token, methods=["POST"]),
                Rule(f"{PROTOCOL}/userinfo", endpoint=self._userinfo, methods=["GET"]),
                Rule(f"{PROTOCOL}/certs", endpoint=self._certs, methods=["GET"]),
                Rule("/sign-transactions", endpoint=self._open_signing, methods=["POST"]),
                Rule("/sign-transactions/<key>/result", endpoint=self._signed, methods=["GET"]),
            ]
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = 100_000
        try:
            handler, args = self._routes.bind_to_environ(environ).match()
            response = handler(request, **args)
        except HTTPException as error:
            return error(environ, start_response)
        except Refused as error:
            response = _json({"error": error.error, "error_description": error.why}, 400)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response(environ, start_response)  # type: ignore[no-any-return]

    def _about(self, _request: Request) -> Response:
        return self._page("about.html", cards=CARDS, issuer=self.issuer)

    def _authorize(self, request: Request) -> Response:
        asked = request.args.to_dict()
        try:
            check_authorize(asked, self._clients(), self._accepts_redirect, self._signing.is_open)
        except Refused as error:
            if not error.redirect:
                return self._page("refused.html", 400, why=error.why)
            return self._back(asked, {"error": error.error, "error_description": error.why})
        transaction = secrets.token_urlsafe(16)
        self._store.put("transaction", transaction, asked, 600)
        return self._page(
            "choose.html",
            transaction=transaction,
            cards=self._decks.get(asked["client_id"], CARDS),
            is_card=asked["client_id"] not in self._decks,
            outcomes=OUTCOMES,
            faults={**FAULTS, **(SIGN_FAULTS if "sign" in asked["scope"].split() else {})},
            asked=[s for s in asked["scope"].split() if s != "openid"],
            action=f"{request.script_root}{PROTOCOL}/choose",
        )

    def _choose(self, request: Request) -> Response:
        asked = self._store.take("transaction", request.form.get("transaction", ""))
        if asked is None:
            return self._page("refused.html", 400, why="この画面は、もう使われたか、時間が過ぎています。")
        card = self._chosen(asked["client_id"], request.form.get("card", ""))
        outcome, fault = request.form.get("outcome", "normal"), request.form.get("fault", "")
        if outcome == "normal" and card.state != "good":
            outcome = card.state
        if outcome in REFUSALS:
            error, description = REFUSALS[outcome]
            return self._back(asked, {"error": error, "error_description": description})
        return self._back(asked, self._code_answer(asked, card.key, outcome, fault), fault)

    def _chosen(self, client_id: str, key: str) -> Card:
        deck = self._decks.get(client_id, CARDS)
        return next((card for card in deck if card.key == key), deck[0])

    def _code_answer(self, asked: Mapping[str, str], card: str, outcome: str, fault: str) -> dict[str, str]:
        code = secrets.token_urlsafe(32)
        if "sign" in asked["scope"].split():
            self._signing.sign(asked["sign_transaction_id"], BY_KEY[card], fault)
        kept = {"asked": dict(asked), "card": card, "outcome": outcome, "fault": fault}
        self._store.put("code", code, kept, CODE_SECONDS)
        if fault == "replayed_code":
            self._store.take("code", code)
        answer = {"code": code, "session_state": secrets.token_hex(8), "iss": self.issuer}
        if fault == "missing_code":
            del answer["code"]
        if fault == "wrong_callback_issuer":
            answer["iss"] = "https://issuer.invalid"
        return answer

    def _back(self, asked: Mapping[str, str], answer: Mapping[str, str], fault: str = "") -> Response:
        state = asked.get("state", "") if fault != "wrong_state" else "another-state"
        target = asked["redirect_uri"]
        separator = "&" if urlsplit(target).query else "?"
        return Response(
            status=303, headers={"Location": target + separator + urlencode({**answer, "state": state})}
        )

    def _token(self, request: Request) -> Response:
        client_id = self._client_of(request.form)
        if request.form.get("grant_type") == "client_credentials":
            return self._server_token(client_id)
        kept = self._store.take("code", request.form.get("code", ""))
        if request.form.get("grant_type") != "authorization_code" or kept is None:
            raise Refused("invalid_grant", "the code is unknown, used or over")
        asked = kept["asked"]
        if asked["client_id"] != client_id or asked["redirect_uri"] != request.form.get("redirect_uri"):
            raise Refused("invalid_grant", "the code belongs to another client or address")
        verifier = request.form.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if not hmac.compare_digest(challenge, asked["code_challenge"]):
            raise Refused("invalid_grant", "code_verifier does not fit")
        if kept["outcome"] == "timeout":
            time.sleep(self._timeout_seconds)
        grant = tokens.Grant(
            kept["card"],
            client_id,
            asked["nonce"],
            asked["scope"],
            kept["fault"],
            asked.get("sign_transaction_id", ""),
        )
        return self._tokens(grant)

    def _tokens(self, grant: tokens.Grant) -> Response:
        access_token = secrets.token_urlsafe(32)
        self._store.put("access", access_token, vars(grant), 300)
        body = {
            "access_token": access_token,
            "token_type": "MAC" if grant.fault == "wrong_token_type" else "Bearer",
            "expires_in": 300,
            "scope": grant.scope,
            "id_token": tokens.id_token(grant, self.issuer, access_token, self._key),
        }
        if grant.fault in ("missing_id_token", "missing_access_token"):
            del body[grant.fault.removeprefix("missing_")]
        if grant.fault == "huge_answer":
            body["padding"] = "x" * 2_000_000
        if grant.fault == "token_text":
            return Response("access_token=abc", mimetype="text/plain")
        if grant.fault == "token_redirect":
            return Response(status=302, headers={"Location": self.base})
        return _json(body)

    def _server_token(self, client_id: str) -> Response:
        access_token = secrets.token_urlsafe(32)
        self._store.put("server_access", access_token, {"client_id": client_id}, 300)
        return _json({"access_token": access_token, "token_type": "Bearer", "expires_in": 300})

    def _client_of(self, form: Mapping[str, str]) -> str:
        """Return the client that proved itself by private_key_jwt; each jti works once."""
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise Refused("invalid_client", "private_key_jwt is required")
        client_id = form.get("client_id", "")
        keys = self._clients().get(client_id, [])
        try:
            proof = jwt.decode(
                form.get("client_assertion", ""), KeySet(list(keys)), algorithms=["ES256", "RS256"]
            ).claims
        except (JoseError, ValueError) as error:
            raise Refused("invalid_client", "the assertion is not signed by this client") from error
        endpoints = (f"{self.base}{PROTOCOL}/token", self.issuer)
        now = time.time()
        is_right = proof.get("iss") == proof.get("sub") == client_id and proof.get("aud") in endpoints
        if not is_right or not now < proof.get("exp", 0) <= now + 300:
            raise Refused("invalid_client", "iss, sub, aud or exp of the assertion is wrong")
        if not self._store.put("jti", f"{client_id}:{proof.get('jti')}", True, 600) or not proof.get("jti"):
            raise Refused("invalid_client", "the assertion was used before")
        return client_id

    def _userinfo(self, request: Request) -> Response:
        scheme, _, access_token = request.headers.get("Authorization", "").partition(" ")
        kept = self._store.get("access", access_token) if scheme == "Bearer" else None
        if kept is None:
            return _json({"error": "invalid_token"}, 401)
        grant = tokens.Grant(**kept)
        if grant.fault == "userinfo_text":
            return Response("<p>not JSON</p>", mimetype="text/html")
        return _json(tokens.userinfo(grant))

    def _open_signing(self, request: Request) -> Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._store.get("server_access", bearer) is None:
            return _json({"error": "invalid_token"}, 401)
        key = self._signing.open((request.get_json(silent=True) or {}).get("hash", ""))
        return _json({"sign_transaction_id": key}) if key else _json({"error": "invalid_request"}, 400)

    def _signed(self, request: Request, key: str) -> Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        kept = self._store.get("access", bearer)
        if kept is None or kept["transaction"] != key:
            return _json({"error": "invalid_token"}, 403)
        result = self._signing.result(key)
        return _json(result) if result else _json({"error": "not_found"}, 404)

    def _certs(self, _request: Request) -> Response:
        return _json(public_jwks([self._key]))

    def _page(self, name: str, status: int = 200, **values: Any) -> Response:
        nonce = secrets.token_urlsafe(12)
        body = self._pages.get_template(name).render(nonce=nonce, **values)
        policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
        return Response(body, status, mimetype="text/html", headers={"Content-Security-Policy": policy})


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    import json

    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
