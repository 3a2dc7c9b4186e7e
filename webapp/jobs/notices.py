"""Notices on time: garbage on the evening before, broadcasts when they are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp import clock
from webapp.messaging import broadcasts, garbage, notices
from webapp.ports.line import LineUnavailable, Quota
from webapp.yaml_source import LANGS

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
    """Count, ask LINE about the words and its quota, then freeze recipients and write the rows.

    An emergency is never refused: what LINE does not take goes out by mail. Returns people told.
    """
    line_on = services.line is not None
    with services.database.reading() as session:
        row = broadcasts.find(session, broadcast_id)
        people = broadcasts.people_of(session, row, line_on=line_on)
        notice, is_urgent = broadcasts.notice_of(row, services.city), row.lane == "emergency"
    on_line = sum(1 for person in people if person.user_id)
    quota, complaint = (None, "") if is_urgent or not on_line else _ask_line(services, notice)
    with services.database.transaction() as session:
        row = broadcasts.find(session, broadcast_id)
        if row.status != "approved":
            return 0
        if quota is not None:
            missing = notices.shortfall(quota, on_line, notices.promised_to_line(session))
            complaint = complaint or (f"LINEの送信数が今月{missing}通足りません。" if missing else "")
        if complaint:
            _refuse(row, complaint)
            return 0
        return broadcasts.start(session, row, people, services.city)


def mail_stuck_emergencies(services: Services) -> str:
    """Mail emergency notices that LINE does not take."""
    with services.database.transaction() as session:
        return f"{notices.mail_stuck_emergencies(session)} mailed"


def _ask_line(services: Services, notice: notices.Notice) -> tuple[Quota | None, str]:
    """Ask with no transaction open; a LINE that does not answer is no reason to keep a notice back."""
    if services.line is None:
        return None, ""
    for lang in LANGS:
        messages = notices.line_messages(notice, lang, services.city.name.in_(lang))
        if complaints := services.line.validate(messages):
            return None, f"LINEがこの文面を受け付けません（{complaints[0][:80]}）。"
    try:
        return services.line.quota(), ""
    except LineUnavailable:
        return None, ""


def _refuse(row: Broadcast, complaint: str) -> None:
    row.status = "draft"
    row.note = f"{complaint}配信していません。文面か対象を直してください。"
