"""The simulator's signing desk: one transaction, one hash, one signature."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.identity.cards import CARDS, Card
from integrations.identity.simulator_pki import TestAuthority, sign_digest
from integrations.identity.simulator_store import Store
from webapp.ports.signature import Signed


class SigningDesk:
    """Keeps hashes until they are signed, and signatures until they are fetched."""

    def __init__(self, store: Store, authority: Callable[[], TestAuthority]) -> None:
        self._store = store
        self._authority = authority

    def open(self, digest: str) -> str | None:
        """Open a transaction for a base64 SHA-256 digest; None when it is no such thing."""
        try:
            raw = base64.b64decode(digest, validate=True)
        except ValueError:
            return None
        key = secrets.token_urlsafe(24)
        return key if len(raw) == 32 and self._store.put("sign", key, digest, 600) else None

    def is_open(self, key: str) -> bool:
        """Tell whether the transaction waits for its signature."""
        return self._store.get("sign", key) is not None

    def sign(self, key: str, card: Card, fault: str) -> None:
        """Sign once with a fresh certificate of the card; faults give other documents, people or times."""
        digest = self._store.take("sign", key)
        if digest is None:
            return
        raw = base64.b64decode(digest)
        authority = TestAuthority.make() if fault == "unknown_ca" else self._authority()
        if fault == "expired_certificate":
            issued = authority.issue(card, at=datetime.now(UTC) - timedelta(days=400), days=100)
        else:
            issued = authority.issue(card)
        signed = sign_digest(*issued, raw if fault != "other_document" else bytes(32))
        if fault == "other_signer":
            other = next(one for one in CARDS if one.key != card.key)
            signed = sign_digest(*authority.issue(other), raw)
        self._store.put("signed", key, _as_json(signed), 600)

    def result(self, key: str) -> dict[str, Any] | None:
        """Return the signature of a transaction."""
        found: dict[str, Any] | None = self._store.get("signed", key)
        return found


def _as_json(signed: Signed) -> dict[str, str]:
    return {
        "signature": base64.b64encode(signed.signature).decode(),
        "certificate": base64.b64encode(signed.certificate).decode(),
    }
