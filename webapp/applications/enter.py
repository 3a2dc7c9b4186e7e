"""書かない窓口: an application that came by paper, telephone or at the counter, entered by staff.

It goes through the same definition, checks and submission as one from the web and lies in the same
queue; only its channel, who typed it and the day it really arrived differ. What has arrived is taken
even when something is missing (行政手続法7条: examine without delay, or ask for correction).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications import processing, review
from webapp.applications.submit import Submitted, submit
from webapp.audit import Actor
from webapp.calendar.business import BusinessCalendar
from webapp.casework import deadline, timeline
from webapp.casework.open_case import fiscal_year
from webapp.errors import InvalidInput
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.intake import corrections, drafts, versions
from webapp.intake.models import Draft
from webapp.intake.prefill import mark

NOON = time(12)
CHANNELS = {"counter": "窓口", "paper": "郵送・紙", "phone": "電話"}


def context(channel: str, calendar: BusinessCalendar, received_on: date) -> Context:
    """Return the circumstances of an entry: the day the paper arrived, at noon, for it carries no hour.

    Nobody is signed in: the paper proves who it is. What arrived today is judged now.
    """
    now = clock.tokyo(clock.now())
    if received_on < now.date():
        now = datetime.combine(received_on, NOON, clock.TOKYO)
    return Context(today=now.date(), now=now, person=None, channel=channel, calendar=calendar)


def begin(session: Session, definition: Definition, actor: Actor) -> Draft:
    """Open a draft that only this officer's session knows."""
    return drafts.start(session, definition, drafts.Owner(), lang="ja", actor=actor)


def check_day(received_on: date) -> None:
    """Raise InvalidInput for a day on which nothing can have arrived yet."""
    if received_on > clock.today():
        raise InvalidInput("future", field="received", say="受け付けた日は今日以前の日付にしてください。")


def enter(
    session: Session,
    draft: Draft,
    *,
    channel: str,
    received_on: date,
    calendar: BusinessCalendar,
    actor: Actor,
    resident_id: int | None = None,
    accept_gaps: bool = False,
) -> Submitted:
    """Submit what staff typed; the case counts from ``received_on`` (Asia/Tokyo), the day the paper arrived.

    With ``accept_gaps`` what is missing becomes a correction at once: the case waits, its clock stands
    still from today, and the applicant is asked for exactly that. Raises what ``submit`` raises, and
    InvalidInput for an unknown channel or a day in the future.
    """
    if channel not in CHANNELS:
        raise InvalidInput("channel", field="channel", say="受付の方法を選んでください。")
    check_day(received_on)
    draft = drafts.locked(session, draft)
    if draft.submitted_case_id is None:
        marks = {path: mark("staff") for path in {*draft.provenance, *draft.answers}}
        drafts.touch(draft, provenance=marks, resident_id=resident_id)
    submitted = submit(
        session,
        draft,
        context=context(channel, calendar, received_on),
        actor=replace(actor, channel=channel),
        accept_gaps=accept_gaps,
    )
    case = submitted.case
    if submitted.is_new and received_on < clock.today():
        case.arrived_at = datetime.combine(received_on, NOON, clock.TOKYO)
        case.fiscal_year = fiscal_year(received_on)
        definition = versions.load(session, draft.version)
        case.period = processing.period_of(definition, received_on, calendar)
        deadline.recompute(session, case, calendar)
    if submitted.is_new:
        timeline.record(session, case, "entered", actor, data={"channel": channel})
    if submitted.is_new and submitted.gaps:
        review.ask_correction(
            session,
            case,
            [corrections.Item(gap.path, "missing") for gap in submitted.gaps],
            review.suggested_deadline(calendar),
            actor,
            calendar=calendar,
        )
    return submitted
