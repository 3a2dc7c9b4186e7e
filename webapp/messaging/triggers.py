"""A signed call from outside (a disaster system, a mail gateway) starts a notice approved beforehand.

The caller names a prepared notice and areas; words never come from outside. Signature: hex HMAC-SHA256
over ``timestamp.body`` with the shared key; five minutes of tolerance; each ``event_id`` acts once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.city import City
from webapp.errors import Forbidden, InvalidInput, NotFound
from webapp.messaging import broadcasts
from webapp.messaging.prepared import Prepared, PreparedNotices
from webapp.messaging.topic_models import Broadcast
from webapp.messaging.trigger_models import NoticeApproval, NoticeCall

TOLERANCE: Final = timedelta(minutes=5)
SHORTEST_KEY: Final = 32
TIMESTAMP: Final = "X-Madoguchi-Timestamp"
SIGNATURE: Final = "X-Madoguchi-Signature"
LARGEST: Final = 65_536


@dataclass(frozen=True)
class Call:
    """A verified call. ``channel`` is ``api`` or ``mail``."""

    event_id: str
    prepared: str
    areas: tuple[str, ...]
    body_hash: str
    channel: str


def keys_of(text: str) -> tuple[str, ...]:
    """Return the keys of ``MADOGUCHI_NOTICE_KEY`` (two by comma while rotating); short ones do not count."""
    return tuple(key for key in text.split(",") if len(key) >= SHORTEST_KEY)


def check(raw: bytes, timestamp: str, signature: str, keys: Iterable[str], channel: str = "api") -> Call:
    """Return the call. Raises Forbidden for a wrong or old signature, InvalidInput for nonsense."""
    good = False
    for key in keys:
        wanted = hmac.new(key.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
        good |= hmac.compare_digest(wanted.encode(), signature.encode())
    if not good:
        raise Forbidden("signature")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise InvalidInput("timestamp")
    if abs(clock.now() - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        raise Forbidden("old timestamp")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("not JSON") from error
    if not isinstance(data, dict) or set(data) - {"event_id", "prepared", "areas"}:
        raise InvalidInput("event_id, prepared and areas only: words do not come from outside")
    areas = data.get("areas") or []
    named = [data.get("event_id"), data.get("prepared")]
    if not isinstance(areas, list) or not all(isinstance(one, str) and one for one in [*named, *areas]):
        raise InvalidInput("event_id and prepared are needed")
    body_hash = hashlib.sha256(raw).hexdigest()
    return Call(str(data["event_id"]), str(data["prepared"]), tuple(areas), body_hash, channel)


def check_mail(raw: bytes, keys: Iterable[str]) -> Call:
    """Return the call that a mail holds: JSON as its text, signature and timestamp in its header.

    Signed is the text with LF line ends and without white space around it, because mail servers change
    both. Raises as ``check``.
    """
    mail = message_from_bytes(raw, policy=policy.default)
    part = mail.get_body(preferencelist=("plain",))
    text = part.get_content() if part is not None else ""
    body = text.replace("\r\n", "\n").strip().encode()
    timestamp, signature = ("".join(str(mail.get(name, "")).split()) for name in (TIMESTAMP, SIGNATURE))
    return check(body, timestamp, signature, keys, "mail")  # a long header comes folded


def start(session: Session, call: Call, notices: PreparedNotices, city: City) -> Broadcast:
    """Make an approved broadcast out of a prepared notice; the same call again gives the same one.

    Raises InvalidInput for an unknown notice or area, an event id used for something else, and a notice
    that nobody approved in these words.
    """
    event_hash = _hash(call.event_id)
    known = session.scalars(select(NoticeCall).where(NoticeCall.event_hash == event_hash)).first()
    if known is not None:
        if known.body_hash != call.body_hash:
            raise InvalidInput("event_id was used for another call")
        return broadcasts.find(session, known.broadcast_id)
    notice = notices.get(call.prepared)
    if notice is None or not notice.trigger:
        raise InvalidInput(f"prepared {call.prepared!r}")
    approval = approval_of(session, notice)
    if approval is None:
        raise InvalidInput(f"{call.prepared} is not approved for calls from outside")
    if unknown := set(call.areas) - {area.key for area in city.areas}:
        raise InvalidInput(f"areas {sorted(unknown)}")
    actor = Actor("system", None, "trigger", channel=call.channel)
    row = broadcasts.save(session, notice.draft(call.areas), city, actor)
    row.source, row.status, row.approved_at = f"trigger:{call.channel}", "approved", clock.now()
    row.approver_id = approval.staff_id
    session.add(
        NoticeCall(
            event_hash=event_hash,
            body_hash=call.body_hash,
            channel=call.channel,
            prepared=call.prepared,
            broadcast_id=row.id,
        )
    )
    details: dict[str, Any] = {"prepared": call.prepared, "areas": list(call.areas), "event": event_hash[:16]}
    audit.record(
        session,
        actor,
        "broadcast.trigger",
        object_kind="broadcast",
        object_id=str(row.id),
        details=details,
    )
    session.flush()
    return row


def approve(session: Session, notice: Prepared, staff_id: int, actor: Actor) -> None:
    """Let signed calls send this notice in these words. Raises NotFound when it is not meant for calls."""
    if not notice.trigger:
        raise NotFound(notice.key)
    row = session.get(NoticeApproval, notice.key) or NoticeApproval(key=notice.key)
    row.digest, row.staff_id, row.approved_at = digest_of(notice), staff_id, clock.now()
    session.add(row)
    _note(session, actor, "approve", notice.key)


def withdraw(session: Session, key: str, actor: Actor) -> None:
    """Take the approval back; calls for this notice are refused from now on."""
    row = session.get(NoticeApproval, key)
    if row is not None:
        session.delete(row)
        _note(session, actor, "withdraw", key)


def approval_of(session: Session, notice: Prepared) -> NoticeApproval | None:
    """Return the approval of exactly these words, None when there is none or the words have changed."""
    row = session.get(NoticeApproval, notice.key)
    return row if row is not None and row.digest == digest_of(notice) else None


def latest(session: Session, limit: int = 20) -> list[NoticeCall]:
    """Return the calls that started something, newest first."""
    return list(session.scalars(select(NoticeCall).order_by(NoticeCall.id.desc()).limit(limit)))


def digest_of(notice: Prepared) -> str:
    """Return what an approval is bound to: everything that people would get, and who."""
    return _hash(notice.model_dump_json())


def _note(session: Session, actor: Actor, what: str, key: str) -> None:
    audit.record(session, actor, f"trigger.{what}", object_kind="prepared_notice", object_id=key, details={})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
