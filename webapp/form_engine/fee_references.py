"""Whether the questions of fee lines exist and can be counted, and every option has an amount."""

from __future__ import annotations

from typing import Any

from webapp.form_engine.condition_references import check_condition
from webapp.form_engine.desk import NUMBERS, Desk, Where, exists, near
from webapp.form_engine.fee_model import FeeRule
from webapp.form_engine.fields import Choice, Group


def check_money(desk: Desk, money: FeeRule, where: Where) -> None:
    keys = [line.key for line in money.lines]
    for index, line in enumerate(money.lines):
        place = (*where, "lines", index)
        prefix = ""
        if line.each is not None:
            group = exists(desk, line.each, (*place, "each"), None, "")
            if group is not None and not isinstance(group, Group):
                desk.complain((*place, "each"), f"{line.each!r} is a {group.type}", "name a group")
            prefix = f"{line.each}."
        if line.if_ is not None:
            check_condition(desk, line.if_, (*place, "if"), None, prefix)
        for name in ("quantity", "bands", "choice", "share"):
            part = getattr(line, name)
            if part is not None:
                _amount(desk, part, (*place, name), prefix)
    for index, reduction in enumerate(money.reductions):
        check_condition(desk, reduction.if_, (*where, "reductions", index, "if"), None, "")
        for key in reduction.lines or ():
            if key not in keys:
                desk.complain(
                    (*where, "reductions", index, "lines"), f"there is no fee line {key!r}", near(key, keys)
                )
    if money.used_before:
        exists(desk, money.used_before, (*where, "used_before"), None, "")


def _amount(desk: Desk, part: Any, where: Where, prefix: str) -> None:
    if hasattr(part, "table"):
        _amount(desk, part.by, (*where, "by"), prefix)
        return
    if getattr(part, "of", None):
        _numeric(desk, part.of, (*where, "of"), prefix)
    if getattr(part, "rows", None):
        exists(desk, part.rows, (*where, "rows"), None, "")
    if getattr(part, "months", None):
        exists(desk, part.months.from_, (*where, "months", "from"), None, prefix)
        exists(desk, part.months.until, (*where, "months", "until"), None, prefix)
    if hasattr(part, "yen"):
        _fits_options(desk, part, where, prefix)
    elif getattr(part, "field", None):
        _numeric(desk, part.field, (*where, "field"), prefix)


def _numeric(desk: Desk, path: str, where: Where, prefix: str) -> None:
    field = exists(desk, path, where, None, prefix)
    if field is not None and field.type not in (*NUMBERS, "multiselect"):
        desk.complain(
            where,
            f"{path!r} is a {field.type}, which cannot be counted",
            "name an integer, decimal, money or multiselect field",
        )


def _fits_options(desk: Desk, part: Any, where: Where, prefix: str) -> None:
    field = exists(desk, part.field, (*where, "field"), None, prefix)
    if field is None:
        return
    if not isinstance(field, Choice):
        desk.complain((*where, "field"), f"{part.field!r} is a {field.type}", "name a radio or select field")
        return
    values = [option.value for option in field.options]
    for value in part.yen:
        if value not in values:
            desk.complain(
                (*where, "yen", value), f"{value!r} is no option of {part.field!r}", near(value, values)
            )
    missing = [value for value in values if value not in part.yen]
    if missing:
        desk.complain(
            (*where, "yen"),
            f"there is no amount for {', '.join(missing)}",
            "write an amount, or null where staff fix it",
        )
