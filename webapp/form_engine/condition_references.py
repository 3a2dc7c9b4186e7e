"""Whether the questions of a condition exist, stand earlier, and fit its comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from webapp.conditions.dates import fields_of_day
from webapp.conditions.model import DAYS, NUMERIC, Condition
from webapp.form_engine.desk import DATES, NUMBERS, Desk, Where, exists, near, resolve
from webapp.form_engine.fields import AnyField, Choice, Group


def check_condition(desk: Desk, condition: Condition, where: Where, before: int | None, prefix: str) -> None:
    if condition.shared is not None and condition.shared not in desk.definition.conditions:
        desk.complain(
            (*where, "shared"),
            f"there is no condition {condition.shared!r}",
            near(condition.shared, desk.definition.conditions),
        )
    elif condition.shared is not None and before is not None:
        _shared_in_order(desk, condition.shared, where, before)
    for name in ("all", "any"):
        for index, inner in enumerate(getattr(condition, name) or ()):
            check_condition(desk, inner, (*where, name, index), before, prefix)
    if condition.not_ is not None:
        check_condition(desk, condition.not_, (*where, "not"), before, prefix)
    if condition.count is not None:
        group = exists(desk, condition.count, (*where, "count"), before, prefix)
        if group is not None and not isinstance(group, Group):
            desk.complain(
                (*where, "count"), f"{condition.count!r} is a {group.type}", "count rows of a group"
            )
        elif condition.where is not None and group is not None:
            check_condition(
                desk, condition.where, (*where, "where"), before, f"{resolve(condition.count, prefix)}."
            )
    if condition.sum is not None:
        field = exists(desk, condition.sum, (*where, "sum"), before, prefix, column=True)
        if field is not None and field.type not in NUMBERS:
            desk.complain((*where, "sum"), f"{condition.sum!r} is a {field.type}", "sum a column of numbers")
    if condition.age is not None:
        field = exists(desk, condition.age, (*where, "age"), before, prefix)
        if field is not None and field.type != "date":
            desk.complain(
                (*where, "age"), f"{condition.age!r} is a {field.type}", "age needs a date of birth"
            )
    if condition.fee is not None and before is not None:
        desk.complain(
            (*where, "fee"),
            "the fee is not known yet while questions are shown",
            "use fee in checks, stops or notices",
        )
    for name in ("date", "on", *DAYS):
        check_day(desk, getattr(condition, name), (*where, name), before, prefix)
    if condition.field is not None:
        _comparison(desk, condition, where, before, prefix)


def _comparison(desk: Desk, condition: Condition, where: Where, before: int | None, prefix: str) -> None:
    path = condition.field or ""
    field = exists(desk, path, (*where, "field"), before, prefix)
    if condition.same_as is not None:
        exists(desk, condition.same_as, (*where, "same_as"), before, prefix)
    if field is None:
        return
    name = condition.comparison
    place = (*where, name.rstrip("_"))
    if name == "answered":
        return
    if name in NUMERIC and field.type not in NUMBERS:
        desk.complain(
            place,
            f"{path!r} is a {field.type} and cannot be compared with {name}",
            "compare a number, or use is / in",
        )
    elif name in (*DAYS, "open_day") and field.type not in DATES:
        desk.complain(place, f"{path!r} is a {field.type} and has no {name}", "compare a date or month")
    elif name == "includes" and field.type != "multiselect":
        desk.complain(place, f"{path!r} is a {field.type}; includes is for multiselect", "use is or in")
    elif name in ("is_", "is_not", "in_", "not_in", "includes"):
        _values(desk, condition, field, place)


def _values(desk: Desk, condition: Condition, field: AnyField, place: Where) -> None:
    name = condition.comparison
    wanted = getattr(condition, name)
    values = wanted if isinstance(wanted, list) else [wanted]
    if field.type == "multiselect" and name != "includes":
        desk.complain(
            place, f"{field.key!r} takes several answers, so it never is one", "use includes: value"
        )
    elif field.type == "checkbox" and not all(isinstance(v, bool) for v in values):
        desk.complain(place, f"{field.key!r} is a box to tick", "write is: true, or answered: false")
    elif field.type == "checkbox" and False in values:
        desk.complain(
            place,
            f"{field.key!r} is absent when it is not ticked, so it never is false",
            "write answered: false",
        )
    elif isinstance(field, Choice) and field.options:
        offered = [option.value for option in field.options]
        for value in values:
            if str(value) not in offered or not isinstance(value, str):
                desk.complain(place, f"{value!r} is no option of {field.key!r}", near(str(value), offered))
    elif field.type in NUMBERS and not all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in values
    ):
        desk.complain(
            place, f"{field.key!r} is a number, {values[0]!r} is not", "write a number without quotes"
        )
    elif field.type in ("text", "textarea", "kana", "tel", "postal") and not all(
        isinstance(v, str) for v in values
    ):
        desk.complain(place, f"{field.key!r} is text, {values[0]!r} is not", "write the value in quotes")


def _shared_in_order(desk: Desk, name: str, where: Where, before: int) -> None:
    for path in paths_of(desk.definition.conditions[name]):
        if desk.order.get(path.partition(".")[0], -1) >= before:
            desk.complain(
                (*where, "shared"),
                f"condition {name!r} asks {path!r}, which comes later",
                f"move {path!r} before this question",
            )


def check_day(desk: Desk, day: Any, where: Where, before: int | None, prefix: str) -> None:
    for path in fields_of_day(day):
        field = exists(desk, path, where, before, prefix)
        if field is not None and field.type not in DATES:
            desk.complain(
                where,
                f"{path!r} is a {field.type}, not a day",
                "write today, a day such as 2026-04-01, or a date field",
            )


def paths_of(condition: Condition) -> Iterator[str]:
    """Every path a condition asks about."""
    for inner in condition.walk():
        for name in ("field", "age", "count", "sum", "same_as"):
            if (path := getattr(inner, name)) is not None:
                yield path
        for day in inner.days():
            yield from fields_of_day(day)
