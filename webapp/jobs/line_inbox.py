"""Work through what LINE brought: each event in one transaction, its answer through the outbox."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.chat import conversation, questions
from webapp.chat.conversation import ChatHouse
from webapp.chat.search import Finder
from webapp.db import Database, is_postgres
from webapp.messaging import garbage, line_reply
from webapp.messaging.line_models import LineEvent

if TYPE_CHECKING:
    from webapp.wiring import Services

log = logging.getLogger(__name__)
POLL_S: Final = 0.3
GIVES_UP_AFTER: Final = 3


def chat_house(services: Services) -> ChatHouse:
    """Put together what the chat knows; built once per process."""
    city, folder = services.city, services.settings.city_dir
    asked = questions.load_questions(folder)
    finder = Finder(city, services.library.values(), services.facilities, asked, services.links)
    return ChatHouse(city, finder, services.links, garbage.load(folder, city))


def run_forever(services: Services, stop: threading.Event) -> None:
    """Work until ``stop`` is set; nothing to do while LINE is switched off."""
    if services.line is None:
        return
    house = chat_house(services)
    while not stop.is_set():
        try:
            done = process_next(services.database, house)
        except Exception:
            log.exception("the LINE inbox stumbled; it goes on")
            done = False
        if not done:
            stop.wait(POLL_S)


def drain(database: Database, house: ChatHouse) -> int:
    """Process everything that waits (tests); returns how many events."""
    number = 0
    while process_next(database, house):
        number += 1
    return number


def process_next(database: Database, house: ChatHouse) -> bool:
    """Process the oldest waiting event; False when there is none."""
    with database.reading() as session:
        if session.scalars(_waiting(session, lock=False)).first() is None:
            return False
    event_id = None
    try:
        with database.transaction() as session:
            event = session.scalars(_waiting(session, lock=True)).first()
            if event is None:
                return False
            event_id = event.id
            _act(session, event, house)
    except Exception as error:
        log.exception("LINE event %s could not be processed", event_id)
        _note_failure(database, event_id, type(error).__name__)
    return True


def _act(session: Session, event: LineEvent, house: ChatHouse) -> None:
    body = event.body
    if not body.get("unsent"):
        answer = conversation.respond(session, body, house)
        if answer is not None:
            line_reply.answer(
                session,
                event_id=event.event_id,
                user_id=answer.user_id,
                reply_token=str(body.get("replyToken") or ""),
                messages=list(answer.messages),
                needs_link_token=answer.needs_link_token,
            )
    event.processed_at = clock.now()
    event.body = {"type": event.type, **({"unsent": True} if body.get("unsent") else {})}


def _note_failure(database: Database, event_id: int | None, error: str) -> None:
    if event_id is None:
        return
    with database.transaction() as session:
        event = session.get(LineEvent, event_id)
        if event is not None:
            event.failures += 1
            event.result = error[:100]
            if event.failures >= GIVES_UP_AFTER:
                event.processed_at = clock.now()


def _waiting(session: Session, *, lock: bool) -> Select[LineEvent]:
    query = (
        select(LineEvent).where(LineEvent.processed_at.is_(None)).order_by(LineEvent.event_ms, LineEvent.id)
    )
    return (
        query.limit(1).with_for_update(skip_locked=True) if lock and is_postgres(session) else query.limit(1)
    )
