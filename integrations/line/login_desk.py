"""The sandbox's LINE Login: a page that asks which phone it is, and a token door, by the real protocol."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from base64 import urlsafe_b64encode
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey

from integrations.http import Http
from integrations.line.login import ALGORITHM, LineLoginClient, LoginChannel
from integrations.line.sandbox import SandboxLine

MOUNT = "/sandbox/line"
PATH = "oauth2/v2.1"
ISSUER = "https://access.line.me"
CHANNEL = "2000000001"
SECRET = "sandbox-login-secret-0123456789ab"  # noqa: S105 - the sandbox's own, refused in production
CODE_LASTS_S = 600.0
CALLBACK_PATH = "/line/login/callback"


def channel(base_url: str, internal_url: str) -> LoginChannel:
    """Return the sandbox's channel: people go to ``base_url``, this server asks ``internal_url``."""
    return LoginChannel(
        CHANNEL,
        SECRET,
        authorize_url=f"{base_url.rstrip('/')}{MOUNT}/{PATH}/authorize",
        token_url=f"{internal_url.rstrip('/')}{MOUNT}/{PATH}/token",
        issuer=ISSUER,
    )


class LoginDesk:
    """Gives codes to phones and tokens for codes; a code works once."""

    def __init__(self, line: SandboxLine) -> None:
        self._line = line

    def problem(self, query: dict[str, str]) -> str:
        """Return what is wrong with a request to sign in, "" when nothing is."""
        wanted = {"response_type": "code", "client_id": CHANNEL, "code_challenge_method": "S256"}
        for name, value in wanted.items():
            if query.get(name) != value:
                return name
        if not query.get("redirect_uri", "").endswith(CALLBACK_PATH):
            return "redirect_uri"
        missing = [name for name in ("state", "nonce", "code_challenge") if not query.get(name)]
        return missing[0] if missing else ""

    def allow(self, query: dict[str, str], user_id: str) -> str:
        """Return where the browser goes after somebody allowed it on this phone."""
        code = secrets.token_urlsafe(24)
        kept = {name: query[name] for name in ("redirect_uri", "nonce", "code_challenge")}
        with closing(self._line.open()) as db, db:
            db.execute(
                "INSERT INTO login_code VALUES (?, ?, ?, ?)", (code, user_id, json.dumps(kept), time.time())
            )
        return self._back(query, code=code)

    def cancel(self, query: dict[str, str]) -> str:
        """Return where the browser goes after 「キャンセル」."""
        return self._back(query, error="ACCESS_DENIED")

    def trade(self, form: dict[str, str]) -> tuple[str, dict[str, Any]]:
        """Answer the token door: (status line, body)."""
        with closing(self._line.open()) as db, db:
            row = db.execute(
                "DELETE FROM login_code WHERE code = ? RETURNING user_id, kept, made", (form.get("code", ""),)
            ).fetchone()
        if form.get("client_id") != CHANNEL or not hmac.compare_digest(form.get("client_secret", ""), SECRET):
            return "401 Unauthorized", {"error": "invalid_client"}
        if row is None or time.time() - row[2] > CODE_LASTS_S:
            return "400 Bad Request", {"error": "invalid_grant"}
        kept = json.loads(row[1])
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != kept["code_challenge"] or form.get("redirect_uri") != kept["redirect_uri"]:
            return "400 Bad Request", {"error": "invalid_grant"}
        token = {"access_token": secrets.token_urlsafe(32), "token_type": "Bearer", "expires_in": 2592000}
        return "200 OK", {**token, "id_token": self.id_token(self.claims(row[0], kept["nonce"]))}

    def claims(self, user_id: str, nonce: str) -> dict[str, Any]:
        """Return what the ID token says."""
        now = int(time.time())
        return {
            "iss": ISSUER,
            "sub": user_id,
            "aud": CHANNEL,
            "exp": now + 3600,
            "iat": now,
            "nonce": nonce,
            "amr": ["linesso"],
        }

    def id_token(self, claims: dict[str, Any]) -> str:
        """Sign the claims as LINE signs web logins."""
        return jwt.encode({"typ": "JWT", "alg": ALGORITHM}, claims, OctKey.import_key(SECRET))

    @staticmethod
    def _back(query: dict[str, str], **answer: str) -> str:
        return f"{query['redirect_uri']}?{urlencode({**answer, 'state': query['state']})}"


def client(base_url: str, internal_url: str) -> LineLoginClient:
    """Return the real client, set up to speak to this desk."""
    mine = channel(base_url, internal_url)
    return LineLoginClient(mine, Http(hosts=[urlsplit(mine.token_url).netloc], inner=True))
