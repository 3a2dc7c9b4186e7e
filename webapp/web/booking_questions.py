"""Questions that a room asks with its booking, from a definition written as any procedure is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp import clock
from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Section
from webapp.form_engine.parse import parse_page
from webapp.form_engine.present import present
from webapp.intake import versions
from webapp.web import guards
from webapp.web.field_views import Drawing
from webapp.web.pages import page_form, typed_form
from webapp.web.services import services
from webapp.web.transaction import db
from webapp.web.widgets import FieldView, dom_id


@dataclass(frozen=True)
class Asked:
    """The questions as they stand on the page; ``errors`` only once something was sent."""

    definition: Definition
    answers: Mapping[str, Any]
    fields: list[FieldView]
    errors: list[tuple[str, str]]


def ask(
    facility: Facility, room: Room, answers: Mapping[str, Any] | None, channel: str = "web"
) -> Asked | None:
    """The questions of a room with what was answered before; None where it asks nothing."""
    definition = _definition(facility, room)
    return None if definition is None else _asked(definition, dict(answers or {}), channel, check=False)


def read(facility: Facility, room: Room, channel: str = "web") -> Asked | None:
    """The questions with what the posted form answers, looked at by the engine."""
    definition = _definition(facility, room)
    if definition is None:
        return None
    typed, answers, context = typed_form(), dict[str, Any](), _context(channel)
    for page in definition.pages:
        answers = parse_page(definition, page.key, typed, answers, context)
    return _asked(definition, answers, channel, check=True)


def keep(asked: Asked | None, bookings: list[Booking]) -> None:
    """Store the answers, and the version they answer, on every booking made in one go."""
    if asked is None:
        return
    version = versions.keep(db(), asked.definition)
    for booking in bookings:
        booking.answers, booking.answers_version = dict(asked.answers), version


def shown(booking: Booking) -> list[Section]:
    """The kept answers as people read them, by the definition they were given to."""
    if booking.answers is None or booking.answers_version is None:
        return []
    definition = versions.load(db(), booking.answers_version)
    return present(
        definition, booking.answers, guards.lang(), evaluate(definition, booking.answers, _context())
    )


def _definition(facility: Facility, room: Room) -> Definition | None:
    slug = facility.form_of(room)
    return services().facilities.forms.get(slug) if slug else None


def _asked(definition: Definition, answers: dict[str, Any], channel: str, *, check: bool) -> Asked:
    context, lang = _context(channel), guards.lang()
    outcome = evaluate(definition, answers, context)
    fields: list[FieldView] = []
    errors: list[tuple[str, str]] = []
    for page in definition.pages:
        form = page_form(definition, page)(answers, context, lang)
        if check:
            form.validate()
        fields += form.views(Drawing(outcome, answers, lang))
        errors += [(dom_id(path), text) for path, texts in form.messages.items() for text in texts]
    stored = answers if errors else outcome.answers
    return Asked(definition, stored, fields, errors)


def _context(channel: str = "web") -> Context:
    now = clock.tokyo(clock.now())
    calendar = services().facilities.hall_calendar
    return Context(today=now.date(), now=now, person=None, channel=channel, calendar=calendar)
