"""Whether what a definition names exists, stands earlier, and fits in type."""

from __future__ import annotations

from typing import Any

from webapp.conditions.dates import fields_of_day
from webapp.conditions.model import Condition
from webapp.form_engine.condition_references import check_condition, check_day
from webapp.form_engine.desk import Desk, Where, exists, near
from webapp.form_engine.fee_references import check_money
from webapp.form_engine.fields import AnyField, Choice, Date, Group, Month
from webapp.form_engine.model import Definition
from webapp.yaml_source import Complaint, Source


def reference_complaints(definition: Definition, source: Source) -> list[Complaint]:
    """Return a complaint for every name that points nowhere, later, or to the wrong type."""
    order = {path: number for number, (path, _) in enumerate(definition.walk())}
    desk = Desk(definition, source, order, [])
    _shared_conditions(desk)
    for index, page in enumerate(definition.pages):
        first = order[page.fields[0].key]
        if page.show_if is not None:
            check_condition(desk, page.show_if, ("pages", index, "show_if"), first, "")
        _fields(desk, page.fields, ("pages", index, "fields"), "")
    _rules(desk)
    for name in ("fee", "benefit"):
        money = getattr(definition, name)
        if money is not None:
            check_money(desk, money, (name,))
    return desk.complaints


def _shared_conditions(desk: Desk) -> None:
    for name, condition in desk.definition.conditions.items():
        check_condition(desk, condition, ("conditions", name), None, "")
        if any(c.shared is not None for c in condition.walk()):
            desk.complain(
                ("conditions", name), f"condition {name!r} uses another shared condition", "write it out here"
            )


def _fields(desk: Desk, fields: list[AnyField], where: Where, prefix: str) -> None:
    seen: set[str] = set()
    depth = prefix.count(".")
    for index, field in enumerate(fields):
        place = (*where, index)
        position = desk.order[prefix + field.key]
        if prefix and field.key in seen:
            desk.complain(
                (*place, "key"),
                f"key {field.key!r} stands twice in this group",
                "give each column its own key",
            )
        seen.add(field.key)
        if field.show_if is not None:
            check_condition(desk, field.show_if, (*place, "show_if"), position, prefix)
        if isinstance(field.required, Condition):
            check_condition(desk, field.required, (*place, "required"), position, prefix)
        for number, check in enumerate(field.checks):
            check_condition(desk, check.fail_if, (*place, "checks", number, "fail_if"), None, prefix)
        if field.prefill and field.prefill.reason_in:
            exists(desk, field.prefill.reason_in, (*place, "prefill", "reason_in"), None, "")
        _particular(desk, field, place, position, prefix)
        if isinstance(field, Group):
            if depth >= 2:
                desk.complain(
                    place,
                    f"group {field.key!r} is nested too deep",
                    "a group may hold one more group, not two",
                )
            _fields(desk, field.fields, (*place, "fields"), f"{prefix}{field.key}.")


def _particular(desk: Desk, field: AnyField, place: Where, position: int, prefix: str) -> None:
    if isinstance(field, Choice):
        for index, option in enumerate(field.options):
            if option.show_if is not None:
                check_condition(desk, option.show_if, (*place, "options", index, "show_if"), position, prefix)
    if isinstance(field, Date | Month):
        for name in ("earliest", "latest"):
            check_day(desk, getattr(field, name), (*place, name), position, prefix)
        for index, limit in enumerate(field.limits):
            if limit.if_ is not None:
                check_condition(desk, limit.if_, (*place, "limits", index, "if"), None, prefix)
            for name in ("earliest", "latest"):
                check_day(desk, getattr(limit, name), (*place, "limits", index, name), None, prefix)
    low, high = getattr(field, "min", None), getattr(field, "max", None)
    if low is not None and high is not None and low > high:
        desk.complain((*place, "max"), f"max {high} is less than min {low}", "swap them")


def _rules(desk: Desk) -> None:
    definition = desk.definition
    for name in ("stops", "notices", "routing", "follow_ups", "registrations", "needs"):
        for index, rule in enumerate(getattr(definition, name)):
            _rule(desk, rule, (name, index))
    for index, check in enumerate(definition.checks):
        check_condition(desk, check.fail_if, ("checks", index, "fail_if"), None, "")
        if check.at is None:
            desk.complain(
                ("checks", index),
                f"check {check.key!r} does not say where its message stands",
                "write at: a field's key",
            )
        elif check.at not in desk.order:
            exists(desk, check.at, ("checks", index, "at"), None, "")
    if definition.window:
        for name in ("periods", "closed"):
            for index, period in enumerate(getattr(definition.window, name)):
                if period.if_ is not None:
                    check_condition(desk, period.if_, ("window", name, index, "if"), None, "")
    if definition.identity.asked_in is not None:
        _who(desk)
    for index, path in enumerate(definition.once.same if definition.once else ()):
        exists(desk, path, ("once", "same", index), None, "")


def _rule(desk: Desk, rule: Any, where: Where) -> None:
    if rule.if_ is not None:
        check_condition(desk, rule.if_, (*where, "if"), None, "")
    at = getattr(rule, "at", None)
    if at is not None and at not in desk.order and at not in [page.key for page in desk.definition.pages]:
        desk.complain(
            (*where, "at"),
            f"there is no page or field {at!r}",
            near(at, [*desk.order, *(p.key for p in desk.definition.pages)]),
        )
    due = getattr(rule, "due", None)
    if due is not None and fields_of_day(due) != ["decided"]:
        check_day(desk, due, (*where, "due"), None, "")
    area = getattr(rule, "area", None)
    if area is not None:
        field = exists(desk, area, (*where, "area"), None, "")
        if field is not None and field.type != "address":
            desk.complain((*where, "area"), f"{area!r} is a {field.type}", "name an address field")


def _who(desk: Desk) -> None:
    identity = desk.definition.identity
    field = exists(desk, identity.asked_in or "", ("identity", "asked_in"), None, "")
    if not isinstance(field, Choice):
        if field is not None:
            desk.complain(
                ("identity", "asked_in"), f"{field.key!r} is a {field.type}", "name a radio or select field"
            )
        return
    values = [option.value for option in field.options]
    for index, row in enumerate(identity.table):
        for value in row.who or ():
            if value not in values:
                where = ("identity", "table", index, "who")
                desk.complain(
                    where, f"{value!r} is no option of {field.key!r}", f"write one of {', '.join(values)}"
                )
