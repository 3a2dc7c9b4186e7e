"""Proofs that every name in a facility file means something: rooms, facts, answers, purposes, keys."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from webapp.booking.facility import Facility
from webapp.booking.rules import Question
from webapp.tariff.facts import Range, Wanted, When
from webapp.tariff.table import Table
from webapp.yaml_source import Complaint, Source

Path = tuple[str | int, ...]
AT_ONCE = frozenset({"ticket", "resident", "commercial", "group_class"})
"""What is known before a price is asked for."""
PRICED = AT_ONCE | {"day", "month", "persons"}


def rooms_exist(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Rules about rooms that do not exist."""
    keys = {room.key for room in facility.rooms}
    for place, rooms in _mentions(facility):
        for key in rooms:
            if key not in keys:
                yield source.complain(place, f"room {key!r} does not exist", "mend the key")


def facts_are_known(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Conditions on something nobody is asked, or on an answer nobody can give."""
    for number, window in enumerate(facility.windows):
        yield from _known(source, facility, window.when, AT_ONCE, (), ("windows", number, "when"))
    for t, table in enumerate(facility.tariffs):
        days = [*(kind.key for kind in table.days), table.otherwise]
        for place, when in _conditions(table, ("tariffs", t)):
            yield from _known(source, facility, when, PRICED, days, place)


def keys_are_unique(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Two rules, questions or tables of one key: only one of them could be meant."""
    lists: list[tuple[Path, Sequence[Any]]] = [
        (("questions",), facility.questions),
        (("tariffs",), facility.tariffs),
    ]
    for t, table in enumerate(facility.tariffs):
        for part in ("days", "adjustments", "extras", "exemptions"):
            lists.append((("tariffs", t, part), getattr(table, part)))
    for place, entries in lists:
        keys = [entry.key for entry in entries]
        for n, key in enumerate(keys):
            if key in keys[:n]:
                yield source.complain((*place, n, "key"), f"key {key!r} stands twice", "rename one")


def purposes_have_words(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Purposes of rooms that nobody could read."""
    for n, room in enumerate(facility.rooms):
        for purpose in room.purposes:
            if purpose not in facility.purposes:
                place = ("rooms", n, "purposes")
                yield source.complain(place, f"no words for purpose {purpose!r}", "add it to purposes:")


def _mentions(facility: Facility) -> Iterator[tuple[Path, list[str]]]:
    for part in ("windows", "cancellation", "questions"):
        for n, rule in enumerate(getattr(facility, part)):
            yield (part, n, "rooms"), rule.rooms
    for t, table in enumerate(facility.tariffs):
        for part in ("rows", "adjustments", "printed"):
            for n, rule in enumerate(getattr(table, part)):
                yield ("tariffs", t, part, n, "rooms"), rule.rooms
        for n, rule in enumerate(table.adjustments):
            yield ("tariffs", t, "adjustments", n, "except_rooms"), rule.except_rooms
        for n, extra in enumerate(table.extras):
            for p, price in enumerate(extra.prices):
                yield ("tariffs", t, "extras", n, "prices", p, "rooms"), price.rooms


def _conditions(table: Table, here: Path) -> Iterator[tuple[Path, When | list[When]]]:
    for part in ("rows", "adjustments", "exemptions"):
        for n, rule in enumerate(getattr(table, part)):
            yield (*here, part, n, "when"), rule.when
    for n, extra in enumerate(table.extras):
        for p, price in enumerate(extra.prices):
            yield (*here, "extras", n, "prices", p, "when"), price.when
    if table.exemption_barred_when is not None:
        yield (*here, "exemption_barred_when"), table.exemption_barred_when


def _known(
    source: Source,
    facility: Facility,
    when: When | list[When],
    facts: Iterable[str],
    days: Sequence[str],
    place: Path,
) -> Iterator[Complaint]:
    questions = {question.key: question for question in facility.questions}
    for n, one in enumerate(when if isinstance(when, list) else [when]):
        here: Path = (*place, n) if isinstance(when, list) else place
        for name, wanted in one.items():
            if name not in facts and name not in questions:
                hint = "add it to questions:" if name not in PRICED else "it is not known yet at that time"
                yield source.complain((*here, name), f"nobody is asked for {name!r}", hint)
            elif (
                strange := _strange(wanted, questions.get(name), days if name == "day" else ())
            ) is not None:
                yield source.complain((*here, name), f"{name!r} is never {strange!r}", "mend the value")


def _strange(wanted: Wanted, question: Question | None, days: Sequence[str]) -> object:
    """A wanted value that no answer can have."""
    values = wanted if isinstance(wanted, list) else [wanted]
    if days:
        return next((value for value in values if value not in days), None)
    if question is None or question.kind == "yen":
        return None
    if question.kind == "yes_no":
        return next((v for v in values if not isinstance(v, bool)), None)
    return next((v for v in values if isinstance(v, Range | bool) or v not in question.choices), None)
