"""(b) free stretches of 300 rooms × 31 days over 216,000 occupied rows; a week page beside an empty page."""

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from flask import Flask, render_template
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from benchmarks.booking.ground import FIRST, MAY, fresh, in_turns, judge, rooms
from tests.fakes.counter import counter
from webapp import clock
from webapp.booking.availability import free_spans
from webapp.booking.cells import all_cell_ids, sync_cells
from webapp.booking.load import load_facilities
from webapp.booking.models import Occupancy
from webapp.booking.times import instant
from webapp.db import Database
from webapp.web.guards import public

DAYS = 31
EMPTY = '{% extends "base.html" %}{% block title %}空{% endblock %}{% block main %}{% endblock %}'
BARE = text(
    "SELECT cell_id, starts_at, ends_at FROM occupancy WHERE cell_id = ANY(:ids) "
    "AND starts_at < :end AND ends_at > :start ORDER BY cell_id, starts_at"
)


def run(server: str, quick: bool) -> list[str]:
    places = rooms(300)
    with fresh(server, "bench_availability", places) as database:
        with database.transaction() as session:
            ids = list(
                all_cell_ids(session, [("gym", room.key) for room in places.by_slug["gym"].rooms]).values()
            )
            rows = _occupy(session, ids)
        with database.transaction() as session:
            session.execute(text("ANALYZE occupancy"))
            facility = places.by_slug["gym"]
            start, end = instant(FIRST, 0), instant(FIRST + timedelta(days=DAYS), 0)
            seconds = in_turns(
                5 if quick else 40,
                ours=lambda _: free_spans(session, facility, facility.rooms, FIRST, DAYS),
                bare=lambda _: session.execute(BARE, {"ids": ids, "start": start, "end": end}).all(),
            )
        told = ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in seconds.items())
        print(f"(b) {len(ids)} rooms x {DAYS} days over {rows:,} rows: {told}")
        missed = judge("ours / bare SQL", seconds["ours"] / seconds["bare"], 2.0, at_most=True)
        return missed + _week_pages(database, 3 if quick else 15)


def _occupy(session: Session, ids: list[int]) -> int:
    """Three fifths of all bands of 400 days."""
    written = 0
    for day in (FIRST + timedelta(days=offset) for offset in range(400)):
        rows = [
            {"cell_id": cell, "starts_at": instant(day, start), "ends_at": instant(day, start + 180)}
            for cell in ids
            for position, start in enumerate((540, 780, 1080))
            if (cell + day.toordinal() + position) % 5 < 3
        ]
        session.execute(insert(Occupancy), rows)
        written += len(rows)
    return written


def _week_pages(database: Database, rounds: int) -> list[str]:
    """The pages of every facility of the sample city: one room's week, and a day of all its rooms."""
    app = _site(database)
    client = app.test_client()

    def get(address: str) -> None:
        assert client.get(address).status_code == 200, address

    missed = []
    for name, address in (
        ("a room's week", "/facilities/{0.slug}/rooms/{0.rooms[0].key}"),
        ("a facility's day", "/facilities/{0.slug}"),
    ):
        ratios: dict[str, float] = {}
        with clock.frozen(MAY):
            for facility in app.extensions["madoguchi"].facilities:
                path = f"{address.format(facility)}?from={FIRST}"
                seconds = in_turns(rounds, page=lambda _, path=path: get(path), empty=lambda _: get("/empty"))
                ratios[facility.slug] = seconds["page"] / seconds["empty"]
        worst = max(ratios, key=lambda slug: ratios[slug])
        print(f"    {name}, {len(ratios)} facilities: median {median(ratios.values()):.2f} x an empty page")
        missed += judge(f"{name}, the dearest ({worst}) / an empty page", ratios[worst], 3.0, at_most=True)
    return missed


def _site(database: Database) -> Flask:
    """The whole site with the sample city's facilities, and a page that holds nothing."""
    app = counter(database.url, Path(tempfile.mkdtemp(prefix="bench-booking-")))
    places = load_facilities([Path("demo/facilities")])
    app.extensions["madoguchi"] = replace(app.extensions["madoguchi"], facilities=places)
    with database.transaction() as session:
        sync_cells(session, places)
    empty = app.jinja_env.from_string(EMPTY)
    app.add_url_rule("/empty", "empty", public(lambda: render_template(empty)))
    return app
