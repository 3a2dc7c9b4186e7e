"""Answers worth trying: one ordinary value per question, and the values on both sides of every boundary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from webapp.calendar.months import add_months
from webapp.conditions.compile import reader
from webapp.conditions.dates import compile_day, fields_of_day
from webapp.conditions.model import DAYS, NUMERIC, Condition
from webapp.form_engine.compiled import compiled
from webapp.form_engine.desk import resolve
from webapp.form_engine.fields import AnyField, Choice, Date, Group, Month
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.form_engine.sites import Site
from webapp.form_engine.situation import Situation

Values = dict[str, list[Any]]
DAY = timedelta(days=1)
ADDRESS = {"postal": "6000001", "prefecture": "見本県", "city": "みほん市", "town": "中央", "block": "1-2-3"}
FILE = {"file_id": "sample", "name": "sample.pdf", "size": 1000, "type": "application/pdf"}
PLAIN: dict[str, Any] = {
    "text": "見本", "textarea": "見本です", "kana": "ミホン", "time": "10:00", "postal": "6000001",
    "address": ADDRESS, "tel": "09012345678", "email": "a@example.jp", "checkbox": True, "year": 2020,
    "place": {"note": "市役所の前"},
}  # fmt: skip


def ordinary(field: AnyField, context: Context) -> Any:
    """A value that usually fits."""
    if isinstance(field, Group):
        return None
    if isinstance(field, Choice):
        value = field.options[0].value if field.options else str(context.today.year - 1)
        return [value] if field.type == "multiselect" else value
    match field.type:
        case "integer" | "money":
            return max(field.min or 1, 1)
        case "decimal":
            return str(Decimal(str(field.min if field.min is not None else 1)))
        case "date":
            return _ordinary_day(field, context).isoformat()
        case "month":
            return f"{_ordinary_day(field, context):%Y-%m}"
        case "file":
            return [{**FILE, "file_id": f"sample{n}"} for n in range(field.min_files)]
        case "text":
            length = field.length or field.min_length or 2
            return "1" * length if field.only else ("見本" * length)[:length]
    return PLAIN[field.type]


def boundary_values(definition: Definition, sites: list[Site], context: Context) -> Values:
    """For every plain path the values that conditions, limits and tables distinguish."""
    found: Values = defaultdict(list)
    base = Situation(context, compiled(definition).shared)
    base.answers = {
        k: v for k, f in definition.fields.items() if "." not in k and (v := ordinary(f, context))
    }
    for path, field in definition.walk():
        if not isinstance(field, Group):
            _add(found, path, [ordinary(field, context), *_of_field(field, context)])
    trees = [(site.condition, site.prefix) for site in sites]
    trees += [(condition, "") for condition in definition.conditions.values()]
    for tree, prefix in trees:
        for condition in tree.walk():
            for path, values in _of_condition(condition, base, definition):
                full = resolve(path, _prefix_of(tree, prefix, condition))
                if full in definition.fields:
                    _add(found, full, [_shaped(definition.fields[full], v) for v in values])
    _of_tables(definition, found)
    return found


def _of_field(field: AnyField, context: Context) -> Iterator[Any]:
    if isinstance(field, Choice):
        for option in field.options:
            yield [option.value] if field.type == "multiselect" else option.value
        if field.type == "multiselect":
            yield [option.value for option in field.options]
    if field.required is not True or field.type == "checkbox":
        yield None
    for name in ("min", "max"):
        limit = getattr(field, name, None)
        if limit is not None and field.type in ("integer", "money"):
            yield limit


def _of_condition(
    condition: Condition, base: Situation, definition: Definition
) -> Iterator[tuple[str, list[Any]]]:
    name = next(
        (
            n
            for n in (*NUMERIC, *DAYS, "is_", "in_", "answered", "open_day")
            if n in condition.model_fields_set
        ),
        None,
    )
    wanted = getattr(condition, name) if name else None
    if condition.field is not None:
        yield condition.field, list(_beside(condition, name, wanted, base))
    if condition.same_as is not None and condition.field is not None:
        yield condition.same_as, [base.answers.get(condition.field)]
    if condition.age is not None and isinstance(wanted, int | float):
        on = compile_day(condition.on or "today", reader)(base, ()) or base.today  # type: ignore[arg-type]
        edge = add_months(on, -12 * int(wanted))
        yield (
            condition.age,
            [(edge + DAY * n).isoformat() for n in (-1, 0, 1, 2)] + [add_months(edge, -12).isoformat()],
        )
    if condition.sum is not None and isinstance(wanted, int | float):
        yield condition.sum, [int(wanted), int(wanted) + 1]
    if condition.date is not None and name in DAYS:
        for path in fields_of_day(wanted):
            limit = compile_day(wanted, reader)(base, ())  # type: ignore[arg-type]
            start = base.answers.get(path)
            if limit is not None and isinstance(start, str):
                gap = base.today - limit
                day = date.fromisoformat(start if len(start) > 7 else f"{start}-01")
                yield path, [(day + gap + DAY * n).isoformat() for n in (-31, -1, 0, 1, 31)]


def _beside(condition: Condition, name: str | None, wanted: Any, base: Situation) -> Iterator[Any]:
    if name in NUMERIC:
        number = Decimal(str(wanted))
        yield from (number - 1, number, number + 1)
    elif name in DAYS:
        limit = compile_day(wanted, reader)(base, ())  # type: ignore[arg-type]
        if limit is not None:
            yield from ((limit + DAY * n).isoformat() for n in (-31, -1, 0, 1, 31))
    elif name == "is_":
        yield wanted
    elif name == "in_":
        yield from wanted
    elif name == "answered":
        yield None
    elif name == "open_day":
        first = base.today + DAY * 40
        yield from ((first + DAY * n).isoformat() for n in range(7))


def _of_tables(definition: Definition, found: Values) -> None:
    for money in (definition.fee, definition.benefit):
        for line in money.lines if money else ():
            if line.bands is not None and line.bands.by.field in found:
                for band in line.bands.table:
                    if band.up_to is not None:
                        _add(found, line.bands.by.field, [int(band.up_to), int(band.up_to) + 1])
    for route in definition.routing:
        if route.area is not None:
            _add(found, route.area, [{**ADDRESS, "town": town} for town in route.towns])


def _shaped(field: AnyField, value: Any) -> Any:
    """A value in the form the type stores it."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return str(value) if field.type == "decimal" else int(value)
    if field.type == "month" and isinstance(value, str):
        return value[:7]
    if field.type == "multiselect" and isinstance(value, str):
        return [value]
    return value


def _prefix_of(tree: Condition, prefix: str, condition: Condition) -> str:
    """Conditions below ``where`` stand in the rows of the counted group."""
    for outer in tree.walk():
        if outer.where is not None and any(inner is condition for inner in outer.where.walk()):
            return f"{resolve(outer.count or '', prefix)}."
    return prefix


def _ordinary_day(field: Date | Month, context: Context) -> date:
    situation = Situation(context, {})
    for name, days in (("earliest", 7), ("latest", -7)):
        expression = getattr(field, name)
        if expression is not None:
            limit = compile_day(expression, reader)(situation, ())  # type: ignore[arg-type]
            if limit is not None:
                return limit + DAY * days
    return context.today + DAY * 40 if field.apply_by or field.limits else context.today


def _add(found: Values, path: str, values: list[Any]) -> None:
    for value in values:
        if value not in found[path]:
            found[path].append(value)
