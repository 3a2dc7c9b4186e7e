"""Proofs of fee tables: every use has a price, and only one, every day and on both sides of a bracket."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations as pairs
from itertools import pairwise

from webapp.booking.check_samples import combinations, in_words
from webapp.booking.facility import Facility, Room
from webapp.calendar.business import days_between
from webapp.tariff.facts import Facts, Range, holds, names
from webapp.tariff.prices import band_yen
from webapp.tariff.table import Adjustment, PriceRow, Table
from webapp.tariff.usage import day_type
from webapp.yaml_source import Complaint, Source

YEAR = (date(2026, 4, 1), date(2027, 4, 1))
Path = tuple[str | int, ...]


def prices_are_complete(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Rooms without a price, single bands without a figure, overtime without one."""
    keys = {room.key for room in facility.rooms}
    for t, table in enumerate(facility.tariffs):
        for n, row in enumerate(table.rows):
            place: Path = ("tariffs", t, "rows", n)
            for key in row.rooms:
                if key in keys and row.per == "band":
                    yield from _bands_priced(source, facility, facility.room(key), row, place)
            if table.overtime is not None and table.overtime.share is None and row.overtime_yen is None:
                yield source.complain(place, "no price for overtime", "write overtime_yen:")
    priced = {key for table in facility.tariffs for row in table.rows for key in row.rooms}
    if facility.fees_unknown is None:
        for n, room in enumerate(facility.rooms):
            if room.key not in priced:
                hint = "add a row to tariffs:, or say fees_unknown:"
                yield source.complain(("rooms", n), f"no price for room {room.key!r}", hint)


def extras_are_complete(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Equipment priced by band that lacks a band of a room it is offered in."""
    for t, table in enumerate(facility.tariffs):
        for n, extra in enumerate(table.extras):
            for p, price in enumerate(extra.prices):
                if not isinstance(price.yen, dict):
                    continue
                for room in facility.rooms:
                    if price.rooms and room.key not in price.rooms:
                        continue
                    lacking = [b.key for b in facility.single_bands(room) if b.key not in price.yen]
                    if lacking:
                        place = ("tariffs", t, "extras", n, "prices", p, "yen")
                        say = f"{extra.key!r} has no price for band {lacking[0]!r} of {room.key!r}"
                        yield source.complain(place, say, "write it, or name its rooms:")
                        break


def tables_follow(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Days on which two tables price a room, or none between two that do."""
    for t, table in enumerate(facility.tariffs):
        if table.valid_from and table.valid_to and table.valid_to < table.valid_from:
            place = ("tariffs", t, "valid_to")
            yield source.complain(place, "the table ends before it begins", "mend one of the days")
    seen: set[tuple[int, int]] = set()
    for room in facility.rooms:
        of_room = [
            t for t, table in enumerate(facility.tariffs) if any(room.key in r.rooms for r in table.rows)
        ]
        of_room.sort(key=lambda t: facility.tariffs[t].valid_from or date.min)
        for first, second in pairwise(of_room):
            if (first, second) not in seen:
                seen.add((first, second))
                yield from _follows(source, facility.tariffs[first], facility.tariffs[second], second)


def brackets_meet(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Conditions that leave a use without a price, or give it two: 「1,000円以下」 and 「1,000円以上」."""
    for t, table in enumerate(facility.tariffs):
        told: set[tuple[int, ...]] = set()
        for room in facility.rooms:
            numbers = tuple(n for n, row in enumerate(table.rows) if room.key in row.rooms)
            if not numbers or numbers in told:
                continue
            told.add(numbers)
            yield from _rows_meet(source, facility, table, room.key, numbers, ("tariffs", t, "rows"))
        yield from _surcharges_meet(source, facility, table, ("tariffs", t, "adjustments"))


def _rows_meet(
    source: Source, facility: Facility, table: Table, room: str, numbers: Sequence[int], place: Path
) -> Iterator[Complaint]:
    rows = [table.rows[n] for n in numbers]
    whens = [row.when for row in rows]
    days = _days(table, rows)
    twice: set[int] = set()
    for day in days:
        fact_of_day: Facts = {"day": day_type(day, table.days, table.otherwise), "month": day.month}
        for asked in combinations(whens, facility.questions, frozenset(fact_of_day)):
            facts = {**asked, **fact_of_day}
            fits = [n for n in numbers if _fits(table.rows[n], day, facts)]
            if not fits:
                say = f"no price for room {room!r} on {day} {in_words(asked)}".rstrip()
                yield source.complain((*place, numbers[0]), say, "add a row, or widen when: or season:")
                return
            for first, second in pairs(fits, 2):
                if second not in twice and _alike(table.rows[first], table.rows[second]):
                    twice.add(second)
                    say = f"two prices for room {room!r} on {day} {in_words(asked)}".rstrip()
                    yield source.complain((*place, second), say, f"row {first + 1} fits as well: mend when:")


def _surcharges_meet(source: Source, facility: Facility, table: Table, place: Path) -> Iterator[Complaint]:
    if table.combination == "highest":
        return
    for (_, first), (n, second) in pairs(enumerate(table.adjustments), 2):
        if not _same_bracket(first, second):
            continue
        for facts in combinations([first.when, second.when], facility.questions):
            if holds(first.when, facts) and holds(second.when, facts):
                say = f"{first.key!r} and {second.key!r} both count {in_words(facts)}"
                yield source.complain((*place, n, "when"), say, "mend one bracket, or give both one group:")
                break


def _same_bracket(first: Adjustment, second: Adjustment) -> bool:
    """Two brackets of one figure for a common room and class, which are not exclusive anyway."""
    both = (first.when, second.when)
    ranged = [
        {name for name, wanted in when.items() if isinstance(wanted, Range)}
        for when in both
        if isinstance(when, dict)
    ]
    rooms = not first.rooms or not second.rooms or set(first.rooms) & set(second.rooms)
    exclusive = first.group is not None and first.group == second.group
    return bool(
        len(ranged) == 2
        and ranged[0] & ranged[1]
        and names(first.when) == names(second.when)
        and rooms
        and set(first.classes) & set(second.classes)
        and not exclusive
    )


def _alike(first: PriceRow, second: PriceRow) -> bool:
    """Rows that ask the same questions: of others, an earlier one is the exception to a later one."""
    return names(first.when) == names(second.when) and (first.season is None) == (second.season is None)


def _fits(row: PriceRow, day: date, facts: Facts) -> bool:
    return (row.season is None or row.season.covers(day)) and holds(row.when, facts)


def _days(table: Table, rows: Sequence[PriceRow]) -> list[date]:
    """One day of each kind that the rows tell apart."""
    by_month = any("month" in names(row.when) for row in rows)
    kinds: dict[tuple[object, ...], date] = {}
    for day in days_between(*YEAR):
        seasons = tuple(row.season is None or row.season.covers(day) for row in rows)
        kinds.setdefault((day_type(day, table.days, table.otherwise), by_month and day.month, seasons), day)
    return list(kinds.values())


def _follows(source: Source, first: Table, second: Table, number: int) -> Iterator[Complaint]:
    begins, ends = second.valid_from, first.valid_to
    place = ("tariffs", number, "valid_from")
    if begins is None or ends is None or begins <= ends:
        say = f"two tables price the same room: {first.key!r} still counts"
        yield source.complain(place, say, f"end {first.key!r} with valid_to: the day before")
    elif begins > ends + timedelta(days=1):
        yield source.complain(place, f"no table between {ends} and {begins}", "let them follow day on day")


def _bands_priced(
    source: Source, facility: Facility, room: Room, row: PriceRow, place: Path
) -> Iterator[Complaint]:
    known = {band.key for band in facility.band_set(room)}
    printed = set(row.yen) if isinstance(row.yen, dict) else set()
    for band in facility.single_bands(room):
        if band.key not in printed and band_yen(row, band.key) is None:
            yield source.complain(
                place, f"{room.key!r} has no price for band {band.key!r}", "write it, or null"
            )
    for key in sorted(printed - known):
        yield source.complain((*place, "yen", key), f"{room.key!r} has no band {key!r}", "mend the key")
