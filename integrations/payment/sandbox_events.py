"""Signed callbacks of the sandbox: made like a real provider's, so that our own doors are tried."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from webapp.ports.payment import EventRef, ForgedEvent, MalformedEvent, StaleEvent

HEADER = "Sandbox-Signature"
TOLERANCE_SECONDS = 300
PAUSES = (0.0, 0.5, 2.0, 6.0, 15.0)

Deliver = Callable[[str, bytes, Mapping[str, str]], int]


def signed(raw: bytes, secret: str, at: int) -> dict[str, str]:
    """Return the headers that go with a body sent at ``at`` (seconds since 1970)."""
    return {"Content-Type": "application/json", HEADER: f"t={at},v1={_digest(raw, secret, at)}"}


def parse(raw: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> EventRef:
    """Verify and read a callback; raises ForgedEvent, StaleEvent, MalformedEvent."""
    at = _verify(raw, headers, secret)
    if abs(now.timestamp() - at) > TOLERANCE_SECONDS:
        raise StaleEvent(f"signed {int(now.timestamp() - at)} seconds ago")
    try:
        body: dict[str, Any] = json.loads(raw)
        return EventRef(
            event_id=str(body["id"]),
            kind=str(body["kind"]),
            provider_id=str(body["payment"]),
            occurred_at=datetime.fromtimestamp(int(body["created"]), UTC),
            account=str(body.get("account", "city")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedEvent(f"not an event: {type(error).__name__}") from error


def _verify(raw: bytes, headers: Mapping[str, str], secret: str) -> int:
    given = {name.lower(): value for name, value in headers.items()}.get(HEADER.lower(), "")
    parts = dict(part.split("=", 1) for part in given.split(",") if "=" in part)
    try:
        at = int(parts.get("t", ""))
    except ValueError:
        raise ForgedEvent("no signature") from None
    if not hmac.compare_digest(parts.get("v1", ""), _digest(raw, secret, at)):
        raise ForgedEvent("the signature does not fit")
    return at


def _digest(raw: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()


def post(url: str, raw: bytes, headers: Mapping[str, str]) -> int:
    """Send one callback to this very server; returns the status, 0 when nobody answered."""
    request = urllib.request.Request(url, data=raw, headers=dict(headers), method="POST")  # noqa: S310  (our own address)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  (as above)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def keep_trying(send: Callable[[], int]) -> None:
    """Send in the background until it is answered with 2xx, with growing pauses; then leave it be."""

    def run() -> None:
        for pause in PAUSES:
            time.sleep(pause)
            if 200 <= send() < 300:
                return

    threading.Thread(target=run, name="sandbox-callback", daemon=True).start()
