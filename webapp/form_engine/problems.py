"""What is wrong with a set of answers; the words are in messages.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webapp.form_engine import guard
from webapp.form_engine.compiled import Compiled, Ready, compiled
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import Group
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, FieldState, Outcome, Problem
from webapp.form_engine.situation import Situation
from webapp.form_engine.value_checks import value_problems

Rows = tuple[dict[str, Any], ...]


def problems(
    definition: Definition,
    answers: Mapping[str, Any],
    context: Context,
    page_key: str | None = None,
    only: set[str] | None = None,
    outcome: Outcome | None = None,
) -> list[Problem]:
    """Return everything to mend, in the order of the questions.

    ``page_key`` looks at one page, ``only`` at some paths (a correction; a group stands for its rows).
    ``outcome`` saves evaluating twice.
    """
    found = outcome or evaluate(definition, answers, context)
    ready = compiled(definition)
    situation = _situation(ready, found, context)
    result = list(_of_fields(ready, found, situation, page_key, only))
    for check in definition.checks:
        at = check.at or ""
        wanted = page_key is None or _page_of(definition, at) == page_key
        if wanted and _is_wanted(at, only) and ready.tests[id(check)](situation, ()):
            result.append(Problem(at, "check", {"check": check.key}))
    return result


def _situation(ready: Compiled, outcome: Outcome, context: Context) -> Situation:
    situation = Situation(context, ready.shared)
    situation.answers = dict(outcome.answers)
    situation.when_asked_for_fee(lambda: outcome.fee.total if outcome.fee else None)
    return situation


def _of_fields(
    ready: Compiled, outcome: Outcome, situation: Situation, page_key: str | None, only: set[str] | None
) -> Iterator[Problem]:
    for page in ready.pages:
        if page_key in (None, page.page.key):
            for field in page.fields:
                yield from _of_field(field, field.key, situation.answers, outcome, situation, only, ())


def _of_field(
    ready: Ready,
    path: str,
    holder: Mapping[str, Any],
    outcome: Outcome,
    situation: Situation,
    only: set[str] | None,
    rows: Rows,
) -> Iterator[Problem]:
    state = outcome.fields.get(path)
    if state is None or not state.visible:
        return
    value = holder.get(ready.key)
    if _is_wanted(path, only):
        yield from _of_value(ready, path, value, state, situation, rows)
    if isinstance(ready.field, Group) and isinstance(value, list):
        for row in value:
            for column in ready.columns:
                inner = f"{path}[{row['id']}].{column.key}"
                yield from _of_field(column, inner, row, outcome, situation, only, (*rows, row))


def _of_value(
    ready: Ready, path: str, value: Any, state: FieldState, situation: Situation, rows: Rows
) -> Iterator[Problem]:
    if value is None or value == [] or value is False:
        if _is_missing(state, situation):
            yield Problem(path, "required", {"type": ready.field.type})
        return
    found = list(value_problems(ready, path, value, state, situation, rows))
    if not found and ready.field.type not in ("group", "file") and _holds_individual_number(value):
        found = [Problem(path, "individual_number", {})]
    yield from found
    if not found:
        for check, test in ready.checks:
            if test(situation, rows):
                yield Problem(path, "check", {"check": check.key})


def _is_missing(state: FieldState, situation: Situation) -> bool:
    if not state.required:
        return False
    return state.field.type != "file" or getattr(state.field, "later", None) is None


def _holds_individual_number(value: Any) -> bool:
    texts = value.values() if isinstance(value, Mapping) else [value]
    return any(isinstance(t, str) and len(t) >= 12 and guard.contains_individual_number(t) for t in texts)


def _is_wanted(path: str, only: set[str] | None) -> bool:
    if only is None or path in only:
        return True
    return any(path.startswith((f"{wanted}[", f"{wanted}.")) for wanted in only)


def _page_of(definition: Definition, path: str) -> str | None:
    key = path.partition("[")[0].partition(".")[0]
    page = definition.page_of.get(key)
    return page.key if page else None
