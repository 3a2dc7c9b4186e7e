"""Whether what a definition names exists, stands earlier, and fits in type."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from webapp.conditions.dates import fields_of_day
from webapp.conditions.model import DAYS, NUMERIC, Condition
from webapp.form_engine.fee_model import FeeRule
from webapp.form_engine.fields import AnyField, Choice, Date, Group, Month
from webapp.form_engine.model import Definition
from webapp.yaml_source import Complaint, Source

Where = tuple[str | int, ...]
NUMBERS = ("integer", "decimal", "money", "year")
DATES = ("date", "month")
ADDRESS_PARTS = ("postal", "prefecture", "city", "town", "block", "building")


@dataclass
class Desk:
    """What is known while the definition is read from top to bottom."""

    definition: Definition
    source: Source
    order: dict[str, int]
    complaints: list[Complaint]

    def complain(self, where: Where, what: str, instead: str) -> None:
        self.complaints.append(self.source.complain(where, what, instead))


def reference_complaints(definition: Definition, source: Source) -> list[Complaint]:
    """Return a complaint for every name that points nowhere, later, or to the wrong type."""
    order = {path: number for number, (path, _) in enumerate(definition.walk())}
    desk = Desk(definition, source, order, [])
    _shared_conditions(desk)
    for index, page in enumerate(definition.pages):
        first = order[page.fields[0].key]
        if page.show_if is not None:
            _condition(desk, page.show_if, ("pages", index, "show_if"), first, "")
        _fields(desk, page.fields, ("pages", index, "fields"), "")
    _rules(desk)
    for name in ("fee", "benefit"):
        money = getattr(definition, name)
        if money is not None:
            _money(desk, money, (name,))
    return desk.complaints


def _shared_conditions(desk: Desk) -> None:
    for name, condition in desk.definition.conditions.items():
        _condition(desk, condition, ("conditions", name), None, "")
        if any(c.shared is not None for c in condition.walk()):
            desk.complain(("conditions", name), f"condition {name!r} uses another shared condition", "write it out here")


def _fields(desk: Desk, fields: list[AnyField], where: Where, prefix: str) -> None:
    seen: set[str] = set()
    depth = prefix.count(".")
    for index, field in enumerate(fields):
        place = (*where, index)
        position = desk.order[prefix + field.key]
        if prefix and field.key in seen:
            desk.complain((*place, "key"), f"key {field.key!r} stands twice in this group", "give each column its own key")
        seen.add(field.key)
        if field.show_if is not None:
            _condition(desk, field.show_if, (*place, "show_if"), position, prefix)
        if isinstance(field.required, Condition):
            _condition(desk, field.required, (*place, "required"), position, prefix)
        for number, check in enumerate(field.checks):
            _condition(desk, check.fail_if, (*place, "checks", number, "fail_if"), None, prefix)
        if field.prefill and field.prefill.reason_in:
            _exists(desk, field.prefill.reason_in, (*place, "prefill", "reason_in"), None, "")
        _particular(desk, field, place, position, prefix)
        if isinstance(field, Group):
            if depth >= 2:
                desk.complain(place, f"group {field.key!r} is nested too deep", "a group may hold one more group, not two")
            _fields(desk, field.fields, (*place, "fields"), f"{prefix}{field.key}.")


def _particular(desk: Desk, field: AnyField, place: Where, position: int, prefix: str) -> None:
    if isinstance(field, Choice):
        for index, option in enumerate(field.options):
            if option.show_if is not None:
                _condition(desk, option.show_if, (*place, "options", index, "show_if"), position, prefix)
    if isinstance(field, Date | Month):
        for name in ("earliest", "latest"):
            _day(desk, getattr(field, name), (*place, name), position, prefix)
        for index, limit in enumerate(field.limits):
            if limit.if_ is not None:
                _condition(desk, limit.if_, (*place, "limits", index, "if"), None, prefix)
            for name in ("earliest", "latest"):
                _day(desk, getattr(limit, name), (*place, "limits", index, name), None, prefix)
    low, high = getattr(field, "min", None), getattr(field, "max", None)
    if low is not None and high is not None and low > high:
        desk.complain((*place, "max"), f"max {high} is less than min {low}", "swap them")


def _rules(desk: Desk) -> None:
    definition = desk.definition
    for name in ("stops", "notices", "routing", "follow_ups", "needs"):
        for index, rule in enumerate(getattr(definition, name)):
            _rule(desk, rule, (name, index))
    for index, check in enumerate(definition.checks):
        _condition(desk, check.fail_if, ("checks", index, "fail_if"), None, "")
        if check.at is None:
            desk.complain(("checks", index), f"check {check.key!r} does not say where its message stands", "write at: a field's key")
        elif check.at not in desk.order:
            _exists(desk, check.at, ("checks", index, "at"), None, "")
    if definition.window:
        for name in ("periods", "closed"):
            for index, period in enumerate(getattr(definition.window, name)):
                if period.if_ is not None:
                    _condition(desk, period.if_, ("window", name, index, "if"), None, "")
    if definition.identity.asked_in is not None:
        _who(desk)
    for index, path in enumerate(definition.once.same if definition.once else ()):
        _exists(desk, path, ("once", "same", index), None, "")


def _rule(desk: Desk, rule: Any, where: Where) -> None:
    if rule.if_ is not None:
        _condition(desk, rule.if_, (*where, "if"), None, "")
    at = getattr(rule, "at", None)
    if at is not None and at not in desk.order and at not in [page.key for page in desk.definition.pages]:
        desk.complain((*where, "at"), f"there is no page or field {at!r}", _near(at, [*desk.order, *(p.key for p in desk.definition.pages)]))
    due = getattr(rule, "due", None)
    if due is not None and fields_of_day(due) != ["decided"]:
        _day(desk, due, (*where, "due"), None, "")
    area = getattr(rule, "area", None)
    if area is not None:
        field = _exists(desk, area, (*where, "area"), None, "")
        if field is not None and field.type != "address":
            desk.complain((*where, "area"), f"{area!r} is a {field.type}", "name an address field")


def _who(desk: Desk) -> None:
    identity = desk.definition.identity
    field = _exists(desk, identity.asked_in or "", ("identity", "asked_in"), None, "")
    if not isinstance(field, Choice):
        if field is not None:
            desk.complain(("identity", "asked_in"), f"{field.key!r} is a {field.type}", "name a radio or select field")
        return
    values = [option.value for option in field.options]
    for index, row in enumerate(identity.table):
        for value in row.who or ():
            if value not in values:
                where = ("identity", "table", index, "who")
                desk.complain(where, f"{value!r} is no option of {field.key!r}", f"write one of {', '.join(values)}")


def _money(desk: Desk, money: FeeRule, where: Where) -> None:
    keys = [line.key for line in money.lines]
    for index, line in enumerate(money.lines):
        place = (*where, "lines", index)
        prefix = ""
        if line.each is not None:
            group = _exists(desk, line.each, (*place, "each"), None, "")
            if group is not None and not isinstance(group, Group):
                desk.complain((*place, "each"), f"{line.each!r} is a {group.type}", "name a group")
            prefix = f"{line.each}."
        if line.if_ is not None:
            _condition(desk, line.if_, (*place, "if"), None, prefix)
        for name in ("quantity", "bands", "choice", "share"):
            part = getattr(line, name)
            if part is not None:
                _amount(desk, part, (*place, name), prefix)
    for index, reduction in enumerate(money.reductions):
        _condition(desk, reduction.if_, (*where, "reductions", index, "if"), None, "")
        for key in reduction.lines or ():
            if key not in keys:
                desk.complain((*where, "reductions", index, "lines"), f"there is no fee line {key!r}", _near(key, keys))
    if money.used_before:
        _exists(desk, money.used_before, (*where, "used_before"), None, "")


def _amount(desk: Desk, part: Any, where: Where, prefix: str) -> None:
    if hasattr(part, "table"):
        _amount(desk, part.by, (*where, "by"), prefix)
        return
    if getattr(part, "of", None):
        _numeric(desk, part.of, (*where, "of"), prefix)
    if getattr(part, "rows", None):
        _exists(desk, part.rows, (*where, "rows"), None, "")
    if getattr(part, "months", None):
        _exists(desk, part.months.from_, (*where, "months", "from"), None, prefix)
        _exists(desk, part.months.until, (*where, "months", "until"), None, prefix)
    if hasattr(part, "yen"):
        _fits_options(desk, part, where, prefix)
    elif getattr(part, "field", None):
        _numeric(desk, part.field, (*where, "field"), prefix)


def _numeric(desk: Desk, path: str, where: Where, prefix: str) -> None:
    field = _exists(desk, path, where, None, prefix)
    if field is not None and field.type not in (*NUMBERS, "multiselect"):
        desk.complain(where, f"{path!r} is a {field.type}, which cannot be counted", "name an integer, decimal, money or multiselect field")


def _fits_options(desk: Desk, part: Any, where: Where, prefix: str) -> None:
    field = _exists(desk, part.field, (*where, "field"), None, prefix)
    if field is None:
        return
    if not isinstance(field, Choice):
        desk.complain((*where, "field"), f"{part.field!r} is a {field.type}", "name a radio or select field")
        return
    values = [option.value for option in field.options]
    for value in part.yen:
        if value not in values:
            desk.complain((*where, "yen", value), f"{value!r} is no option of {part.field!r}", _near(value, values))
    missing = [value for value in values if value not in part.yen]
    if missing:
        desk.complain((*where, "yen"), f"there is no amount for {', '.join(missing)}", "write an amount, or null where staff fix it")


def _condition(desk: Desk, condition: Condition, where: Where, before: int | None, prefix: str) -> None:
    if condition.shared is not None and condition.shared not in desk.definition.conditions:
        desk.complain((*where, "shared"), f"there is no condition {condition.shared!r}", _near(condition.shared, desk.definition.conditions))
    elif condition.shared is not None and before is not None:
        _shared_in_order(desk, condition.shared, where, before)
    for name in ("all", "any"):
        for index, inner in enumerate(getattr(condition, name) or ()):
            _condition(desk, inner, (*where, name, index), before, prefix)
    if condition.not_ is not None:
        _condition(desk, condition.not_, (*where, "not"), before, prefix)
    if condition.count is not None:
        group = _exists(desk, condition.count, (*where, "count"), before, prefix)
        if group is not None and not isinstance(group, Group):
            desk.complain((*where, "count"), f"{condition.count!r} is a {group.type}", "count rows of a group")
        elif condition.where is not None and group is not None:
            _condition(desk, condition.where, (*where, "where"), before, f"{_resolve(condition.count, prefix)}.")
    if condition.sum is not None:
        field = _exists(desk, condition.sum, (*where, "sum"), before, prefix, column=True)
        if field is not None and field.type not in NUMBERS:
            desk.complain((*where, "sum"), f"{condition.sum!r} is a {field.type}", "sum a column of numbers")
    if condition.age is not None:
        field = _exists(desk, condition.age, (*where, "age"), before, prefix)
        if field is not None and field.type != "date":
            desk.complain((*where, "age"), f"{condition.age!r} is a {field.type}", "age needs a date of birth")
    if condition.fee is not None and before is not None:
        desk.complain((*where, "fee"), "the fee is not known yet while questions are shown", "use fee in checks, stops or notices")
    for name in ("date", "on", *DAYS):
        _day(desk, getattr(condition, name), (*where, name), before, prefix)
    if condition.field is not None:
        _comparison(desk, condition, where, before, prefix)


def _comparison(desk: Desk, condition: Condition, where: Where, before: int | None, prefix: str) -> None:
    path = condition.field or ""
    field = _exists(desk, path, (*where, "field"), before, prefix)
    if condition.same_as is not None:
        _exists(desk, condition.same_as, (*where, "same_as"), before, prefix)
    if field is None:
        return
    name = condition.comparison
    place = (*where, name.rstrip("_"))
    if name == "answered":
        return
    if name in NUMERIC and field.type not in NUMBERS:
        desk.complain(place, f"{path!r} is a {field.type} and cannot be compared with {name}", "compare a number, or use is / in")
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
        desk.complain(place, f"{field.key!r} takes several answers, so it never is one", "use includes: value")
    elif field.type == "checkbox" and not all(isinstance(v, bool) for v in values):
        desk.complain(place, f"{field.key!r} is a box to tick", "write is: true, or answered: false")
    elif field.type == "checkbox" and False in values:
        desk.complain(place, f"{field.key!r} is absent when it is not ticked, so it never is false", "write answered: false")
    elif isinstance(field, Choice) and field.options:
        offered = [option.value for option in field.options]
        for value in values:
            if str(value) not in offered or not isinstance(value, str):
                desk.complain(place, f"{value!r} is no option of {field.key!r}", _near(str(value), offered))
    elif field.type in NUMBERS and not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        desk.complain(place, f"{field.key!r} is a number, {values[0]!r} is not", "write a number without quotes")
    elif field.type in ("text", "textarea", "kana", "tel", "postal") and not all(isinstance(v, str) for v in values):
        desk.complain(place, f"{field.key!r} is text, {values[0]!r} is not", "write the value in quotes")


def _shared_in_order(desk: Desk, name: str, where: Where, before: int) -> None:
    for path in paths_of(desk.definition.conditions[name]):
        if desk.order.get(path.partition(".")[0], -1) >= before:
            desk.complain((*where, "shared"), f"condition {name!r} asks {path!r}, which comes later", f"move {path!r} before this question")


def _day(desk: Desk, day: Any, where: Where, before: int | None, prefix: str) -> None:
    for path in fields_of_day(day):
        field = _exists(desk, path, where, before, prefix)
        if field is not None and field.type not in DATES:
            desk.complain(where, f"{path!r} is a {field.type}, not a day", "write today, a day such as 2026-04-01, or a date field")


def _exists(
    desk: Desk, path: str, where: Where, before: int | None, prefix: str, column: bool = False
) -> AnyField | None:
    known = desk.definition.fields
    full = _resolve(path, prefix)
    field = known.get(full)
    if field is None:
        head, _, part = full.rpartition(".")
        if head in known and known[head].type == "address" and part in ADDRESS_PARTS:
            return _in_order(desk, known[head], head, where, before)
        if full in [page.key for page in desk.definition.pages]:
            desk.complain(where, f"{path!r} is a page, not a question", "name a question of it")
        else:
            dotted = " (in a group, the same row's question is written with a dot: .name)" if f"{prefix}{path}" in known else ""
            desk.complain(where, f"there is no question {path!r}{dotted}", _near(path, known))
        return None
    if "." in full and not path.startswith(".") and not column:
        desk.complain(where, f"{path!r} stands in a group and has many answers", "use count with where, or sum; inside the group write a dot first")
        return None
    return _in_order(desk, field, full, where, before)


def _in_order(desk: Desk, field: AnyField, path: str, where: Where, before: int | None) -> AnyField | None:
    if before is not None and desk.order[path] >= before:
        desk.complain(where, f"{path!r} comes later than the question that depends on it", f"move {path!r} up, or depend on an earlier question")
        return None
    return field


def _resolve(path: str, prefix: str) -> str:
    """The plain path of a written one: one dot for the same row, two for the row around it."""
    name = path.lstrip(".")
    dots = len(path) - len(name)
    if not dots:
        return name
    rows = prefix.rstrip(".").split(".") if prefix else []
    return ".".join([*rows[: len(rows) - dots + 1], name])


def paths_of(condition: Condition) -> Iterator[str]:
    """Every path a condition asks about."""
    for inner in condition.walk():
        for name in ("field", "age", "count", "sum", "same_as"):
            if (path := getattr(inner, name)) is not None:
                yield path
        for day in inner.days():
            yield from fields_of_day(day)


def _near(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word.lstrip("."), list(known), n=1, cutoff=0.5)
    some = ", ".join(list(known)[:6])
    return f"did you mean {near[0]!r}?" if near else f"use one of: {some}"


def texts_below(model: BaseModel) -> Iterator[tuple[Where, Any]]:
    """Yield every (path, Text) below a model, by the names used in files."""
    from webapp.yaml_source import Text

    def walk(value: Any, where: Where) -> Iterator[tuple[Where, Any]]:
        if isinstance(value, Text):
            yield where, value
        elif isinstance(value, BaseModel):
            for name, info in type(value).model_fields.items():
                yield from walk(getattr(value, name), (*where, info.alias or name))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from walk(item, (*where, index))
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from walk(item, (*where, key))

    yield from walk(model, ())
