"""A signed call from outside (a disaster system, a mail gateway) starts a prepared notice.

Signature: hex HMAC-SHA256 over ``timestamp.body`` with the shared key; five minutes of tolerance.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.city import City
from webapp.errors import Forbidden, InvalidInput
from webapp.messaging import broadcasts
from webapp.messaging.prepared import PreparedNotices
from webapp.messaging.topic_models import Broadcast

TOLERANCE: Final = timedelta(minutes=5)
ACTOR: Final = Actor("system", None, "trigger", channel="api")


def check(raw: bytes, timestamp: str, signature: str, key: str) -> dict[str, Any]:
    """Return the call's content. Raises Forbidden for a wrong or old signature, InvalidInput for nonsense."""
    wanted = hmac.new(key.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise Forbidden("signature")
    if not timestamp.isdigit() or len(timestamp) > 12:
        raise InvalidInput("timestamp")
    if abs(clock.now() - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        raise Forbidden("old timestamp")
    try:
        data = json.loads(raw)
    except ValueError as error:
        raise InvalidInput("not JSON") from error
    if not isinstance(data, dict) or not data.get("event_id") or not data.get("prepared"):
        raise InvalidInput("event_id and prepared are needed")
    return data


def start(session: Session, data: dict[str, Any], prepared: PreparedNotices, city: City) -> Broadcast:
    """Make an approved broadcast out of a prepared notice; the same ``event_id`` again gives the same one.

    Raises InvalidInput for an unknown notice or area, or one that must not be triggered.
    """
    source = "t:" + hashlib.sha256(str(data["event_id"]).encode()).hexdigest()[:14]
    known = session.scalars(select(Broadcast).where(Broadcast.source == source)).first()
    if known is not None:
        return known
    notice = prepared.get(str(data["prepared"]))
    if notice is None or not notice.trigger:
        raise InvalidInput(f"prepared {data['prepared']!r}")
    areas = tuple(str(area) for area in data.get("areas") or ())
    if unknown := set(areas) - {area.key for area in city.areas}:
        raise InvalidInput(f"areas {sorted(unknown)}")
    row = broadcasts.save(session, notice.draft(areas), city, ACTOR)
    row.source, row.status, row.approved_at = source, "approved", clock.now()
    return row
