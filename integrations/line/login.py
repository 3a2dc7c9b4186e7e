"""LINE Login (OpenID Connect): learn which LINE account belongs to somebody who is signed in here already.

Authlib makes the requests and judges the claims; what it leaves open is closed here: one pinned
algorithm, exactly one audience, a bounded age, and our own guarded client with timeouts instead of a
session that follows redirects. It never proves who somebody is, so it never signs anybody in.

Source: developers.line.biz, "Integrating LINE Login with your web app", "Get profile information from
ID tokens": web logins are signed with HS256 and the channel secret.
"""

from __future__ import annotations

import hmac
import re
import secrets as random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import OctKey

from integrations.http import CallFailed, Http, TooLarge
from webapp.ports.identity import Begun, Cancelled, ProtocolBroken, ProviderDown

ALGORITHM: Final = "HS256"
LEEWAY_S: Final = 30
OLDEST_S: Final = 600
USER_ID: Final = re.compile(r"U[0-9a-z]{32}")


@dataclass(frozen=True)
class LoginChannel:
    """A LINE Login channel. It must stand under the same provider as the Messaging API channel: only
    then a person has the same user id in both.
    """

    id: str
    secret: str = field(repr=False)
    authorize_url: str = "https://access.line.me/oauth2/v2.1/authorize"
    token_url: str = "https://api.line.me/oauth2/v2.1/token"  # noqa: S105 - an address
    issuer: str = "https://access.line.me"


class LineLoginClient:
    """See LineLogin."""

    def __init__(self, channel: LoginChannel, http: Http, *, now: Callable[[], float] = time.time) -> None:
        self._channel = channel
        self._http = http
        self._now = now

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> LineLoginClient | None:
        """Read ``MADOGUCHI_LINE_LOGIN_CHANNEL`` and ``_LINE_LOGIN_SECRET``; None without a channel."""
        if not options.get("line_login_channel"):
            return None
        channel = LoginChannel(options["line_login_channel"], options["line_login_secret"])
        return cls(channel, Http(hosts=[urlsplit(channel.token_url).netloc]))

    @property
    def page_origins(self) -> tuple[str, ...]:
        """See LineLogin."""
        parts = urlsplit(self._channel.authorize_url)
        return (f"{parts.scheme}://{parts.netloc}",)

    def begin(self, redirect_uri: str) -> Begun:
        """See LineLogin."""
        state, nonce, verifier = (random.token_urlsafe(size) for size in (32, 32, 64))
        address = prepare_grant_uri(
            self._channel.authorize_url,
            self._channel.id,
            "code",
            redirect_uri=redirect_uri,
            scope="openid",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            bot_prompt="normal",
        )
        return Begun(address, state, {"nonce": nonce, "verifier": verifier})

    def complete(
        self, params: Mapping[str, str], *, state: str, secrets: Mapping[str, str], redirect_uri: str
    ) -> str:
        """See LineLogin."""
        if not hmac.compare_digest(params.get("state", "").encode(), state.encode()):
            raise ProtocolBroken("state_mismatch")
        if "error" in params:
            raise _refusal(params["error"])
        code = params.get("code", "")
        if not 0 < len(code) <= 2048:
            raise ProtocolBroken("missing_code")
        tokens = self._trade(code, secrets["verifier"], redirect_uri)
        return self._user_of(tokens, secrets["nonce"])

    def _trade(self, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        form = prepare_token_request(
            "authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=verifier,
            client_id=self._channel.id,
            client_secret=self._channel.secret,
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = self._http.post(self._channel.token_url, body=form.encode(), headers=headers)
        except TooLarge as error:
            raise ProtocolBroken("answer_too_large") from error
        except CallFailed as error:
            raise ProviderDown(str(error)) from error
        if answer.status >= 500 or answer.status == 429:
            raise ProviderDown(f"LINE Login answers {answer.status}")
        if answer.status != 200:
            raise ProtocolBroken("token_refused", str(answer.status))
        try:
            tokens = answer.json()
        except (ValueError, RecursionError) as error:
            raise ProtocolBroken("token_not_json") from error
        if not isinstance(tokens, dict):
            raise ProtocolBroken("token_not_json")
        return tokens

    def _user_of(self, tokens: Mapping[str, Any], nonce: str) -> str:
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str) or len(id_token) > 20_000:
            raise ProtocolBroken("missing_tokens")
        key = OctKey.import_key(self._channel.secret)
        try:
            token = jwt.decode(id_token, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError) as error:
            raise ProtocolBroken("signature", type(error).__name__) from error
        self._check(CodeIDToken(token.claims, token.header, self._wanted(), self._sent(nonce, access_token)))
        subject = token.claims["sub"]
        if not isinstance(subject, str) or not USER_ID.fullmatch(subject):
            raise ProtocolBroken("subject")
        return subject

    def _wanted(self) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": self._channel.issuer},
            "aud": {"essential": True, "value": self._channel.id},
        }

    def _sent(self, nonce: str, access_token: str) -> dict[str, Any]:
        return {"nonce": nonce, "client_id": self._channel.id, "access_token": access_token}

    def _check(self, claims: Mapping[str, Any]) -> None:
        now = int(self._now())
        try:
            claims.validate(now=now, leeway=LEEWAY_S)  # type: ignore[attr-defined]  # Authlib has no types
        except ExpiredTokenError as error:
            raise ProtocolBroken("expired") from error
        except (InvalidClaimError, MissingClaimError) as error:
            raise ProtocolBroken(f"claim_{error.claim}") from error
        except (JoseError, ValueError, TypeError) as error:
            raise ProtocolBroken("claims", type(error).__name__) from error
        if claims["aud"] != self._channel.id:
            raise ProtocolBroken("claim_aud")  # a list with a second audience passes Authlib, not us
        if claims["iat"] < now - OLDEST_S:
            raise ProtocolBroken("claim_iat")


def _refusal(error: str) -> Exception:
    if error in ("temporarily_unavailable", "server_error", "SERVER_ERROR"):
        return ProviderDown(error[:80])
    if error.lower() == "access_denied":
        return Cancelled(error)
    return ProtocolBroken("provider_error", error[:80])
