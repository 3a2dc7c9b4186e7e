"""Notices by staff: written by one person, counted, tried out, approved by another, sent on time.

draft -> waiting -> approved -> sending -> done; cancelled from everywhere before done.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.city import City
from webapp.errors import IllegalStep, InvalidInput, NotFound
from webapp.messaging.notices import Notice, enqueue_notice
from webapp.messaging.topic_models import Broadcast
from webapp.messaging.topics import Person, audience
from webapp.outbox import quiet
from webapp.outbox.models import Lane, OutboxMessage
from webapp.yaml_source import Text

MONTH: Final = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")
STEPS: Final = {
    "ask": ({"draft"}, "waiting"),
    "return": ({"waiting"}, "draft"),
    "approve": ({"waiting"}, "approved"),
    "start": ({"approved"}, "sending"),
    "finish": ({"sending"}, "done"),
    "cancel": ({"draft", "waiting", "approved", "sending"}, "cancelled"),
}
STATUS_WORDS: Final = {
    "draft": "下書き",
    "waiting": "承認待ち",
    "approved": "承認済み（配信前）",
    "sending": "配信中",
    "done": "配信済み",
    "cancelled": "取りやめ",
}


@dataclass(frozen=True)
class Draft:
    """What an author writes. Titles and bodies: public words only, they stay on LINE's servers."""

    topic: str
    title: Text
    body: Text
    url: str = ""
    areas: tuple[str, ...] = ()
    born_from: str = ""
    born_to: str = ""
    lane: Lane = "bulk"
    send_at: datetime | None = None


@dataclass(frozen=True)
class Progress:
    """People by channel and outbox status; 「受付」 means taken over by LINE or the mail server, not read."""

    channels: dict[str, dict[str, int]]

    @property
    def total(self) -> int:
        return sum(sum(people.values()) for people in self.channels.values())


def save(session: Session, draft: Draft, city: City, actor: Actor, row: Broadcast | None = None) -> Broadcast:
    """Write a draft, or change one that nobody approved yet. Raises InvalidInput, IllegalStep."""
    _check(draft, city)
    if row is None:
        row = Broadcast(created_at=clock.now(), status="draft")
        session.add(row)
    elif row.status != "draft":
        raise IllegalStep(
            "edit", state=row.status, say="承認を求めたお知らせは直せません。下書きに戻してください。"
        )
    row.topic, row.areas, row.lane = draft.topic, list(draft.areas), draft.lane
    row.born_from, row.born_to, row.send_at = draft.born_from, draft.born_to, draft.send_at
    row.texts = {"title": _dump(draft.title), "body": _dump(draft.body), "url": draft.url}
    row.author_id = int(actor.id) if actor.id and actor.id.isdigit() else None
    session.flush()
    _note(session, row, actor, "save")
    return row


def people_of(session: Session, row: Broadcast, *, line_on: bool) -> list[Person]:
    """Return whom this notice reaches now."""
    return audience(
        session, row.topic, areas=row.areas, born_from=row.born_from, born_to=row.born_to, line_on=line_on
    )


def ask(session: Session, row: Broadcast, actor: Actor, *, line_on: bool) -> int:
    """Ask for approval; the count that the approver sees is stored. Returns it."""
    _step(row, "ask")
    row.counted = len(people_of(session, row, line_on=line_on))
    _note(session, row, actor, "ask")
    return row.counted


def approve(session: Session, row: Broadcast, actor: Actor, typed_count: int) -> None:
    """A second person approves and types the number of people.

    Raises IllegalStep for the author's own approval, InvalidInput for another number.
    """
    if actor.id == str(row.author_id):
        raise IllegalStep(
            "approve", state=row.status, say="自分で書いたお知らせは承認できません。別の人に頼んでください。"
        )
    if typed_count != row.counted:
        raise InvalidInput("count", field="count", say=f"届く人数（{row.counted}人）を入力してください。")
    _step(row, "approve")
    row.approver_id = int(actor.id) if actor.id and actor.id.isdigit() else None
    row.approved_at = clock.now()
    _note(session, row, actor, "approve")


def give_back(session: Session, row: Broadcast, actor: Actor, note: str) -> None:
    """Return a notice to its author with a note."""
    _step(row, "return")
    row.note = note[:300]
    _note(session, row, actor, "return")


def cancel(session: Session, row: Broadcast, actor: Actor) -> int:
    """Stop a notice; what was not attempted yet is taken back. Returns how many rows were."""
    _step(row, "cancel")
    done = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.broadcast_id == row.id, OutboxMessage.status == "queued")
        .values(status="cancelled", settled_at=clock.now(), lease_owner=None, lease_until=None)
    )
    _note(session, row, actor, "cancel")
    return int(getattr(done, "rowcount", 0))


def due(session: Session) -> list[Broadcast]:
    """Return approved notices whose time has come; outside quiet hours unless it is an emergency."""
    now = clock.now()
    query = select(Broadcast).where(Broadcast.status == "approved").order_by(Broadcast.id)
    rows = [row for row in session.scalars(query) if row.send_at is None or row.send_at <= now]
    return [row for row in rows if row.lane == "emergency" or not quiet.is_quiet(now)]


def start(session: Session, row: Broadcast, people: Sequence[Person], city: City) -> int:
    """Write the outbox rows; recipients are frozen here. Returns the number of people."""
    _step(row, "start")
    row.started_at = clock.now()
    return enqueue_notice(
        session,
        notice_of(row, city),
        people,
        lane=cast(Lane, row.lane),
        key=f"broadcast:{row.source if row.source.startswith('t:') else row.id}",
        not_after=clock.now() + (timedelta(hours=6) if row.lane == "emergency" else timedelta(hours=12)),
        broadcast_id=row.id,
    )


def finish_done(session: Session) -> int:
    """Mark notices whose rows are all settled; returns how many."""
    finished = 0
    for row in session.scalars(select(Broadcast).where(Broadcast.status == "sending")):
        waiting = select(func.count()).where(
            OutboxMessage.broadcast_id == row.id, OutboxMessage.status.in_(("queued", "sending"))
        )
        if session.scalars(waiting).one() == 0:
            _step(row, "finish")
            row.finished_at = clock.now()
            finished += 1
    return finished


def progress(session: Session, row: Broadcast) -> Progress:
    """Return how far a notice is."""
    query = (
        select(OutboxMessage.channel, OutboxMessage.status, func.sum(OutboxMessage.recipients))
        .where(OutboxMessage.broadcast_id == row.id, OutboxMessage.status != "superseded")
        .group_by(OutboxMessage.channel, OutboxMessage.status)
        .order_by(OutboxMessage.channel)
    )
    channels: dict[str, dict[str, int]] = {}
    for channel, status, number in session.execute(query):
        channels.setdefault(channel, {})[status] = int(number)
    return Progress(channels)


def latest(session: Session, limit: int = 50) -> list[Broadcast]:
    """Return notices, newest first."""
    return list(session.scalars(select(Broadcast).order_by(Broadcast.id.desc()).limit(limit)))


def find(session: Session, broadcast_id: int) -> Broadcast:
    """Raises NotFound."""
    row = session.get(Broadcast, broadcast_id)
    if row is None:
        raise NotFound(f"broadcast {broadcast_id}")
    return row


def notice_of(row: Broadcast, city: City) -> Notice:
    """Return the words of a notice with the reason why people get it."""
    topic = next((t for t in city.topics if t.key == row.topic), None)
    name = topic.name if topic else Text(ja=row.topic)
    return Notice(
        title=Text(**row.texts["title"]),
        body=Text(**row.texts["body"]),
        why=Text(
            ja=f"届いた理由: 「{name.ja}」を登録しているためです。",
            easy=f"とどいた 理由（りゆう）: 「{name.in_('easy')}」を えらんで います。",
            en=f"Why you got this: you asked for “{name.in_('en')}”.",
        ),
        url=row.texts.get("url", ""),
    )


def _check(draft: Draft, city: City) -> None:
    topic = next((t for t in city.topics if t.key == draft.topic), None)
    if topic is None:
        raise InvalidInput("topic", field="topic", say="お知らせの種類を選んでください。")
    if draft.lane == "emergency" and not topic.emergency:
        raise InvalidInput("lane", field="lane", say="緊急として送れるのは、防災・避難の情報だけです。")
    if unknown := set(draft.areas) - {area.key for area in city.areas}:
        raise InvalidInput(f"areas {sorted(unknown)}", field="areas", say="地域を選び直してください。")
    _check_months(draft)
    missing = {*draft.title.missing(), *draft.body.missing()}
    if draft.lane == "emergency" and missing:
        lang = sorted(missing)[0]
        part = "title" if lang in draft.title.missing() else "body"
        raise InvalidInput(
            part, field=f"{part}_{lang}", say="緊急のお知らせは、3つの言語のすべてで書いてください。"
        )
    if not draft.title.ja.strip() or len(draft.title.ja) > 60:
        raise InvalidInput("title", field="title", say="見出しを60文字までで入力してください。")
    if not draft.body.ja.strip() or len(draft.body.ja) > 1000:
        raise InvalidInput("body", field="body", say="本文を1000文字までで入力してください。")
    if draft.url and not draft.url.startswith("https://"):
        raise InvalidInput("url", field="url", say="リンク先は https:// から入力してください。")


def _check_months(draft: Draft) -> None:
    for field in ("born_from", "born_to"):
        month = getattr(draft, field)
        if month and not MONTH.fullmatch(month):
            raise InvalidInput(field, field=field, say="年月を 2024-04 の形で入力してください。")
    if draft.born_from and draft.born_to and draft.born_from > draft.born_to:
        raise InvalidInput("born_to", field="born_to", say="「から」より後の年月を入力してください。")


def _step(row: Broadcast, name: str) -> None:
    allowed, after = STEPS[name]
    if row.status not in allowed:
        raise IllegalStep(
            name, state=row.status, say=f"いまは「{STATUS_WORDS[row.status]}」のため、できません。"
        )
    row.status = after


def _note(session: Session, row: Broadcast, actor: Actor, what: str) -> None:
    details: dict[str, Any] = {"status": row.status, "topic": row.topic, "count": row.counted}
    audit.record(
        session, actor, f"broadcast.{what}", object_kind="broadcast", object_id=str(row.id), details=details
    )


def _dump(text: Text) -> dict[str, str]:
    return text.model_dump(exclude_none=True)
