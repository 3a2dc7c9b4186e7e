"""The timeline of a facility: the day and the week, attendance. It prints, too."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.booking import board, strip
from webapp.booking.errors import NotAllowed
from webapp.booking.facility import Facility, Room
from webapp.booking.states import SAY
from webapp.web import booking_form as typed
from webapp.web import day_boxes
from webapp.web.guards import current_actor, require_scope, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("timeline", __name__)
Answer = str | Response | tuple[str, int]


@blueprint.get("/timeline")
@staff_required("booking.read")
def timeline() -> Answer:
    mine = my_facilities("booking.read")
    if not mine:
        return render_template("staff/timeline_none.html")
    slug = request.args.get("facility") or mine[0].slug
    facility = facility_for(slug, "booking.read")
    boxes = day_boxes.read(request.args, "day", clock.today())
    first = boxes.day or clock.today()
    length = 7 if request.args.get("view") == "week" else 1
    rows = {
        day: board.board(db(), services().facilities, facility, day)
        for day in (first + timedelta(days=n) for n in range(length))
    }
    return render_template(
        "staff/timeline_timeline.html",
        facility=facility,
        facilities=mine,
        first=first,
        boxes=boxes,
        length=length,
        before=first - timedelta(days=length),
        after=first + timedelta(days=length),
        days=rows,
        strip=strip.strip(rows[first], first) if length == 1 else None,
        uses=_in_order(rows[first]) if length == 1 else [],
        words=SAY,
        closure_words=board.closure_words,
        today=clock.today(),
        now=clock.now(),
        may_manage=staff_scope("booking.manage").covers(
            department=facility.department, facility=facility.slug
        ),
    )


@blueprint.post("/timeline/<slug>/attend/<token>")
@staff_required("booking.manage")
def attend(slug: str, token: str) -> Response:
    facility = facility_for(slug, "booking.manage")
    try:
        booking = board.attend(db(), facility.slug, token, request.form.get("came") == "yes", current_actor())
    except NotAllowed as refused:
        flash(refused.say or "", "warning")
        return redirect(url_for(".timeline", facility=slug), 303)
    return redirect(url_for(".timeline", facility=slug, day=booking.use_on.isoformat()), 303)


def my_facilities(permission: str) -> list[Facility]:
    """The facilities the officer may see; a designated manager sees only its own."""
    scope = staff_scope(permission)
    return [
        facility
        for facility in services().facilities
        if scope.covers(department=facility.department, facility=facility.slug)
    ]


def facility_for(slug: str, permission: str) -> Facility:
    """Raises NotFound for a facility outside the officer's scope, as if it did not exist."""
    facility = typed.facility_or_404(slug)
    require_scope(permission, department=facility.department, facility=facility.slug)
    return facility


def _in_order(rows: list[board.BoardRow]) -> list[tuple[board.Use, Room]]:
    """The bookings of a day as they begin, whatever the room."""
    found = [(use, row.room) for row in rows for use in row.uses]
    return sorted(found, key=lambda one: (one[0].booking.starts_at, one[0].booking.id))
