"""The page of one case: answers beside attachments, and everything that happened."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.applications import issue, review, same
from webapp.booking import find
from webapp.booking import states as booking_states
from webapp.booking.models import Booking
from webapp.casework import (
    assign,
    deadline,
    decisions,
    duties,
    lookup,
    opinions,
    registrations,
    steps,
    thread,
    timeline,
)
from webapp.casework.models import Case, CaseOpinion
from webapp.casework.states import life, state_of
from webapp.identity.models import Staff
from webapp.intake import corrections, files, scanning
from webapp.payment import charges
from webapp.payment import states as charge_states
from webapp.staff import case_person, case_words, desk, queue, typed
from webapp.staff.inbox import CHANNELS
from webapp.web.downloads import disposition
from webapp.web.guards import staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import commit, db
from webapp.web.widgets import dom_id

blueprint = Blueprint("case", __name__, url_prefix="/cases/<reference>")

_INLINE = ("application/pdf", "image/jpeg", "image/png", "image/gif", "image/webp")


@blueprint.get("")
@staff_required("case.read")
def show(reference: str) -> str:
    case = desk.case_for(reference, with_asked=True)
    desk.viewed(case)
    return page(case)


@blueprint.get("/files/<file_id>")
@staff_required("case.read")
def file(reference: str, file_id: str) -> Response:
    case = desk.case_for(reference, with_asked=True)
    row = scanning.fit_to_open(files.find(db(), file_id, case_id=case.id))
    desk.viewed(case, "case.file", file=row.path)
    commit()
    data = services().storage.get(row.storage_key)
    return sent(data, row.sniffed_type, row.name)


@blueprint.get("/documents/<token>")
@staff_required("case.read")
def document(reference: str, token: str) -> Response:
    case = desk.case_for(reference, with_asked=True)
    found = issue.open_document(db(), case, token)
    desk.viewed(case, "case.document", document=found.id)
    commit()
    return sent(services().storage.get(found.storage_key), found.media_type, found.filename)


def page(case: Case, errors: dict[str, str] | None = None, **more: Any) -> str:
    """Render the case page; ``errors`` and what was typed come back into its small forms."""
    session = db()
    seen = review.examine(
        session,
        case,
        calendar=desk.calendar(),
        revision=typed.number(request.args.get("revision"), otherwise=0) or None,
    )
    return render_template(
        "staff/case_show.html",
        case=case,
        place=queue.place(case.reference),
        state=state_of(case.kind, case.status),
        seen=seen,
        events=timeline.of_case(session, case, public_only=False),
        event_title=partial(case_words.event_title, case),
        event_text=case_words.event_text,
        step_label=partial(case_words.step_label, case),
        kind_label=life(case.kind).label.ja,
        messages=thread.of_case(session, case),
        notes=thread.notes(session, case),
        charges=charges.of_case(session, case.id),
        charge_words=charge_states.WORDS,
        documents=case.documents,
        decisions=decisions.of_case(session, case),
        opinions=opinions.of_case(session, case),
        stances=opinions.STANCES,
        duties=duties.of_case(session, case),
        today=clock.today(),
        registrations=registrations.of_case(session, case),
        same=[other for other in same.others(session, case) if desk.may("case.read", other)],
        correction=corrections.waiting(session, case.id),
        reasons=corrections.REASONS,
        steps=_offered(case),
        bookings=_bookings(case),
        booking_words=booking_states.SAY,
        ledger_url=_ledger(case),
        others=_others(case),
        person=case_person.of_case(case),
        assignee=session.get(Staff, case.assignee_id) if case.assignee_id else None,
        is_absent=assign.is_absent,
        department_pairs=[(key, name) for key, name in desk.departments().items() if key != case.department],
        colleague_pairs=_colleagues(case),
        duty_kinds=duties.KINDS,
        can_correct=seen is not None and steps.may(case, "ask_correction"),
        can_reopen=case.kind != "booking" and steps.may(case, "reopen"),
        may_answer=_may_answer,
        labels={row.path: row.label for row in seen.rows} if seen else {},
        department_name=desk.department_name,
        days_used=deadline.days_used(session, case, desk.calendar()) if case.due_on else None,
        is_late=deadline.is_late(case),
        channels=CHANNELS,
        news_words=case_words.NEWS,
        may={
            name: desk.may(f"case.{name}", case) for name in ("work", "correct", "decide", "issue", "export")
        },
        may_enter=desk.may("case.enter", case),
        may_see_payments=desk.may("payment.read", case),
        me=desk.officer(),
        errors=errors or {},
        error_list=[(dom_id(name), text) for name, text in (errors or {}).items()],
        typed=request.form,
        **more,
    )


def sent(data: bytes, media_type: str, name: str) -> Response:
    """Send stored bytes: shown in place where that is safe, else as a download; never run as a page."""
    response = Response(data, mimetype=media_type)
    kind = "inline" if media_type in _INLINE else "attachment"
    response.headers["Content-Disposition"] = disposition(kind, name)
    response.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _colleagues(case: Case) -> list[tuple[int, str]]:
    return [
        (one.id, f"{one.name}(不在)" if assign.is_absent(one) else one.name)
        for one in assign.colleagues(db(), [case.department])
    ]


def _may_answer(opinion: CaseOpinion) -> bool:
    return staff_scope("case.read").covers(department=opinion.department)


def _offered(case: Case) -> list[Any]:
    """What the officer may do next; a booking is decided in the booking ledger."""
    if case.kind == "booking":
        return []
    return [
        step
        for step in steps.legal_steps(case, by_staff=True)
        if step.key not in ("start", "ask_correction", "call_off_correction", "reopen")
    ]


def _bookings(case: Case) -> list[tuple[Booking, str]]:
    """The bookings on the case, each with the name of its room; a room that is gone shows its key."""
    if case.kind != "booking":
        return []
    facility = services().facilities.get(case.slug)
    rooms = {room.key: room.name.ja for room in facility.rooms} if facility else {}
    return [(one, rooms.get(one.room, one.room)) for one in find.of_case(db(), case.id)]


def _ledger(case: Case) -> str | None:
    """Where a booking is allowed, changed and cancelled, for those who may open it."""
    reach = staff_scope("booking.read")
    if case.kind != "booking" or not reach.covers(department=case.department, facility=case.slug):
        return None
    return url_for("staff.facilities.application", reference=case.reference)


def _others(case: Case) -> list[Case]:
    """The same person's other cases that the officer may see."""
    if case.resident_id is None:
        return []
    mine = lookup.of_resident(db(), case.resident_id)
    return [other for other in mine if other.id != case.id and desk.may("case.read", other)][:10]
