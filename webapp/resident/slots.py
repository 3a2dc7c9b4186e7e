"""Drawing the days of rooms: hundreds of stretches on a page, of which a few dozen are different."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import current_app, g, request
from flask_babel import gettext as _
from markupsafe import Markup, escape

from webapp.booking.availability import DayRow, RoomGrid
from webapp.booking.facility import Facility, Room
from webapp.booking.shape import CellState, State
from webapp.booking.windows import Answer
from webapp.web.filters import text_of
from webapp.web.languages import lang

ADDRESS, ABOUT, STRETCHES, CONTENT = "\x01", "\x02", "\x03", "\x04"
"""Where the address of choosing, the name of room and day, all stretches, and the day of a room go.

No text holds these.
"""
DAY = "~day~"
"""Where the day goes in an address."""
MOST_KEPT = 20_000
"""Pieces of one kind that are kept; the stretches of all rooms in every state are fewer."""
Words = dict[State, str]
Key = TypeVar("Key")
Piece = TypeVar("Piece")


def state_words(row: DayRow) -> Words:
    """What each state of a stretch is called on this day: a mark and a word, never a colour alone."""
    said: Words | None = g.get("state_words")
    if said is None:
        said = g.state_words = {
            "free": "○ " + _("空き"),
            "taken": "× " + _("予約済み"),
            "closed": "－ " + _("休館"),
            "too_early": "△ " + _("受付前"),
            "past": "－ " + _("終了"),
            "too_late": "－ " + _("受付終了"),
        }
    if _is_expired(row):
        return {**said, "too_late": "－ " + _("登録の期限より後")}
    return said


@dataclass(frozen=True)
class Place:
    """A room as it is drawn: its name, its entry in a list, the address of choosing a time on a day.

    It holds the room, so that the id it is found by stays the room's.
    """

    room: Room
    name: Markup
    entry: str
    choose: str


class Pen:
    """Draws in one language with the macros of ``resident/_slots.html``, each piece once.

    A piece is kept by all that it shows: a stretch by itself, of which its state is a part, a note by the
    reason and the minute it names, an entry by its room. Which pieces make up a day is worked out for every
    page from what the database and the clock say then.
    """

    def __init__(self, macros: Any) -> None:
        self._macros = macros
        self._frame, self._closed = str(macros.frame()), str(macros.closed())
        self.legend: Markup = macros.legend()
        self._places: dict[tuple[str, int], Place] = {}
        self._notes: dict[tuple[str, datetime | None], str] = {}
        self._stretches: dict[bool, dict[CellState, str]] = {False: {}, True: {}}

    def rooms(self, facility: Facility, grids: Iterable[RoomGrid], day: str) -> Markup:
        """Entries of rooms with the first day of each; ``day`` is that day in words."""
        drawn = []
        for grid in grids:
            place, row = self._place(facility, grid.room), grid.days[0]
            entry = place.entry.replace(DAY, row.day.isoformat())
            drawn.append(entry.replace(CONTENT, self._day(place, row, day)))
        return Markup("".join(drawn))  # noqa: S704  macros' markup

    def day(self, facility: Facility, room: Room, row: DayRow, day: str) -> Markup:
        """Why it cannot be booked, if so, and its stretches; ``day`` is the day in words."""
        return Markup(self._day(self._place(facility, room), row, day))  # noqa: S704  macros' markup

    def stretches(self, facility: Facility, room: Room, row: DayRow, day: str) -> Markup:
        """The stretches alone."""
        return Markup(self._all(self._place(facility, room), row, day))  # noqa: S704  macros' markup

    def _day(self, place: Place, row: DayRow, day: str) -> str:
        note = "" if row.answer.allowed else self._note(row.answer)
        return note + self._all(place, row, day)

    def _all(self, place: Place, row: DayRow, day: str) -> str:
        if row.is_closed:
            return self._closed
        known = self._stretches[_is_expired(row)]
        alike = "".join([known.get(cell) or self._draw(known, cell, row) for cell in row.cells])
        address = place.choose.replace(DAY, row.day.isoformat())
        about = f"{place.name} {escape(day)}"
        return self._frame.replace(STRETCHES, alike).replace(ADDRESS, address).replace(ABOUT, about)

    def _draw(self, known: dict[CellState, str], cell: CellState, row: DayRow) -> str:
        return _keep(known, cell, str(self._macros.stretch(cell, state_words(row)[cell.state])))

    def _note(self, answer: Answer) -> str:
        kind = (answer.reason, answer.opens)
        known = self._notes.get(kind)
        return _keep(self._notes, kind, str(self._macros.note(answer))) if known is None else known

    def _place(self, facility: Facility, room: Room) -> Place:
        kind = (facility.slug, id(room))
        return self._places.get(kind) or _keep(self._places, kind, self._new_place(facility, room))

    def _new_place(self, facility: Facility, room: Room) -> Place:
        entry, choose = self._macros.entry(facility, room), self._macros.choose(facility, room)
        return Place(room, escape(text_of(room.name)), str(entry), str(choose))


def pen(macros: Any) -> Pen:
    """The pen for the reader's language, kept as long as the application and the template."""
    pens: dict[Any, Pen] = current_app.extensions.setdefault("pens", {})
    kind = (macros, lang(), request.root_path)
    return pens.get(kind) or pens.setdefault(kind, Pen(macros))


def _is_expired(row: DayRow) -> bool:
    return row.answer.reason == "registration_expires"


def _keep(known: dict[Key, Piece], key: Key, piece: Piece) -> Piece:
    if len(known) >= MOST_KEPT:
        known.clear()
    known[key] = piece
    return piece
