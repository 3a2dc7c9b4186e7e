"""The pile an officer works through: the list the inbox last showed, and which case comes next on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from flask import session, url_for

from webapp.casework import inbox as cases
from webapp.staff.inbox import LIST, wish_of
from webapp.web.transaction import db

MOST = 500
"""So far down a list the next case is looked for; nobody works through more in a day."""
_PLACE = "inbox_place"


@dataclass(frozen=True)
class Place:
    """Where a case stands in the officer's list; ``number`` is None once it has left the list."""

    back: str
    list_name: str
    number: int | None
    total: int
    following: str | None


def place(reference: str) -> Place:
    """Return where the case stands in the list the officer came from, and remember it.

    When a case has left the list (by a decision, say), the one that moved up to its place follows.
    """
    args = dict(parse_qsl(session.get(LIST, "")))
    wish = replace(wish_of(args), page=1)
    listed = cases.references(db(), wish, MOST)
    number = listed.index(reference) + 1 if reference in listed else None
    if number is None:
        at = int(session.get(_PLACE, 0))
    else:
        at = number
        if session.get(_PLACE) != number - 1:
            session[_PLACE] = number - 1
    others = [one for one in (*listed[at:], *listed[:at]) if one != reference]
    return Place(
        back=url_for("staff.inbox.inbox", **args),
        list_name=cases.VIEWS.get(wish.view, cases.VIEWS["open"]),
        number=number,
        total=len(listed),
        following=others[0] if others else None,
    )
