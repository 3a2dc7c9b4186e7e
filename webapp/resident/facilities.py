"""Public facilities: one search over all of them, week grids, rules, open data."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from webapp import clock
from webapp.booking import availability, opendata, search
from webapp.booking.hold import answer_for, say_why_not
from webapp.booking.wish import Wish, starts_of
from webapp.resident import words
from webapp.web.booking_form import booker, day_of, facility_or_404, room_or_404, whole
from webapp.web.guards import public
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("facilities", __name__)
for word in (words.clock_time, words.text_pairs, words.label_pairs):
    blueprint.add_app_template_filter(word)
WEEK = 7
PARTS_OF_DAY = {"am": (0, 12 * 60), "pm": (12 * 60, 17 * 60), "ev": (17 * 60, 30 * 60)}


@blueprint.get("/facilities")
@public
def index() -> str:
    facilities = services().facilities
    question = _question()
    return render_template(
        "resident/facilities_index.html",
        question=question,
        part=request.args.get("part", ""),
        found=search.search(db(), facilities, question, booker()),
        asked=bool(request.args),
        areas=search.areas(facilities),
        purposes=search.purposes(facilities),
        facilities=list(facilities),
        today=clock.today(),
    )


@blueprint.get("/facilities/map")
@public
def places() -> str:
    return render_template("resident/facilities_places.html", pins=opendata.pins(services().facilities))


@blueprint.get("/facilities/<slug>")
@public
def facility(slug: str) -> str:
    found = facility_or_404(slug)
    first = day_of(request.args.get("from"), clock.today())
    return render_template(
        "resident/facilities_facility.html",
        facility=found,
        first=first,
        last_allowed=first + timedelta(days=400),
        grids=availability.grid(db(), services().facilities, found, found.rooms, first, 1, booker()),
        department=services().city.departments.get(found.department),
        today=clock.today(),
    )


@blueprint.get("/facilities/<slug>/rooms/<key>")
@public
def room(slug: str, key: str) -> str:
    found = facility_or_404(slug)
    wanted = room_or_404(found, key)
    first = day_of(request.args.get("from"), clock.today())
    length = 28 if request.args.get("view") == "month" else WEEK
    related = [r for r in found.rooms if r.key != key and set(r.atoms) & set(wanted.atoms)]
    return render_template(
        "resident/facilities_room.html",
        facility=found,
        room=wanted,
        related=related,
        grid=availability.grid(db(), services().facilities, found, [wanted], first, length, booker())[0],
        spans=starts_of(found, wanted),
        first=first,
        length=length,
        before=first - timedelta(days=length),
        after=first + timedelta(days=length),
        department=services().city.departments.get(found.department),
        today=clock.today(),
    )


@blueprint.get("/facilities/<slug>/rules")
@public
def rules(slug: str) -> str:
    found = facility_or_404(slug)
    return render_template(
        "resident/facilities_rules.html",
        facility=found,
        department=services().city.departments.get(found.department),
    )


@blueprint.get("/facilities/<slug>/rooms/<key>/when")
@public
def when(slug: str, key: str) -> str:
    found = facility_or_404(slug)
    wanted = room_or_404(found, key)
    return render_template(
        "resident/facilities_when.html",
        facility=found,
        room=wanted,
        day=day_of(request.args.get("day"), clock.today() + timedelta(days=30)),
        answers=_answers(slug, key),
        department=services().city.departments.get(found.department),
    )


@blueprint.get("/api/facilities")
@public
def api_index() -> Response:
    return _open(jsonify(opendata.index(services().facilities)))


@blueprint.get("/api/facilities/<slug>/availability")
@public
def api_availability(slug: str) -> Response:
    found = facility_or_404(slug)
    first = day_of(request.args.get("from"), clock.today())
    days = max(1, min(whole(request.args.get("days")) or WEEK, 62))
    grids = availability.grid(db(), services().facilities, found, found.rooms, first, days)
    return _open(jsonify(opendata.availability(found, grids)))


@blueprint.get("/api/facilities/<slug>/rooms/<key>/when")
@public
def api_when(slug: str, key: str) -> Response:
    room_or_404(facility_or_404(slug), key)
    return _open(
        jsonify([one["answer"].to_json() | {"resident": one["resident"]} for one in _answers(slug, key)])
    )


@blueprint.get("/api/facilities/<slug>/rooms/<key>/busy.ics")
@public
def calendar(slug: str, key: str) -> Response:
    found = facility_or_404(slug)
    text = opendata.calendar(db(), found, room_or_404(found, key), clock.today(), 92)
    return _open(Response(text, mimetype="text/calendar"))


def _answers(slug: str, key: str) -> list[dict[str, Any]]:
    found = facility_or_404(slug)
    wanted = room_or_404(found, key)
    day = day_of(request.args.get("day"), clock.today() + timedelta(days=30))
    spans = starts_of(found, wanted)
    if not spans:
        return []
    bands = tuple(band.key for band in found.single_bands(wanted))[:1]
    span = spans[0]
    wish = Wish(slug, key, day, bands, span.start, span.end)
    answers = []
    for resident in (True, False):
        answer = answer_for(services().facilities, wish, booker(resident), clock.now())
        answers.append({"resident": resident, "answer": answer, "say": say_why_not(answer)})
    return answers


def _question() -> search.Question:
    args = request.args
    start, end = PARTS_OF_DAY.get(args.get("part", ""), (None, None))
    day: date | None = day_of(args["day"], clock.today()) if args.get("day") else None
    return search.Question(
        text=args.get("q", ""),
        purpose=args.get("purpose", ""),
        area=args.get("area", ""),
        feature=args.get("feature", ""),
        persons=whole(args.get("persons")),
        day=day,
        start=start,
        end=end,
    )


def _open(response: Response) -> Response:
    """Open data: any page may read it; nothing personal is in it."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
