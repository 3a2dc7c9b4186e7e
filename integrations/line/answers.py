"""What LINE's answers mean. One table, because LINE has no machine-readable error codes.

Source: developers.line.biz, "Retry failed API requests" and the Messaging API reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from webapp.ports.delivery import Outcome

QUOTA_WORDS = "monthly limit"
ACCEPTED_REQUEST = "x-line-accepted-request-id"
REQUEST = "x-line-request-id"


def classify(status: int, headers: Mapping[str, str], body: str) -> Outcome:
    """Turn an answer to a send into an outcome. Header names may be in any case."""
    lower = {name.lower(): value for name, value in headers.items()}
    message = message_of(body)
    if status in (200, 202):
        return Outcome("accepted", str(status), lower.get(REQUEST, ""))
    if status == 409:
        earlier = lower.get(ACCEPTED_REQUEST)
        return (
            Outcome("accepted", "409", earlier) if earlier else Outcome("unknown", "409 without request id")
        )
    if status == 429:
        if QUOTA_WORDS in message.lower():
            return Outcome("rejected", "quota")
        return Outcome("throttled", "429 rate", retry_after=1.0)
    if status >= 500:
        return Outcome("retry", str(status))
    if status == 401:
        return Outcome("paused", "401 token")
    if status == 404:
        return Outcome("unreachable", "404")
    return Outcome("rejected", f"{status} {message}"[:280])


def message_of(body: str) -> str:
    """Return LINE's message with the property it is about."""
    try:
        data = json.loads(body or "{}")
    except ValueError:
        return ""
    if not isinstance(data, dict):
        return ""
    about = [
        str(detail.get("property", "")) for detail in data.get("details", []) if isinstance(detail, dict)
    ]
    return " ".join([str(data.get("message", "")), *about]).strip()
