"""Notices to many: the same words for all, by multicast in chunks of 500 and by mail one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.errors import InvalidInput
from webapp.identity.models import Resident
from webapp.messaging import line_message, mail_message
from webapp.messaging.deliver import House, next_quota
from webapp.messaging.models import LineAccount
from webapp.messaging.topics import Person
from webapp.outbox import enqueue, relay
from webapp.outbox.enqueue import Wish
from webapp.outbox.models import OPEN, Lane, OutboxMessage
from webapp.outbox.outcomes import Frozen, Outcome, Sending, Undeliverable
from webapp.ports.line import LinePort, Quota
from webapp.ports.mail import MailPort
from webapp.yaml_source import LANGS, Lang, Text

MULTICAST: Final = "notice_line"
MAIL: Final = "notice_mail"
CHUNK: Final = 500
STOP_TAP: Final = "do=topics"
RESERVED_SHARE: Final = 0.1
"""Part of a limited monthly quota kept for emergencies and for what residents are waiting for."""
EMERGENCY_PATIENCE: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Notice:
    """Public words in three languages, an address to read more, and why somebody gets it."""

    title: Text
    body: Text
    why: Text
    url: str = ""


def enqueue_notice(
    session: Session,
    notice: Notice,
    people: Iterable[Person],
    *,
    lane: Lane,
    key: str,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    broadcast_id: int | None = None,
) -> int:
    """Write the rows: one per 500 LINE users of a language, one per mail. Returns the number of people.

    ``key`` names the notice; the same key again tells nobody twice. Recipients are frozen here.
    """
    users: dict[str, list[str]] = {}
    wishes: list[Wish] = []
    said = _plain(notice)

    def wish(kind: str, payload: Mapping[str, Any], part: str, channel: str, number: int) -> Wish:
        return Wish(
            kind, payload, lane, f"{key}:{part}"[:200], not_before, not_after,
            recipients=number, broadcast_id=broadcast_id, channel=channel,
        )  # fmt: skip

    total = 0
    for person in people:
        total += 1
        if person.user_id:
            users.setdefault(person.lang, []).append(person.user_id)
        else:
            payload = {**said, "to": person.email, "name": person.name, "lang": person.lang}
            wishes.append(wish(MAIL, payload, person.email, "mail", 1))
    for lang, ids in users.items():
        unique = sorted(set(ids))
        for start in range(0, len(unique), CHUNK):
            part = unique[start : start + CHUNK]
            payload = {**said, "to": part, "lang": lang}
            wishes.append(wish(MULTICAST, payload, f"line:{lang}:{start // CHUNK}", "line", len(part)))
    enqueue.enqueue_many(session, wishes)
    return total


def shortfall(quota: Quota, recipients: int, promised: int) -> int:
    """Return how many LINE messages are missing from this month's quota, 0 when it is enough.

    ``promised`` is what waits in the outbox already, a part of the month is kept for what is urgent.
    """
    if quota.left is None or quota.limit is None:
        return 0
    return max(0, recipients + promised - (quota.left - int(quota.limit * RESERVED_SHARE)))


def promised_to_line(session: Session) -> int:
    """Return how many LINE messages wait in the outbox: LINE has not counted them yet."""
    query = select(func.coalesce(func.sum(OutboxMessage.recipients), 0)).where(
        OutboxMessage.channel == "line", OutboxMessage.status.in_(OPEN)
    )
    return int(session.scalars(query).one())


def mail_stuck_emergencies(session: Session) -> int:
    """Mail an emergency notice that LINE has not taken for ten minutes, and go on trying LINE.

    Somebody may get it twice; for an evacuation that is better than not at all. Returns the mails.
    """
    query = select(OutboxMessage).where(
        OutboxMessage.kind == MULTICAST,
        OutboxMessage.lane == "emergency",
        OutboxMessage.status.in_(OPEN),
        OutboxMessage.created_at <= clock.now() - EMERGENCY_PATIENCE,
    )
    return sum(mail_instead(session, row) for row in session.scalars(query).all())


def mail_instead(session: Session, message: OutboxMessage) -> int:
    """Write a mail to everyone of a LINE notice whose address is known; nobody gets the same one twice.

    Returns how many mails are new.
    """
    people = (
        select(Resident)
        .join(LineAccount, LineAccount.resident_id == Resident.id)
        .where(LineAccount.user_id.in_(message.payload["to"]), Resident.email_bounced_at.is_(None))
        .distinct()
    )
    notice = message.dedupe_key.split(":line:")[0]
    wishes = []
    for resident in session.scalars(people):
        if email := str(resident.profile.get("email") or ""):
            payload = {**message.payload, "to": email, "name": str(resident.profile.get("name") or "")}
            wishes.append(
                Wish(
                    MAIL, payload, message.lane, f"{notice}:{email}"[:200], None, message.not_after,  # type: ignore[arg-type]  # a lane from a row is a lane
                    broadcast_id=message.broadcast_id, fallback_of=message.id, channel="mail",
                )
            )  # fmt: skip
    return enqueue.enqueue_many(session, wishes)


class NoticeHandler:
    """Says notices. A chunk that LINE refuses is split, with new keys, until the bad id stands alone."""

    def __init__(self, house: House, mail: MailPort | None, line: LinePort | None) -> None:
        self._house = house
        self._mail = mail
        self._line = line

    def freeze(self, session: Session, message: OutboxMessage) -> Frozen | Undeliverable:
        """See Handler."""
        payload = message.payload
        lang: Lang = payload["lang"] if payload["lang"] in LANGS else "ja"
        notice = Notice(
            Text(**payload["title"]), Text(**payload["body"]), Text(**payload["why"]), payload["url"]
        )
        if message.kind == MULTICAST:
            if self._line is None:
                return Undeliverable("line_off")
            messages = line_messages(notice, lang, self._house.city.in_(lang))
            return Frozen(
                "line",
                line_message.multicast_request(payload["to"], messages),
                "notice@1",
                len(payload["to"]),
            )
        return self._mail_bytes(message, notice, lang)

    def send(self, sending: Sending) -> Outcome:
        """See Handler."""
        if sending.channel == "line":
            if self._line is None:
                return Outcome("rejected", "line_off")
            return self._line.multicast(sending.body, sending.retry_key)
        if self._mail is None:
            return Outcome("paused", "mail_off")
        to, _, raw = sending.body.partition(b"\n")
        return self._mail.send(to.decode(), raw)

    def after(self, session: Session, message: OutboxMessage) -> None:
        """See Handler."""
        if message.detail == "quota":
            relay.pause_channel(session, "line", "quota", next_quota(clock.now()))
        if message.kind != MULTICAST or message.status not in ("rejected", "unreachable"):
            return
        if message.detail.startswith("400") and len(message.payload["to"]) > 1:
            self._split(session, message)
        else:
            mail_instead(session, message)

    def _split(self, session: Session, message: OutboxMessage) -> None:
        people: Sequence[str] = message.payload["to"]
        middle = len(people) // 2
        wishes = [
            Wish(
                message.kind, {**message.payload, "to": list(part)}, message.lane,  # type: ignore[arg-type]  # a lane from a row is a lane
                f"{message.dedupe_key}/{name}"[:200], None, message.not_after, recipients=len(part),
                broadcast_id=message.broadcast_id, fallback_of=message.id, channel="line",
            )
            for name, part in (("a", people[:middle]), ("b", people[middle:]))
        ]  # fmt: skip
        message.status = "superseded"
        enqueue.enqueue_many(session, wishes)

    def _mail_bytes(self, message: OutboxMessage, notice: Notice, lang: Lang) -> Frozen | Undeliverable:
        payload = message.payload
        blocks = [notice.body.in_(lang), notice.url, "--", notice.why.in_(lang), self._stop_url()]
        try:
            raw = mail_message.to_bytes(
                to=payload["to"], sender=self._house.mail_from, sender_name=self._house.city.in_(lang),
                subject=f"【{self._house.city.in_(lang)}】{notice.title.in_(lang)}",
                body="\n\n".join(block for block in blocks if block) + "\n",
                key=message.retry_key, at=clock.now(),
            )  # fmt: skip
        except InvalidInput:
            return Undeliverable("bad_address")
        return Frozen("mail", payload["to"].encode() + b"\n" + raw, "notice@1")

    def _stop_url(self) -> str:
        return self._house.links["topics"]() if "topics" in self._house.links else ""


def line_messages(notice: Notice, lang: Lang, city: str) -> list[dict[str, Any]]:
    """Return the messages of a notice, with the reason and a tap to stop it on every one.

    The tap stays in the talk: most who read there have no account to sign in to.
    """
    words = f"{notice.title.in_(lang)}\n\n{notice.body.in_(lang)}"
    label = {"ja": "くわしく見る", "easy": "くわしく 見る", "en": "Read more"}[lang]
    stop = {"ja": "お知らせの設定", "easy": "お知らせを えらぶ", "en": "Change what I receive"}[lang]
    button = (label, notice.url) if notice.url else None
    return [line_message.bubble(city, words, notice.why.in_(lang), button, ((stop, STOP_TAP),))]


def size_of(messages: list[dict[str, Any]]) -> int:
    """Return the bytes of the messages as LINE counts them."""
    return len(json.dumps(messages, ensure_ascii=False).encode())


def _plain(notice: Notice) -> dict[str, Any]:
    return {
        "title": notice.title.model_dump(exclude_none=True),
        "body": notice.body.model_dump(exclude_none=True),
        "why": notice.why.model_dump(exclude_none=True),
        "url": notice.url,
    }
