"""The provider's public keys: fetched when needed, kept an hour, asked again for an unknown key id."""

from __future__ import annotations

import threading
from collections.abc import Callable

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OctKey, RSAKey

from integrations.http import CallFailed, Http
from webapp.ports.identity import ProtocolBroken, ProviderDown

KEEP_SECONDS = 3600
ASK_AGAIN_SECONDS = 30


class ProviderKeys:
    """A small cache for one JWKS address; safe to share between threads."""

    def __init__(self, url: str, http: Http, now: Callable[[], float]) -> None:
        self._url = url
        self._http = http
        self._now = now
        self._lock = threading.Lock()
        self._keys: dict[str, ECKey | RSAKey] = {}
        self._fetched = float("-inf")

    def find(self, key_id: str) -> ECKey | RSAKey:
        """Return the key; raises ProtocolBroken("unknown_key") or ProviderDown."""
        with self._lock:
            age = self._now() - self._fetched
            if age > KEEP_SECONDS or (key_id not in self._keys and age > ASK_AGAIN_SECONDS):
                self._keys = self._fetch()
                self._fetched = self._now()
            if key_id not in self._keys:
                raise ProtocolBroken("unknown_key")
            return self._keys[key_id]

    def usable(self) -> int:
        """Return how many keys the provider publishes now; raises ProtocolBroken or ProviderDown."""
        return len(self._fetch())

    def _fetch(self) -> dict[str, ECKey | RSAKey]:
        try:
            answer = self._http.get(self._url)
        except CallFailed as error:
            raise ProviderDown(str(error)) from error
        if answer.status != 200:
            raise ProviderDown(f"{self._url} answers {answer.status}")
        try:
            entries = answer.json()["keys"]
            return {entry["kid"]: key for entry in entries if (key := _usable(entry)) is not None}
        except (ValueError, KeyError, TypeError) as error:
            raise ProtocolBroken("keys_unreadable") from error


def _usable(entry: dict[str, str | list[str]]) -> ECKey | RSAKey | None:
    """Return a public signing key; anything else in the set, symmetric keys above all, is left out."""
    if entry.get("use", "sig") != "sig" or "kid" not in entry:
        return None
    try:
        key = JWKRegistry.import_key(entry)
    except (JoseError, ValueError):
        return None
    return None if isinstance(key, OctKey) or not isinstance(key, (ECKey, RSAKey)) else key
