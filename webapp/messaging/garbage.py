"""The garbage calendar of the city (CITY_DIR/garbage.yaml) and the notice on the evening before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from webapp import clock
from webapp.city import City
from webapp.messaging.notices import Notice, enqueue_notice
from webapp.messaging.topics import audience
from webapp.outbox.quiet import is_quiet
from webapp.yaml_source import Complaint, SourceErrors, Text, read, validate

TOPIC: Final = "garbage"
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(_Part):
    """A kind of garbage and how to put it out."""

    name: Text
    how: Text


class Collection(_Part):
    """When a kind is collected: on weekdays, in all weeks of the month or in the n-th ones."""

    kind: str
    weekdays: Annotated[list[Weekday], Field(min_length=1)]
    weeks: list[Annotated[int, Field(ge=1, le=5)]] = []


class Course(_Part):
    """Areas that share a calendar."""

    key: str
    areas: Annotated[list[str], Field(min_length=1)]
    collections: list[Collection]


class Move(_Part):
    """An exception: on ``day`` nothing of that kind in that course; ``to`` says when instead."""

    course: str
    kind: str
    day: date
    to: date | None = None


class GarbageCalendar(_Part):
    """The whole of garbage.yaml."""

    tell_at: time
    out_by: time
    url: str = ""
    kinds: dict[str, Kind]
    courses: list[Course]
    no_collection: list[date] = []
    moves: list[Move] = []

    def on(self, course: Course, day: date) -> list[str]:
        """Return the kinds collected in a course on a day, exceptions applied."""
        kinds = [c.kind for c in course.collections if _falls_on(c, day) and day not in self.no_collection]
        for move in self.moves:
            if move.course == course.key and move.day == day and move.kind in kinds:
                kinds.remove(move.kind)
            if move.course == course.key and move.to == day and move.kind not in kinds:
                kinds.append(move.kind)
        return kinds

    def course_of(self, area: str) -> Course | None:
        """Return the course of an area."""
        return next((course for course in self.courses if area in course.areas), None)

    def next_days(self, area: str, start: date, days: int = 7) -> list[tuple[date, list[Kind]]]:
        """Return the coming collections of an area."""
        course = self.course_of(area)
        if course is None:
            return []
        coming = [(start + timedelta(days=n)) for n in range(days)]
        listed = [(day, [self.kinds[key] for key in self.on(course, day)]) for day in coming]
        return [(day, kinds) for day, kinds in listed if kinds]


def load(folder: Path, city: City) -> GarbageCalendar | None:
    """Read ``folder/garbage.yaml``; None when the city has none. Raises SourceErrors."""
    path = folder / "garbage.yaml"
    if not path.exists():
        return None
    source = read(path)
    calendar = validate(source, GarbageCalendar)
    complaints: list[Complaint] = []
    areas = {area.key for area in city.areas}
    for number, course in enumerate(calendar.courses):
        for area in sorted(set(course.areas) - areas):
            what = f"area {area} is not in city.yaml"
            complaints.append(source.complain(("courses", number, "areas"), what, "write an area's key"))
        for part, collection in enumerate(course.collections):
            if collection.kind not in calendar.kinds:
                place = ("courses", number, "collections", part)
                complaints.append(
                    source.complain(place, f"unknown kind {collection.kind}", "add it to kinds")
                )
    if is_quiet(datetime.combine(clock.today(), calendar.tell_at, clock.TOKYO)):
        complaints.append(
            source.complain(
                ("tell_at",), "tell_at lies in the quiet hours", "write a time from 07:00 to 20:59"
            )
        )
    if complaints:
        raise SourceErrors(complaints)
    return calendar


def tell_tomorrow(session: Session, calendar: GarbageCalendar, city: City, *, line_on: bool) -> int:
    """Write the notices for tomorrow's collections; repeatable. Returns the number of people told."""
    tomorrow = clock.today() + timedelta(days=1)
    until = datetime.combine(tomorrow, calendar.out_by, clock.TOKYO)
    told = 0
    for course in calendar.courses:
        kinds = calendar.on(course, tomorrow)
        if not kinds:
            continue
        people = audience(session, TOPIC, areas=course.areas, line_on=line_on, everywhere=False)
        told += enqueue_notice(
            session,
            _notice(calendar, [calendar.kinds[key] for key in kinds], tomorrow),
            people,
            lane="reminder",
            key=f"garbage:{tomorrow}:{course.key}",
            not_after=until,
        )
    return told


def _notice(calendar: GarbageCalendar, kinds: Sequence[Kind], day: date) -> Notice:
    weekday = "月火水木金土日"[day.weekday()]
    by = f"{calendar.out_by.hour}:{calendar.out_by.minute:02d}"
    ja = "、".join(kind.name.ja for kind in kinds)
    easy = "、".join(kind.name.in_("easy") for kind in kinds)
    english = ", ".join(kind.name.in_("en") for kind in kinds)
    return Notice(
        title=Text(
            ja=f"あしたは「{ja}」の日です", easy=f"あしたは {easy}の 日です", en=f"Tomorrow: {english}"
        ),
        body=Text(
            ja=f"{day.month}月{day.day}日（{weekday}）{by}までに出してください。\n"
            + "\n".join(k.how.ja for k in kinds),
            easy=f"{day.month}月{day.day}日（{weekday}）{by}までに 出して ください。\n"
            + "\n".join(k.how.in_("easy") for k in kinds),
            en=f"Please put it out by {by} on {day:%A}, {day.day} {day:%B}.\n"
            + "\n".join(k.how.in_("en") for k in kinds),
        ),
        why=Text(
            ja="届いた理由: 「ごみ収集の前日のお知らせ」を登録しているためです。",
            easy="とどいた 理由（りゆう）: 「ごみの日」の お知らせを えらんで います。",
            en="Why you got this: you asked for garbage notices.",
        ),
        url=calendar.url,
    )


def _falls_on(collection: Collection, day: date) -> bool:
    if _WEEKDAYS[day.weekday()] not in collection.weekdays:
        return False
    return not collection.weeks or (day.day - 1) // 7 + 1 in collection.weeks
