"""The fake Stripe's webhooks: endpoints, signatures, retries, and the fates an event can meet."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

SECRET = "whsec_fake"
RETRIES = (0.0, 0.3, 1.0, 2.0)
"""Seconds before each try; Stripe's own days are too long for a test."""


@dataclass(frozen=True)
class Endpoint:
    """Where events go, and what signs them: two secrets while one is rolled. ``key``: whose events."""

    url: str
    secrets: tuple[str, ...] = (SECRET,)
    key: str | None = None


def signed(
    event: dict[str, Any], fate: str = "send", secrets: tuple[str, ...] = (SECRET,)
) -> tuple[bytes, dict[str, str]]:
    """The bytes and headers of an event, rightly signed unless its fate is ``forged`` or ``stale``."""
    raw = json.dumps(event).encode()
    at = int(time.time()) - (3600 if fate == "stale" else 0)
    marks = [f"t={at}"]
    for secret in ("wrong",) if fate == "forged" else secrets:
        digest = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
        marks.append(f"v1={digest}")
    return raw, {"Stripe-Signature": ",".join(marks), "Content-Type": "application/json"}


def post(event: dict[str, Any], fate: str, endpoint: Endpoint) -> None:
    """Deliver until something answers 2xx; a callback that is refused as bad is not repeated."""
    if fate == "late":
        time.sleep(1.0)
    for pause in RETRIES:
        time.sleep(pause)
        raw, headers = signed(event, fate, endpoint.secrets)
        request = urllib.request.Request(endpoint.url, data=raw, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except (OSError, urllib.error.HTTPError):
            if fate in ("forged", "stale"):
                return
