"""Our side of OpenID Connect: authorization code, PKCE S256, private_key_jwt, pinned algorithms.

Written out instead of configured: a general client leaves a dozen of these checks open or optional.
Every refusal has its own code. State, nonce and verifier stay on the server, never in a cookie.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from integrations.http import Answer, CallFailed, Http, TooLarge
from integrations.identity.id_token import Expected, check_id_token
from integrations.identity.provider_keys import ProviderKeys
from webapp.ports.identity import Begun, Cancelled, CardRefused, ProtocolBroken, ProviderDown

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
OLD_KEY_DAYS = 400


@dataclass(frozen=True)
class Profile:
    """Everything that differs between providers; addresses are settings because none is published."""

    issuer: str
    authorize_url: str
    token_url: str
    userinfo_url: str
    jwks_url: str
    client_id: str
    scopes: tuple[str, ...] = ("openid",)
    algorithms: tuple[str, ...] = ("ES256",)
    assertion_audience: Literal["token_endpoint", "issuer"] = "token_endpoint"
    token_audience: str = ""
    """The token endpoint's public address, where the server reaches it by another one (sandbox)."""
    acr_values: str = ""
    required_acr: frozenset[str] = frozenset()
    required_claims: Mapping[str, str] = field(default_factory=dict)
    """Claims that must have exactly this value, such as a directory's ``tid``."""
    require_at_hash: bool = True
    max_age: int | None = None
    use_userinfo: bool = True


@dataclass(frozen=True)
class Verified:
    """What survived every check. ``access_token`` is for the provider's other doors; treat it as opaque."""

    id_token: Mapping[str, Any]
    userinfo: Mapping[str, Any]
    access_token: str
    acr: frozenset[str]


class RelyingParty:
    """One registration at one provider."""

    def __init__(
        self,
        profile: Profile,
        signing_key: ECKey | RSAKey,
        http: Http,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.profile = profile
        self._key = signing_key
        self._http = http
        self._now = now
        self._provider_keys = ProviderKeys(profile.jwks_url, http, now)

    def begin(self, *, redirect_uri: str, scopes: tuple[str, ...] | None = None, **extra: str) -> Begun:
        """Return where to send the browser; speaks to nobody."""
        state, nonce, verifier = (secrets.token_urlsafe(size) for size in (32, 32, 64))
        query = {
            "response_type": "code",
            "client_id": self.profile.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes or self.profile.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
            **({"acr_values": self.profile.acr_values} if self.profile.acr_values else {}),
            **({"max_age": str(self.profile.max_age)} if self.profile.max_age is not None else {}),
            **extra,
        }
        separator = "&" if "?" in self.profile.authorize_url else "?"
        address = self.profile.authorize_url + separator + urlencode(query)
        return Begun(address, state, {"nonce": nonce, "verifier": verifier})

    def complete(
        self, params: Mapping[str, str], *, state: str, secrets: Mapping[str, str], redirect_uri: str
    ) -> Verified:
        """Check the browser's answer, trade the code, check the tokens, fetch the person."""
        code = self._code_of(params, state)
        tokens = self._trade(code, secrets["verifier"], redirect_uri)
        access_token = _text(tokens, "access_token", "missing_access_token")
        if str(tokens.get("token_type", "")).lower() != "bearer":
            raise ProtocolBroken("token_type")
        id_token = _text(tokens, "id_token", "missing_id_token")
        expected = Expected(
            issuer=self.profile.issuer,
            client_id=self.profile.client_id,
            nonce=secrets["nonce"],
            access_token=access_token,
            algorithms=self.profile.algorithms,
            required_acr=self.profile.required_acr,
            required_claims=self.profile.required_claims,
            require_at_hash=self.profile.require_at_hash,
            max_age=self.profile.max_age,
        )
        claims, acr = check_id_token(id_token, expected, self._provider_keys, self._now())
        userinfo = self._userinfo(access_token, claims["sub"]) if self.profile.use_userinfo else {}
        return Verified(claims, userinfo, access_token, acr)

    def client_credentials(self, scope: str) -> str:
        """Return an access token for this server itself (needed to open a signing transaction)."""
        tokens = self._token_call({"grant_type": "client_credentials", "scope": scope})
        return _text(tokens, "access_token", "missing_access_token")

    def health(self) -> list[str]:
        """Return what is unwell, in words: the provider does not answer, or our own key is old."""
        complaints = []
        try:
            if not self._provider_keys.usable():
                complaints.append("the provider publishes no key we could use")
        except (ProtocolBroken, ProviderDown) as error:
            complaints.append(f"the provider's keys cannot be had: {error}")
        made = re.match(r"(\d{8})-", str(self._key.kid))
        age = self._now() - time.mktime(time.strptime(made[1], "%Y%m%d")) if made else 0.0
        if age > OLD_KEY_DAYS * 86400:
            complaints.append(f"our key is {age / 86400:.0f} days old: prepare the next one")
        return complaints

    def _code_of(self, params: Mapping[str, str], state: str) -> str:
        if not hmac.compare_digest(params.get("state", "").encode(), state.encode()):
            raise ProtocolBroken("state_mismatch")
        if params.get("iss", self.profile.issuer) != self.profile.issuer:
            raise ProtocolBroken("callback_issuer")
        if "error" in params:
            raise refusal(params["error"], params.get("error_description", ""))
        code = params.get("code", "")
        if not 0 < len(code) <= 2048:
            raise ProtocolBroken("missing_code")
        return code

    def _trade(self, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        return self._token_call(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
            }
        )

    def _token_call(self, form: dict[str, str]) -> Mapping[str, Any]:
        # The assertion is built anew for each call: a kept jti is a replay, and the provider refuses it.
        proof = {
            "client_id": self.profile.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        answer = self._call("POST", self.profile.token_url, form={**form, **proof})
        body = _json(answer, "token_not_json")
        if answer.status != 200:
            raise ProtocolBroken("token_refused", str(body.get("error", answer.status))[:80])
        return body

    def _assertion(self) -> str:
        to_endpoint = self.profile.assertion_audience == "token_endpoint"
        endpoint = self.profile.token_audience or self.profile.token_url
        now = int(self._now())
        claims = {
            "iss": self.profile.client_id,
            "sub": self.profile.client_id,
            "aud": endpoint if to_endpoint else self.profile.issuer,
            "jti": secrets.token_urlsafe(24),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        algorithm = "ES256" if isinstance(self._key, ECKey) else "RS256"
        header = {"alg": algorithm, "kid": self._key.ensure_kid() or self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[algorithm])

    def _userinfo(self, access_token: str, subject: str) -> Mapping[str, Any]:
        answer = self._call(
            "GET", self.profile.userinfo_url, headers={"Authorization": f"Bearer {access_token}"}
        )
        if answer.status != 200:
            raise ProtocolBroken("userinfo_refused", str(answer.status))
        person = _json(answer, "userinfo_not_json")
        if not hmac.compare_digest(str(person.get("sub", "")).encode(), subject.encode()):
            raise ProtocolBroken("userinfo_subject")
        return person

    def _call(self, method: str, url: str, **options: Any) -> Answer:
        try:
            answer = self._http.call(method, url, **options)
        except TooLarge as error:
            raise ProtocolBroken("answer_too_large") from error
        except CallFailed as error:
            raise ProviderDown(str(error)) from error
        if answer.status >= 500 or answer.status == 429:
            raise ProviderDown(f"{url} answers {answer.status}")
        if 300 <= answer.status < 400:
            raise ProtocolBroken("back_channel_redirect")
        return answer


def refusal(error: str, description: str) -> Exception:
    """Return the exception for an error in the callback; the words of the real service are not published."""
    if error in ("temporarily_unavailable", "server_error"):
        return ProviderDown(error)
    for reason in ("card_expired", "card_revoked", "pin_locked", "wrong_pin"):
        if reason in (error, description):
            return CardRefused(reason)
    if error == "access_denied":
        return Cancelled(error)
    return ProtocolBroken("provider_error", error[:80])


def origins_of(profile: Profile) -> tuple[str, ...]:
    """Return the origin of the provider's page; none where it is a path of this very site."""
    parts = urlsplit(profile.authorize_url)
    return (f"{parts.scheme}://{parts.netloc}",) if parts.netloc else ()


def _json(answer: Answer, code: str) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolBroken(code) from error
    if answer.content_type not in ("application/json", "") or not isinstance(body, dict):
        raise ProtocolBroken(code)
    return body


def _text(values: Mapping[str, Any], key: str, code: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise ProtocolBroken(code)
    return value
