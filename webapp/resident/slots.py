"""Drawing the stretches of a day: hundreds on a page, of which a few dozen are different."""

from collections.abc import Callable, Iterable

from flask import g
from flask_babel import gettext as _
from markupsafe import Markup

from webapp.booking.availability import DayRow
from webapp.booking.shape import CellState, State

ADDRESS, ABOUT = "\x01", "\x02"
"""Where the address of the day and the name of room and day go; no text holds these."""
Words = dict[State, str]
Draw = Callable[[CellState, str], Markup]


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
    if row.answer.reason == "registration_expires":
        return {**said, "too_late": "－ " + _("登録の期限より後")}
    return said


def drawn(cells: Iterable[CellState], draw: Draw, say: Words, address: str, about: str) -> Markup:
    """All stretches of a day of a room: each is drawn once for a page, then address and name are put in."""
    known: dict[tuple[int, str], tuple[CellState, Markup]] = g.setdefault("drawn_stretches", {})
    pieces: list[Markup] = []
    for cell in cells:
        words = say[cell.state]
        key = (id(cell), words)  # the cell is kept beside its drawing, so its id stays its own
        found = known.get(key)
        if found is None:
            found = known[key] = (cell, draw(cell, words))
        pieces.append(found[1])
    alike = Markup("".join(pieces))  # noqa: S704  markup already, as the template's macro drew it
    return alike.replace(ADDRESS, address).replace(ABOUT, about)
