"""A definition made ready to run: every condition and day a plain function, built once per definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.conditions.compile import Test, compile_condition, reader
from webapp.conditions.dates import DayExpression, compile_day
from webapp.conditions.model import Condition
from webapp.form_engine.fields import AnyField, ApplyBy, Choice, Date, Group, Month, Option
from webapp.form_engine.model import Definition, Page
from webapp.yaml_source import Text


@dataclass(frozen=True, slots=True)
class Limit:
    """Compiled limits of a date or month question."""

    test: Test | None
    earliest: Any
    latest: Any
    apply_by: ApplyBy | None
    weekdays: tuple[str, ...]
    message: Text | None
    index: int


@dataclass(frozen=True, slots=True)
class Ready:
    """One question, ready to run."""

    field: AnyField
    key: str
    show: Test | None
    required: bool | Test
    options: tuple[tuple[Option, Test | None], ...]
    plain_options: tuple[Option, ...] | None
    limits: tuple[Limit, ...]
    checks: tuple[tuple[Any, Test], ...]
    columns: tuple[Ready, ...]


@dataclass(frozen=True, slots=True)
class ReadyPage:
    """One page, ready to run."""

    page: Page
    show: Test | None
    fields: tuple[Ready, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The whole definition, ready to run. The tests of rules are kept by the rule's identity."""

    pages: tuple[ReadyPage, ...]
    shared: Mapping[str, Test]
    tests: Mapping[int, Test]


def compiled(definition: Definition) -> Compiled:
    """Return the compiled form of ``definition``, made on first use."""
    if definition._compiled is None:
        definition._compiled = _compile(definition)
    ready: Compiled = definition._compiled
    return ready


def maybe(condition: Condition | None) -> Test | None:
    """Compile a condition that may be missing."""
    return None if condition is None else compile_condition(condition)


def _compile(definition: Definition) -> Compiled:
    rules: list[Any] = [*definition.stops, *definition.notices, *definition.routing, *definition.follow_ups]
    rules += [*definition.needs, *definition.registrations]
    for money in (definition.fee, definition.benefit):
        rules += [*money.lines, *money.reductions] if money else []
    if definition.window:
        rules += [*definition.window.periods, *definition.window.closed]
    tests = {id(rule): compile_condition(rule.if_) for rule in rules if rule.if_ is not None}
    tests |= {id(check): compile_condition(check.fail_if) for check in definition.checks}
    return Compiled(
        pages=tuple(
            ReadyPage(page, maybe(page.show_if), tuple(_ready(f) for f in page.fields))
            for page in definition.pages
        ),
        shared={name: compile_condition(c) for name, c in definition.conditions.items()},
        tests=tests,
    )


def _ready(field: AnyField) -> Ready:
    options: tuple[tuple[Option, Test | None], ...] = ()
    if isinstance(field, Choice):
        options = tuple((option, maybe(option.show_if)) for option in field.options)
    return Ready(
        field=field,
        key=field.key,
        show=maybe(field.show_if),
        required=field.required if isinstance(field.required, bool) else compile_condition(field.required),
        options=options,
        plain_options=tuple(o for o, _ in options) if all(test is None for _, test in options) else None,
        limits=_limits(field),
        checks=tuple((check, compile_condition(check.fail_if)) for check in field.checks),
        columns=tuple(_ready(f) for f in field.fields) if isinstance(field, Group) else (),
    )


def _limits(field: AnyField) -> tuple[Limit, ...]:
    if not isinstance(field, Date | Month):
        return ()
    limits = []
    if field.earliest or field.latest or field.apply_by:
        limits.append(Limit(None, _day(field.earliest), _day(field.latest), field.apply_by, (), None, -1))
    for index, limit in enumerate(field.limits):
        test = maybe(limit.if_)
        days = tuple(limit.weekdays or ())
        limits.append(
            Limit(test, _day(limit.earliest), _day(limit.latest), limit.apply_by, days, limit.message, index)
        )
    return tuple(limits)


def _day(expression: DayExpression | None) -> Any:
    return None if expression is None else compile_day(expression, reader)  # type: ignore[arg-type]
