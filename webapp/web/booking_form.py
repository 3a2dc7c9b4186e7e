"""Who is booking, as far as this browser shows; and what the typed booking pages say."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import g
from flask_babel import gettext as _

from webapp import clock
from webapp.booking import registering, registration
from webapp.booking.details import Details
from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking, Registration
from webapp.booking.person import Booker
from webapp.booking.rules import Question
from webapp.booking.wish import Wish, extras_of
from webapp.db import new_token
from webapp.errors import NotFound
from webapp.form_engine.guard import contains_individual_number
from webapp.tariff.facts import Fact
from webapp.tariff.table import Exemption, Extra
from webapp.web import guards, sessions, transaction
from webapp.web.day_boxes import CALENDAR_YEARS
from webapp.web.filters import text_of
from webapp.web.services import services
from webapp.web.transaction import db

VISITOR = "visitor"
"""What the owner key of a booking without sign-in begins with; the rest is known to its browser alone."""


def booker(declared_resident: bool = True, number: str = "") -> Booker:
    """The person of this browser; what a registration proves wins over what is declared.

    ``number`` is the registration to book with; without it the resident's own one, else the newest group.
    """
    resident = guards.current_resident()
    facts: dict[str, Fact] = {"resident": declared_resident, "ticket": 0, "commercial": False}
    if resident is None:
        return Booker(f"{VISITOR}:{_visitor()}", None, facts)
    known = next((one for one in registrations() if number in ("", one.number)), None)
    if known is None:
        return Booker(f"resident:{resident.id}", resident.id, facts)
    return Booker(
        registration.owner_key(known),
        resident.id,
        {**facts, **known.classes},
        registration.valid_until(known),
    )


def registrations() -> list[Registration]:
    """What the signed-in resident may book with today; asked once in a request."""
    resident = guards.current_resident()
    if resident is None:
        return []
    if "registrations" not in g:
        catch_up(resident.id)
        g.registrations = registration.standing(db(), resident.id, clock.today())
    found: list[Registration] = g.registrations
    return found


def catch_up(resident_id: int | None = None) -> None:
    """Let registrations agree with their cases before they are shown."""
    if registering.behind(db(), resident_id=resident_id):
        city = services().city
        transaction.first(lambda session: registering.catch_up(session, city, resident_id=resident_id))


def facility_or_404(slug: str) -> Facility:
    found = services().facilities.get(slug)
    if found is None:
        raise NotFound(slug, say="その施設は見つかりません。施設の一覧から選んでください。")
    return found


def room_or_404(facility: Facility, key: str) -> Room:
    try:
        return facility.room(key)
    except KeyError:
        raise NotFound(key, say="その部屋は見つかりません。施設のページから選んでください。") from None


def day_of(text: str | None, otherwise: date) -> date:
    """A day of an address or a form; what cannot be read, or is far from this century, is `otherwise`."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return otherwise
    return day if day.year in CALENDAR_YEARS else otherwise


def whole(text: str | None) -> int:
    """A typed number, full-width digits too; what cannot be read is 0."""
    tidy = (text or "").strip().replace(",", "").replace("人", "").replace("円", "")
    try:
        return min(int(tidy), 10_000_000) if tidy else 0
    except ValueError:
        return 0


def wish_of(facility: Facility, room: Room, day: date, form: Mapping[str, Any], bands: list[str]) -> Wish:
    """The wish that the choosing page sent."""
    start = whole(form.get("start")) if form.get("start") else None
    end = whole(form.get("end")) if form.get("end") else None
    return Wish(facility.slug, room.key, day, tuple(bands), start, end, whole(form.get("persons")))


def questions_of(facility: Facility, room: Room) -> list[Question]:
    return [q for q in facility.questions if not q.rooms or room.key in q.rooms]


def choosable_extras(facility: Facility, room: Room, day: date) -> list[Extra]:
    return [extra for extra in extras_of(facility, room, day) if not extra.automatic]


def exemptions_of(facility: Facility, room: Room, day: date) -> list[Exemption]:
    """What can be asked for by the table of that day of use."""
    table = facility.table_on(room, day)
    return [] if table is None else table.exemptions


def settled_facts(booking: Booking) -> dict[str, Fact]:
    """What the details page cannot change: said when the room was taken, or proved by the registration."""
    said = {"resident": booking.facts.get("resident", False)}
    known = registered(booking)
    return {**said, **known.classes} if known is not None else said


def registered(booking: Booking) -> Registration | None:
    """The registration a booking was made with, while it stands."""
    if booking.resident_id is None:
        return None
    standing = registration.standing(db(), booking.resident_id, clock.today())
    key = booking.owner_key or ""
    if key.startswith(registration.GROUP):
        return next((one for one in standing if one.number == key.removeprefix(registration.GROUP)), None)
    return next((one for one in standing if one.kind == "person"), None)


def facts_of(facility: Facility, room: Room, form: Mapping[str, str]) -> dict[str, Fact]:
    """What is said about the use: admission, profit, and the facility's own questions."""
    facts: dict[str, Fact] = {
        "ticket": whole(form.get("ticket")),
        "commercial": form.get("commercial") == "yes",
    }
    for question in questions_of(facility, room):
        value = form.get(question.key, "")
        facts[question.key] = whole(value) if question.kind == "yen" else value
        if question.kind == "yes_no":
            facts[question.key] = value == "yes"
    return facts


def details_of(
    facility: Facility, room: Room, day: date, form: Mapping[str, str], settled: Mapping[str, Fact]
) -> Details:
    """The answers of the details page; ``settled`` facts win over anything the form says."""
    facts = facts_of(facility, room, form)
    if room.by_area:
        facts["sqm"] = form.get("sqm", "0")
    facts.update(settled)
    extras = {
        extra.key: whole(form.get(f"extra.{extra.key}")) for extra in choosable_extras(facility, room, day)
    }
    return Details(
        persons=whole(form.get("persons")),
        title=form.get("title", ""),
        purpose=form.get("purpose") or None,
        facts=facts,
        extras=extras,
        exemption=form.get("exemption") or None,
        exemption_reason=form.get("exemption_reason", ""),
    )


def contact_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Name, telephone and mail as typed; a mail address is not needed."""
    names = ("name", "kana", "tel", "email", "group")
    return {**{name: form.get(name, "").strip() for name in names}, "lang": guards.lang()}


def mistakes(facility: Facility, room: Room, form: Mapping[str, str]) -> list[tuple[str, str]]:
    """(id of the control, what to do) for everything that is missing on the details page."""
    found: list[tuple[str, str]] = []
    if whole(form.get("persons")) < 1:
        found.append(("persons", _("使う人数を数字で入れてください。")))
    if not form.get("name", "").strip():
        found.append(("name", _("お名前を入れてください。")))
    if not form.get("tel", "").strip():
        found.append(("tel", _("連絡のつく電話番号を入れてください。")))
    for question in questions_of(facility, room):
        if question.kind == "choice" and form.get(question.key) not in question.choices:
            found.append((question.key, _("「%(name)s」を選んでください。", name=text_of(question.label))))
    for name in ("title", "exemption_reason"):
        if contains_individual_number(form.get(name, "")):
            found.append((name, _("マイナンバー(個人番号)は書かないでください。")))
    return found


def remember_visitor(who: Booker) -> None:
    """Let this browser stay who it was when it took something; whoever was refused costs no write."""
    kind, _, token = who.key.partition(":")
    if kind == VISITOR and not sessions.owns(VISITOR, token):
        sessions.own(VISITOR, token)


def _visitor() -> str:
    known = sessions.owned(VISITOR)
    return known[0] if known else new_token()
