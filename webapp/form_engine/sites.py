"""Every condition of a definition with the place it stands in: the branches a walk has to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from webapp.conditions.compile import Test, compile_condition
from webapp.conditions.model import Condition
from webapp.form_engine.fields import AnyField, Choice, Date, Group, Month
from webapp.form_engine.model import Definition

Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Site:
    """One condition; ``prefix`` is the group it stands in (``items.``), empty at the top."""

    where: Where
    condition: Condition
    test: Test
    prefix: str
    owner: str
    """The plain path of the question it belongs to; empty for rules of the whole procedure."""


def sites_of(definition: Definition) -> list[Site]:
    """All conditions of a definition."""
    return [
        Site(where, condition, compile_condition(condition), prefix, owner)
        for where, condition, prefix, owner in _conditions(definition)
    ]


Found = tuple[Where, Condition, str, str]


def _conditions(definition: Definition) -> Iterator[Found]:
    for index, page in enumerate(definition.pages):
        if page.show_if is not None:
            yield ("pages", index, "show_if"), page.show_if, "", ""
        yield from _of_fields(page.fields, ("pages", index, "fields"), "")
    for index, check in enumerate(definition.checks):
        yield ("checks", index, "fail_if"), check.fail_if, "", ""
    for name in ("stops", "notices", "routing", "follow_ups", "registrations", "needs"):
        yield from _rules(getattr(definition, name), (name,), "")
    if definition.window:
        yield from _rules(definition.window.periods, ("window", "periods"), "")
        yield from _rules(definition.window.closed, ("window", "closed"), "")
    for name in ("fee", "benefit"):
        money = getattr(definition, name)
        if money is None:
            continue
        for index, line in enumerate(money.lines):
            yield from _rules([line], (name, "lines"), f"{line.each}." if line.each else "", index)
        yield from _rules(money.reductions, (name, "reductions"), "")


def _rules(rules: list[Any], where: Where, prefix: str, first: int = 0) -> Iterator[Found]:
    for index, rule in enumerate(rules, start=first):
        if rule.if_ is not None:
            yield (*where, index, "if"), rule.if_, prefix, ""


def _of_fields(fields: list[AnyField], where: Where, prefix: str) -> Iterator[Found]:
    for index, field in enumerate(fields):
        place, owner = (*where, index), prefix + field.key
        if field.show_if is not None:
            yield (*place, "show_if"), field.show_if, prefix, owner
        if isinstance(field.required, Condition):
            yield (*place, "required"), field.required, prefix, owner
        for number, check in enumerate(field.checks):
            yield (*place, "checks", number, "fail_if"), check.fail_if, prefix, owner
        if isinstance(field, Choice):
            for number, option in enumerate(field.options):
                if option.show_if is not None:
                    yield (*place, "options", number, "show_if"), option.show_if, prefix, owner
        if isinstance(field, Date | Month):
            for number, limit in enumerate(field.limits):
                if limit.if_ is not None:
                    yield (*place, "limits", number, "if"), limit.if_, prefix, owner
        if isinstance(field, Group):
            yield from _of_fields(field.fields, (*place, "fields"), f"{prefix}{field.key}.")
