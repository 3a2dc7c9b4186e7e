"""The page on which the desk books: what was typed, what is free, what it costs, what stands against it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from flask import render_template, request

from webapp import clock
from webapp.booking import availability, board
from webapp.booking.errors import OverLimit
from webapp.booking.facility import Facility, Room
from webapp.booking.person import Booker
from webapp.booking.series import Skipped
from webapp.booking.wish import Wish, starts_of
from webapp.staff import repeat
from webapp.web import booking_form as typed
from webapp.web import booking_questions
from webapp.web.booking_questions import Asked
from webapp.web.day_boxes import DayBoxes
from webapp.web.services import services
from webapp.web.transaction import db

CHANNELS = [("counter", "窓口"), ("phone", "電話")]


@dataclass(frozen=True)
class Price:
    """What one use would cost, kept while the trial booking behind it is taken back."""

    day: date
    quote: dict[str, Any] | None
    yen: int


@dataclass(frozen=True)
class Page:
    """The place asked for, and what stands about it: mistakes, prices, limits, days that cannot be had."""

    facility: Facility
    room: Room
    boxes: DayBoxes
    form: dict[str, Any]
    bands: list[str]
    asked: Asked | None = None
    errors: list[tuple[str, str]] = field(default_factory=list)
    prices: Sequence[Price] = ()
    over: OverLimit | None = None
    skipped: Sequence[Skipped] = ()
    officer: ClassVar[Booker] = board.STAFF

    @property
    def day(self) -> date:
        return self.boxes.day or clock.today()

    @property
    def channel(self) -> str:
        return "phone" if self.form.get("channel") == "phone" else "counter"

    @property
    def wish(self) -> Wish:
        return typed.wish_of(self.facility, self.room, self.day, self.form, self.bands)

    @property
    def total_yen(self) -> int:
        return sum(one.yen for one in self.prices)


def show(page: Page) -> str:
    """The page as it stands, with everything that was typed."""
    facility, room, day = page.facility, page.room, page.day
    grid = availability.grid(db(), services().facilities, facility, [room], day, 1, page.officer)
    return render_template(
        "staff/desk_booking_enter.html",
        page=page,
        facility=facility,
        room=room,
        form=page.form,
        day=day,
        boxes=page.boxes,
        repeat=repeat.read(page.form, day),
        rhythms=repeat.RHYTHMS,
        bands=page.bands,
        errors=page.errors,
        prices=page.prices,
        total=page.total_yen,
        row=grid[0].days[0],
        spans=starts_of(facility, room),
        questions=typed.questions_of(facility, room),
        asked=page.asked
        if request.method == "POST"
        else booking_questions.ask(facility, room, None, "counter"),
        extras=typed.choosable_extras(facility, room, day),
        exemptions=typed.exemptions_of(facility, room, day),
        channels=CHANNELS,
    )
