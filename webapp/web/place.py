"""Where a request comes from, as a keyed hash: enough to count attempts, useless to trace anybody."""

from __future__ import annotations

import hashlib
import hmac

from flask import request

from webapp.web.services import services


def place() -> str:
    """Return the keyed hash of the address; IPv6 by its /64, which one household shares."""
    address = request.remote_addr or "unknown"
    if ":" in address:
        address = ":".join(address.split(":")[:4])
    return hmac.new(services().settings.secret_key.encode(), address.encode(), hashlib.sha256).hexdigest()
