"""Running facilities: what waits for approval, closures with what they displace, registrations."""

from collections.abc import Sequence
from fractions import Fraction

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.booking import approve, board, cancel, close, find, overtime, registering
from webapp.booking.errors import NotAllowed, Taken
from webapp.booking.facility import Facility
from webapp.booking.models import Booking, Registration
from webapp.booking.states import SAY
from webapp.casework import lookup
from webapp.casework.models import Case
from webapp.errors import NotFound
from webapp.staff import desk
from webapp.staff.timeline import facility_for, my_facilities
from webapp.tariff.table import Adjustment
from webapp.web import booking_form as typed
from webapp.web import booking_questions, day_boxes
from webapp.web.change_form import may_change
from webapp.web.guards import current_actor, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("facilities", __name__)
Answer = str | Response | tuple[str, int]


@blueprint.get("/facilities")
@staff_required("booking.read")
def overview() -> str:
    mine = my_facilities("booking.read")
    return render_template(
        "staff/facilities_overview.html",
        facilities=mine,
        managed={one.slug for one in my_facilities("facility.manage")},
        may_see_figures=bool(staff_scope("facility.figures")),
        department_name=desk.department_name,
        waiting=board.applications(db(), [facility.slug for facility in mine]),
        registrations=_registrations(),
    )


@blueprint.get("/facilities/applications/<reference>")
@staff_required("booking.read")
def application(reference: str) -> str:
    return _application_page(_case(reference, "booking.read"), [])


@blueprint.post("/facilities/applications/<reference>")
@staff_required("booking.manage")
def decide(reference: str) -> Answer:
    case = _case(reference, "booking.manage")
    try:
        _price(case)
        if request.form.get("decision") == "approve":
            approve.approve(
                db(),
                services().facilities,
                case.id,
                actor=current_actor(),
                conditions=request.form.get("conditions", ""),
                instruction=_instruction(),
            )
            flash("使用を許可しました。", "success")
        elif request.form.get("decision") == "refuse":
            reasons = request.form.get("reasons", "")
            approve.refuse(
                db(),
                services().facilities,
                case.id,
                reasons=reasons,
                actor=current_actor(),
                instruction=_instruction(),
            )
            flash("不許可にしました。理由を申請者に知らせました。", "success")
        else:
            flash("料金を決めました。", "success")
            return redirect(url_for(".application", reference=reference), 303)
    except NotAllowed as refused:
        db().rollback()
        place = refused.rule if refused.rule in ("yen", "citation", "exemption_reason") else "decision"
        return _application_page(_case(reference, "booking.manage"), [(place, refused.say or "")]), 422
    return redirect(url_for(".overview"), 303)


@blueprint.get("/facilities/<slug>/closures")
@staff_required("facility.manage")
def closures(slug: str) -> str:
    return _closures_page(slug, {}, [])


@blueprint.post("/facilities/<slug>/closures")
@staff_required("facility.manage")
def make_closure(slug: str) -> Answer:
    facility = facility_for(slug, "facility.manage")
    form = request.form.to_dict()
    rooms = [key for key in request.form.getlist("rooms") if key in {room.key for room in facility.rooms}]
    first = day_boxes.read(form, "first", clock.today())
    last = day_boxes.read(form, "last", first.day)
    if first.day is None or last.day is None:
        wrong = "first" if first.day is None else "last"
        return _closures_page(slug, form, [(wrong, "年・月・日を、実際にある日付で入れてください。")]), 422
    try:
        starts, ends = (
            board.until(first.day, form.get("from", "00:00")),
            board.until(last.day, form.get("to", "24:00")),
        )
    except ValueError:
        return _closures_page(slug, form, [("from", "時刻は 09:00 のように入れてください。")]), 422
    if not rooms or not form.get("reason", "").strip():
        return _closures_page(slug, form, [("reason", "部屋を選び、理由を入れてください。")]), 422
    chosen = [facility.room(key) for key in rooms]
    in_the_way = close.in_the_way(db(), facility, chosen, starts, ends)
    if in_the_way and form.get("displace") != "yes":
        say = f"この時間に予約が{len(in_the_way)}件あります。取り消してよいか確かめてください。"
        return _closures_page(slug, form, [("displace", say)], in_the_way), 409
    try:
        done = close.close(
            db(),
            services().facilities,
            facility,
            rooms,
            starts,
            ends,
            kind=form.get("kind", "other"),  # type: ignore[arg-type]  # an unknown kind shows as itself
            reason=form["reason"],
            actor=current_actor(),
            displace=form.get("displace") == "yes",
        )
    except (NotAllowed, Taken) as refused:
        db().rollback()
        return _closures_page(slug, form, [("from", refused.say or "")]), 409
    told = (
        f"予約{len(done.displaced)}件を取り消し、理由と代わりの空きを知らせました。" if done.displaced else ""
    )
    flash(f"休止を登録しました。{told}", "success")
    return redirect(url_for(".closures", slug=slug), 303)


@blueprint.post("/facilities/<slug>/closures/<int:number>/end")
@staff_required("facility.manage")
def end_closure(slug: str, number: int) -> Response:
    facility_for(slug, "facility.manage")
    close.reopen(db(), services().facilities, number, current_actor(), facility=slug)
    flash("休止を終わりにしました。", "success")
    return redirect(url_for(".closures", slug=slug), 303)


def _registrations() -> list[tuple[Registration, Case]]:
    """Registrations to examine, as far as the officer may read their cases."""
    typed.catch_up()
    scope = staff_scope("case.read")
    return [
        (one, case)
        for one, case in registering.waiting(db())
        if scope.covers(department=case.department, procedure=case.slug)
    ]


def _case(reference: str, permission: str) -> Case:
    """The case of a booking within the officer's facilities. Raises NotFound."""
    case = lookup.by_reference(db(), reference)
    if case.kind != "booking":
        raise NotFound(reference)
    facility_for(case.slug, permission)
    return case


def _instruction() -> str:
    """教示, the city's own words: with a refusal, and with a permit that limits something."""
    return services().city.instruction_text.ja


def _price(case: Case) -> None:
    form = request.form
    for booking in find.of_case(db(), case.id):
        if booking.state != "applied":
            continue
        if form.get("yen"):
            approve.set_price(booking, typed.whole(form["yen"]), form.get("citation", "").strip())
        rates = {k.removeprefix("rate."): v for k, v in form.items() if k.startswith("rate.") and v.strip()}
        share = form.get("share", "").strip()
        granted = {"yes": True, "no": False}.get(form.get("exemption", ""))
        if rates or share or granted is not None:
            approve.decide_price(
                db(),
                services().facilities,
                booking,
                exemption=granted,
                share=_percent(share) if share else None,
                rates={key: _rate(value) for key, value in rates.items()},
                reason=form.get("exemption_reason", ""),
                actor=current_actor(),
            )


def _rate(text: str) -> Fraction:
    try:
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise NotAllowed("rate", "倍率は 2 や 1.5 のように入れてください。") from None


def _percent(text: str) -> Fraction:
    share = _rate(text.replace("%", "")) / 100
    if not 0 <= share <= 1:
        raise NotAllowed("share", "減免の割合は0から100までで入れてください。")
    return share


def _application_page(case: Case, errors: list[tuple[str, str]]) -> str:
    facility = typed.facility_or_404(case.slug)
    bookings = find.of_case(db(), case.id)
    undecided = {text for b in bookings for text in (b.quote or {}).get("undecided", [])}
    return render_template(
        "staff/facilities_application.html",
        case=case,
        facility=facility,
        bookings=[(b, facility.room(b.room)) for b in bookings],
        open_rates=_open_rates(facility, bookings) if undecided else [],
        exemptions={e.key: e for table in facility.tariffs for e in table.exemptions},
        words=SAY,
        form=request.form,
        may_change=may_change,
        may_record_overtime=overtime.may_record,
        overtimes=overtime.of_bookings(db(), bookings),
        may_read_case=desk.may("case.read", case),
        answers=booking_questions.shown,
        errors=errors,
    )


def _displaced(booking: Booking) -> tuple[Booking, Case | None, int]:
    """A booking in the way, its case, and what it would get back."""
    case, _ = find.case_and_charge(db(), booking)
    back = (
        0
        if booking.state == "held"
        else cancel.preview(services().facilities, booking, our_fault=True).refund_yen
    )
    return booking, case, back


def _open_rates(facility: Facility, bookings: Sequence[Booking]) -> list[Adjustment]:
    """The rates that the tables of these days of use leave to the city, each once."""
    tables = (facility.table_on(facility.room(b.room), b.use_on) for b in bookings)
    rates = (a for table in tables if table is not None for a in table.adjustments if a.multiplier is None)
    return list({rate.key: rate for rate in rates}.values())


def _closures_page(
    slug: str,
    form: dict[str, str],
    errors: list[tuple[str, str]],
    in_the_way: Sequence[Booking] = (),
) -> str:
    facility = facility_for(slug, "facility.manage")
    today = clock.today()
    return render_template(
        "staff/facilities_closures.html",
        facility=facility,
        form={"from": "00:00", "to": "24:00", **form},
        first=day_boxes.read(form, "first", today),
        last=day_boxes.read(form, "last", today),
        chosen=request.form.getlist("rooms"),
        errors=errors,
        in_the_way=[_displaced(booking) for booking in in_the_way],
        kinds=close.KIND_WORDS,
        closures=close.coming(db(), slug),
    )
