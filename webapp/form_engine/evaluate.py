"""The one function that decides what is asked, required, stopped, charged; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from webapp.calendar.fiscal import fiscal_label, fiscal_year
from webapp.form_engine import budget, fees, windows
from webapp.form_engine.attachments import attachment_states
from webapp.form_engine.compiled import Compiled, Ready, ReadyPage, compiled
from webapp.form_engine.fields import Choice, Date, Group, Month, Option
from webapp.form_engine.identity import required_level
from webapp.form_engine.limits import bounds
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, FieldState, Notice, Outcome, PageState, Stop
from webapp.form_engine.routing import department
from webapp.form_engine.situation import Situation
from webapp.yaml_source import Text

CARD = Text(
    ja="マイナンバーカードの情報です。ここでは変えられません。",
    easy="マイナンバーカードに書いてあることです。ここでは 変えることが できません。",
    en="This comes from your My Number Card and cannot be changed here.",
)
Rows = tuple[dict[str, Any], ...]


def evaluate(definition: Definition, answers: Mapping[str, Any], context: Context) -> Outcome:
    """Return the whole picture for ``answers``. Never changes them, never looks at a clock.

    A question that is hidden has no answer: conditions, fees and ``Outcome.answers`` do not see what
    was typed there before.
    """
    ready = compiled(definition)
    situation = Situation(context, ready.shared)
    fields: dict[str, FieldState] = {}
    pages = [state for page in ready.pages if (state := _walk_page(page, answers, situation, fields))]
    fee = fees.compute(definition.fee, situation, ready) if definition.fee else None
    situation.when_asked_for_fee(lambda: fee.total if fee else None)
    benefit = fees.compute(definition.benefit, situation, ready) if definition.benefit else None
    return Outcome(
        pages=tuple(pages),
        fields=fields,
        answers=situation.answers,
        stops=(*_stops(definition, ready, situation), *budget.stops(definition, benefit, context)),
        notices=tuple(_notices(definition, ready, situation, fields)),
        fee=fee,
        benefit=benefit,
        attachments=tuple(attachment_states(fields, situation)),
        level=required_level(definition, situation.answers, context.channel),
        department=department(definition, ready, situation),
    )


def _walk_page(
    ready: ReadyPage, answers: Mapping[str, Any], situation: Situation, fields: dict[str, FieldState]
) -> PageState | None:
    shown = ready.show is None or ready.show(situation, ())
    paths: list[str] = []
    for field in ready.fields:
        _walk_field(field, field.key, answers, shown, situation, fields, paths, ready.page.key, ())
    if not paths:
        return None
    return PageState(ready.page.key, ready.page.title, ready.page.lead, tuple(paths), ready.page)


def _walk_field(
    ready: Ready,
    path: str,
    holder: Mapping[str, Any],
    shown: bool,
    situation: Situation,
    fields: dict[str, FieldState],
    paths: list[str],
    page: str,
    rows: Rows,
) -> None:
    if not shown or (ready.show is not None and not ready.show(situation, rows)):
        fields[path] = FieldState(path, ready.field, page, False)
        return
    fields[path] = _state(ready, path, page, situation, rows)
    paths.append(path)
    value = holder.get(ready.key)
    target = rows[-1] if rows else situation.answers
    if isinstance(ready.field, Group):
        kept: list[dict[str, Any]] = []
        if isinstance(value, list) and value:
            target[ready.key] = kept
        for row in value if isinstance(value, list) else ():
            inner: dict[str, Any] = {"id": row.get("id", "")}
            kept.append(inner)
            for column in ready.columns:
                _walk_field(
                    column, f"{path}[{inner['id']}].{column.key}", row, True, situation, fields, paths, page,
                    (*rows, inner),
                )  # fmt: skip
    elif value is not None and value != "" and value != []:
        target[ready.key] = value


def _state(ready: Ready, path: str, page: str, situation: Situation, rows: Rows) -> FieldState:
    field = ready.field
    required = ready.required if isinstance(ready.required, bool) else ready.required(situation, rows)
    options = _options(ready, situation, rows) if isinstance(field, Choice) else ()
    earliest: date | None = None
    latest: date | None = None
    if ready.limits and isinstance(field, Date | Month):
        earliest, latest = bounds(ready.limits, situation, rows)
    locked = _is_locked(ready, situation)
    return FieldState(
        path,
        field,
        page,
        True,
        required,
        options,
        locked,
        CARD if locked else None,
        field.hint,
        earliest,
        latest,
        rows,
    )


def _is_locked(ready: Ready, situation: Situation) -> bool:
    prefill, person = ready.field.prefill, situation.context.person
    if prefill is None or prefill.lock != "card" or prefill.differ == "with_reason" or person is None:
        return False
    return person.sources.get(prefill.from_) == "card"


def _options(ready: Ready, situation: Situation, rows: Rows) -> tuple[Option, ...]:
    if ready.plain_options:
        return ready.plain_options
    field = ready.field
    if isinstance(field, Choice) and field.options_from is not None:
        return tuple(_fiscal_years(field, situation))
    return tuple(option for option, test in ready.options if test is None or test(situation, rows))


def _fiscal_years(field: Choice, situation: Situation) -> Iterator[Option]:
    source = field.options_from
    assert source is not None
    years = source.fiscal_years
    newest = fiscal_year(situation.today)
    month, day = (int(part) for part in years.newest_from.split("-"))
    appears = date(newest + (1 if month < 4 else 0), month, day)
    if situation.today < appears:
        newest -= 1
    for year in range(newest, newest - years.count, -1):
        label = fiscal_label(year)
        yield Option(
            value=str(year),
            label=Text(ja=label, easy=label, en=f"FY{year} (April {year} - March {year + 1})"),
        )


def _stops(definition: Definition, ready: Compiled, situation: Situation) -> Iterator[Stop]:
    for rule in definition.stops:
        if ready.tests[id(rule)](situation, ()):
            yield Stop(rule.key, rule.reason, rule.instead, rule.at)
    window = windows.stop(definition, ready, situation)
    if window is not None:
        yield window
    for money in (definition.fee, definition.benefit):
        if money is not None and (stop := fees.stop(money, situation, ready)):
            yield stop


def _notices(
    definition: Definition, ready: Compiled, situation: Situation, fields: Mapping[str, FieldState]
) -> Iterator[Notice]:
    for rule in definition.notices:
        if rule.at is not None and rule.at in fields and not fields[rule.at].visible:
            continue
        if rule.if_ is None or ready.tests[id(rule)](situation, ()):
            yield Notice(rule.key, rule.text, rule.tone, rule.at)
    late = windows.late_notice(definition, ready, situation)
    if late is not None:
        yield late
