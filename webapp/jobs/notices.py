"""Notices on time: garbage on the evening before, broadcasts when they are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp import clock
from webapp.messaging import broadcasts, garbage
from webapp.messaging.notices import shortfall
from webapp.ports.line import LineUnavailable

if TYPE_CHECKING:
    from webapp.messaging.topic_models import Broadcast
    from webapp.wiring import Services


def tell_garbage(services: Services) -> str:
    """Tell tomorrow's collections once it is late enough; repeatable, each notice goes out once."""
    calendar = garbage.load(services.settings.city_dir, services.city)
    if calendar is None or clock.tokyo(clock.now()).time() < calendar.tell_at:
        return "not yet"
    with services.database.transaction() as session:
        told = garbage.tell_tomorrow(session, calendar, services.city, line_on=services.line is not None)
    return f"{told} people"


def send_due(services: Services) -> str:
    """Start broadcasts whose time has come, and close those that are through."""
    with services.database.reading() as session:
        waiting = [row.id for row in broadcasts.due(session)]
    for broadcast_id in waiting:
        start_one(services, broadcast_id)
    with services.database.transaction() as session:
        done = broadcasts.finish_done(session)
    return f"{len(waiting)} started, {done} done"


def start_one(services: Services, broadcast_id: int) -> int:
    """Count, check LINE's quota, then freeze recipients and write the rows. Returns people told."""
    line_on = services.line is not None
    with services.database.reading() as session:
        row = broadcasts.find(session, broadcast_id)
        people = broadcasts.people_of(session, row, line_on=line_on)
    on_line = sum(1 for person in people if person.user_id)
    missing = _missing(services, on_line)
    with services.database.transaction() as session:
        row = broadcasts.find(session, broadcast_id)
        if row.status != "approved":
            return 0
        if missing:
            _refuse(row, missing)
            return 0
        return broadcasts.start(session, row, people, services.city)


def _missing(services: Services, recipients: int) -> int:
    if services.line is None or recipients == 0:
        return 0
    try:
        return shortfall(services.line, recipients)
    except LineUnavailable:
        return 0


def _refuse(row: Broadcast, missing: int) -> None:
    row.status = "draft"
    row.note = f"LINEの送信数が今月{missing}通足りません。配信していません。対象をしぼってください。"
