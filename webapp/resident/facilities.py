"""Public facilities: one search over all of them, week grids, rules, open data."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from pydantic import BaseModel, Field

from webapp import clock
from webapp.booking import availability, opendata, pins, search
from webapp.booking.hold import answer_for
from webapp.booking.windows import AnswerEntry, asks_of_windows
from webapp.booking.wish import Wish, starts_of
from webapp.resident import reckoning, rule_words, slots, words
from webapp.tariff.facts import Fact
from webapp.web import day_boxes
from webapp.web.booking_form import booker, facility_or_404, facts_of, questions_of, room_or_404, whole
from webapp.web.day_boxes import DayBoxes
from webapp.web.guards import public
from webapp.web.open_api import QueryDay, asked, described
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("facilities", __name__)
for word in (words.opening_hours, words.text_pairs, words.label_pairs, words.answer_pairs):
    blueprint.add_app_template_filter(word)
for rule_word in (
    reckoning.reckoning,
    rule_words.condition,
    rule_words.season,
    rule_words.rate,
    rule_words.reduction,
    rule_words.extra_price,
    rule_words.window,
    rule_words.tier,
):
    blueprint.add_app_template_filter(rule_word)
for drawing in (slots.state_words, slots.pen):
    blueprint.add_app_template_filter(drawing)
WEEK = 7
MOST = 60
"""Rooms on one page of the search; more than anybody reads."""
PARTS_OF_DAY = {"am": (0, 12 * 60), "pm": (12 * 60, 17 * 60), "ev": (17 * 60, 30 * 60)}


class Stretch(BaseModel):
    """Which days of a facility somebody asks for."""

    from_: QueryDay | None = Field(None, alias="from", description="First day; today unless told")
    days: int = Field(WEEK, ge=1, le=62)


class OneDay(BaseModel):
    """Which day of use somebody asks for, and what for."""

    day: QueryDay | None = Field(None, description="Day of use; thirty days from today unless told")
    ticket: int = Field(0, ge=0, le=10_000_000, description="Highest admission fee in yen, 0 for none")
    commercial: bool = Field(False, description="Use for profit, sale or advertising")


class WhenEntry(AnswerEntry):
    """The answer for residents of the city, or for others."""

    resident: bool


@blueprint.get("/facilities")
@public
def index() -> str:
    facilities = services().facilities
    question = _question()
    found = search.search(db(), facilities, question, booker())
    return render_template(
        "resident/facilities_index.html",
        question=question,
        boxes=day_boxes.read(request.args, "day"),
        part=request.args.get("part", ""),
        found=found[:MOST],
        total=len(found),
        asked=bool(request.args),
        areas=search.areas(facilities),
        purposes=search.purposes(facilities),
        equipment=search.equipment(facilities),
        facilities=list(facilities),
        today=clock.today(),
    )


@blueprint.get("/facilities/map")
@public
def places() -> str:
    found = search.search(db(), services().facilities, _question(), booker())
    return render_template("resident/facilities_places.html", pins=pins.pins(search.places(found)))


@blueprint.get("/facilities/<slug>")
@public
def facility(slug: str) -> str:
    found = facility_or_404(slug)
    boxes, first = _from()
    return render_template(
        "resident/facilities_facility.html",
        facility=found,
        first=first,
        boxes=boxes,
        grids=availability.grid(db(), services().facilities, found, found.rooms, first, 1, booker()),
        department=services().city.departments.get(found.department),
        today=clock.today(),
    )


@blueprint.get("/facilities/<slug>/rooms/<key>")
@public
def room(slug: str, key: str) -> str:
    found = facility_or_404(slug)
    wanted = room_or_404(found, key)
    boxes, first = _from()
    length = 28 if request.args.get("view") == "month" else WEEK
    related = [r for r in found.rooms if r.key != key and set(r.atoms) & set(wanted.atoms)]
    return render_template(
        "resident/facilities_room.html",
        facility=found,
        room=wanted,
        related=related,
        grid=availability.grid(db(), services().facilities, found, [wanted], first, length, booker())[0],
        first=first,
        boxes=boxes,
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
    boxes = day_boxes.read(request.args, "day", clock.today() + timedelta(days=30))
    return render_template(
        "resident/facilities_when.html",
        facility=found,
        room=wanted,
        boxes=boxes,
        asks=asks_of_windows(found, wanted),
        questions=questions_of(found, wanted),
        form=request.args,
        answers=[]
        if boxes.is_wrong
        else _answers(slug, key, boxes.day, facts_of(found, wanted, request.args)),
        department=services().city.departments.get(found.department),
    )


@blueprint.get("/api/facilities")
@public
@described("All facilities with their rooms", list[opendata.FacilityEntry])
def api_index() -> Response:
    return _open(jsonify(opendata.index(services().facilities)))


@blueprint.get("/api/facilities/<slug>/availability")
@public
@described("What is free in a facility, from a day on", opendata.Availability, query=Stretch)
def api_availability(slug: str) -> Response:
    found = facility_or_404(slug)
    wish = asked(Stretch)
    first = wish.from_ or clock.today()
    grids = availability.grid(db(), services().facilities, found, found.rooms, first, wish.days)
    return _open(jsonify(opendata.availability(found, grids)))


@blueprint.get("/api/facilities/<slug>/rooms/<key>/when")
@public
@described("From when on a room may be booked, and why not now", list[WhenEntry], query=OneDay)
def api_when(slug: str, key: str) -> Response:
    room_or_404(facility_or_404(slug), key)
    wish = asked(OneDay)
    answers = _answers(slug, key, wish.day, {"ticket": wish.ticket, "commercial": wish.commercial})
    return _open(jsonify([one["answer"].to_json() | {"resident": one["resident"]} for one in answers]))


@blueprint.get("/api/facilities/<slug>/rooms/<key>/busy.ics")
@public
@described("Busy times of a room for three months (RFC 5545)", media_type="text/calendar")
def calendar(slug: str, key: str) -> Response:
    found = facility_or_404(slug)
    text = opendata.calendar(db(), found, room_or_404(found, key), clock.today(), 92)
    return _open(Response(text, mimetype="text/calendar"))


def _from() -> tuple[DayBoxes, date]:
    """The first day to show; what is no day shows today, with a word beside the boxes."""
    boxes = day_boxes.read(request.args, "from", clock.today())
    return boxes, boxes.day or clock.today()


def _answers(slug: str, key: str, wished: date | None, use: Mapping[str, Fact]) -> list[dict[str, Any]]:
    found = facility_or_404(slug)
    wanted = room_or_404(found, key)
    day = wished or clock.today() + timedelta(days=30)
    spans = starts_of(found, wanted)
    if not spans:
        return []
    bands = tuple(band.key for band in found.single_bands(wanted))[:1]
    span = spans[0]
    wish = Wish(slug, key, day, bands, span.start, span.end)
    answers = []
    for resident in (True, False):
        who = booker(resident)
        who = replace(who, facts={**who.facts, **use, "resident": resident})
        answer = answer_for(services().facilities, wish, who, clock.now())
        answers.append({"resident": resident, "answer": answer, "say": words.why_not(answer)})
    return answers


def _question() -> search.Question:
    args = request.args
    start, end = PARTS_OF_DAY.get(args.get("part", ""), (None, None))
    return search.Question(
        text=args.get("q", ""),
        purpose=args.get("purpose", ""),
        area=args.get("area", ""),
        feature=args.get("feature", ""),
        persons=whole(args.get("persons")),
        day=day_boxes.read(args, "day").day,
        start=start,
        end=end,
    )


def _open(response: Response) -> Response:
    """Open data: any page may read it; nothing personal is in it."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
