"""Proofs of a facility's times: bands, opening hours, windows that never open, refunds out of order."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from webapp.booking.check_samples import combinations, in_words
from webapp.booking.facility import Band, Facility, Room
from webapp.booking.moments import Days, closes_at, opens_at
from webapp.booking.rules import Moment, Window
from webapp.booking.times import DAY_MINUTES, instant, minutes
from webapp.booking.windows import window_for
from webapp.booking.wish import starts_of
from webapp.calendar.business import city_hall, days_between
from webapp.yaml_source import Complaint, Source

FIRST = date(2026, 4, 1)
"""Proofs look at two years from here: leap days, every end of a month, every holiday."""
YEARS = 2


def open_at_all(source: Source, facility: Facility) -> Iterator[Complaint]:
    """A calendar that is closed every day."""
    calendar = facility.calendar()
    if not any(calendar.is_open(day) for day in days_between(FIRST, FIRST + timedelta(days=365))):
        yield source.complain(("closed",), "closed on every day of a year", "leave days open")


def bands_fit(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Bands that overlap, stand twice, cover what is not there, leave one out, or lie outside the hours."""
    opening = facility.opening
    for name, bands in facility.bands.items():
        keys = [band.key for band in bands]
        singles = sorted((b for b in bands if not b.covers), key=lambda b: b.begins)
        for first, second in pairwise(singles):
            if second.begins < first.ends:
                place = ("bands", name, bands.index(second), "start")
                yield source.complain(
                    place, f"band {second.key!r} overlaps {first.key!r}", "move start: or end:"
                )
        for number, band in enumerate(bands):
            here = ("bands", name, number)
            if band.key in keys[:number]:
                yield source.complain((*here, "key"), f"band {band.key!r} stands twice", "rename one")
            if missing := [key for key in band.covers if key not in keys]:
                yield source.complain((*here, "covers"), f"band {missing[0]!r} does not exist", "name a band")
            elif band.covers:
                yield from _longer_fits(source, band, bands, here)
            if opening and not (minutes(opening.start) <= band.begins and band.ends <= _closing(facility)):
                yield source.complain(
                    here, f"band {band.key!r} lies outside the opening hours", "mend one of them"
                )


def rooms_fit(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Rooms with an unknown band set, no times to choose, sessions after closing, or parts that are none."""
    for number, room in enumerate(facility.rooms):
        here = ("rooms", number)
        if room.bands is not None and room.bands not in facility.bands:
            hint = f"write one of {sorted(facility.bands)}"
            yield source.complain((*here, "bands"), f"band set {room.bands!r} does not exist", hint)
        elif not starts_of(facility, room):
            hint = "write opening:, or give the room bands: or sessions:"
            yield source.complain(here, f"no times for room {room.key!r}", hint)
        if room.sessions is not None and facility.opening is not None:
            first, last = minutes(room.sessions.first), minutes(room.sessions.last) + room.sessions.minutes
            if first < minutes(facility.opening.start) or last > _closing(facility):
                yield source.complain(
                    (*here, "sessions"), "sessions lie outside the opening hours", "mend one of them"
                )
        if room.part_of is not None:
            whole = next((r for r in facility.rooms if r.key == room.part_of), None)
            if whole is None or not set(room.atoms) < set(whole.atoms):
                hint = "list the cells of the parts in the whole"
                yield source.complain((*here, "part_of"), f"{room.key!r} is no part of it", hint)


def windows_open(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Windows that close before they open, open only after the use, or are never the one that fits."""
    days = Days(facility.calendar(), city_hall())
    for number, window in enumerate(facility.windows):
        here = ("windows", number)
        for key, opens in (("opens", window.opens), ("counter_opens", window.counter_opens)):
            if opens is not None and (day := _shut(opens, window.closes, days)) is not None:
                hint = f"move {key}: earlier or closes: later"
                yield source.complain((*here, key), f"the window never opens for {day}", hint)
    yield from _never_first(source, facility)


def refunds_descend(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Tiers that are not in the order of time, so that a later one could never apply."""
    days = Days(facility.calendar(), city_hall())
    use = date(2026, 6, 10)
    starts = instant(use, 18 * 60)
    for number, rule in enumerate(facility.cancellation):
        ends: list[datetime] = [closes_at(tier.until, starts, use, days) for tier in rule.tiers]
        if ends != sorted(ends):
            yield source.complain(("cancellation", number, "tiers"), "tiers out of order", "earliest first")


def _longer_fits(
    source: Source, band: Band, bands: list[Band], here: tuple[str | int, ...]
) -> Iterator[Complaint]:
    """A longer band is as long as what it covers, and covers everything between."""
    parts = [b for b in bands if b.key in band.covers]
    if (band.begins, band.ends) != (min(b.begins for b in parts), max(b.ends for b in parts)):
        hint = "write the start of the first and the end of the last covered band"
        yield source.complain(here, f"band {band.key!r} is not as long as what it covers", hint)
    for other in bands:
        inside = band.begins <= other.begins and other.ends <= band.ends
        if inside and not other.covers and other.key not in band.covers:
            yield source.complain(
                (*here, "covers"), f"band {band.key!r} leaves out {other.key!r}", "cover it, too"
            )


def _shut(opens: Moment, closes: Moment | None, days: Days) -> date | None:
    """The first day of use for which a window would be shut all the time. A fixed first day stands alone."""
    if opens.fixed is not None and (closes is None or closes.fixed is None):
        return None
    for day in _telling_days():
        starts = instant(day, DAY_MINUTES)
        ends = starts if closes is None else closes_at(closes, starts, day, days)
        if opens_at(opens, starts, day, days) >= ends:
            return day
    return None


def _telling_days() -> Iterator[date]:
    """Ends and beginnings of months, where counting goes wrong, and a day now and then."""
    for day in days_between(FIRST, FIRST.replace(year=FIRST.year + YEARS)):
        if day.day in (1, 2, 28, 29, 30, 31) or day.toordinal() % 13 == 0:
            yield day


def _never_first(source: Source, facility: Facility) -> Iterator[Complaint]:
    reached = {
        id(window_for(facility, room, facts))
        for room in facility.rooms
        for facts in combinations([window.when for window in facility.windows], facility.questions)
    }
    known = {room.key for room in facility.rooms}
    for number, window in enumerate(facility.windows):
        if id(window) not in reached and set(window.rooms) <= known:
            place = _first_that_fits(facility, window)
            hint = "put it before the one it narrows" if place else "mend when:"
            yield source.complain(("windows", number), f"the window is never used{place}", hint)


def _first_that_fits(facility: Facility, window: Window) -> str:
    rooms: list[Room] = [r for r in facility.rooms if not window.rooms or r.key in window.rooms]
    for facts in combinations([window.when], facility.questions):
        earlier = window_for(facility, rooms[0], facts)
        if earlier is not None and earlier is not window:
            return f": number {facility.windows.index(earlier) + 1} fits first {in_words(facts)}".rstrip()
    return ""


def _closing(facility: Facility) -> int:
    assert facility.opening is not None
    start, end = minutes(facility.opening.start), minutes(facility.opening.end)
    return end if end > start else end + DAY_MINUTES
