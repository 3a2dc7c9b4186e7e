"""What a worked case may look at, and the sentences about what came out otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from webapp.form_engine import clocks
from webapp.form_engine.duties import duties
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Fee, Outcome
from webapp.form_engine.problems import problems
from webapp.form_engine.registrations import registrations


class Found:
    """What the engine made of a case."""

    def __init__(
        self,
        definition: Definition,
        answers: Mapping[str, Any],
        context: Context,
        outcome: Outcome,
        at: datetime,
        paid_on: date | None = None,
    ) -> None:
        self.definition, self.answers, self.context = definition, answers, context
        self.outcome, self.at, self.paid_on = outcome, at, paid_on

    def problems(self) -> dict[str, set[str]]:
        """Codes by path; a check stands under its own key."""
        codes: dict[str, set[str]] = {}
        for problem in problems(self.definition, self.answers, self.context, outcome=self.outcome):
            code = str(problem.params.get("check", problem.code)) if problem.code == "check" else problem.code
            codes.setdefault(problem.path, set()).add(code)
        return codes

    def is_visible(self, path: str) -> bool:
        state = self.outcome.fields.get(path)
        return state is not None and state.visible


def _differs(what: str, wanted: Any, got: Any) -> list[str]:
    return [] if wanted == got else [f"{what}: expected {_shown(wanted)}, got {_shown(got)}"]


def _each(what: str, wanted: Iterable[str], holds: Callable[[str], bool]) -> list[str]:
    return [f"{path!r} is not {what}" for path in wanted if not holds(path)]


def _look_problems(found: Found, wanted: dict[str, str]) -> list[str]:
    got = found.problems()
    said = [
        f"problem of {path!r}: expected {code}, got {_shown(sorted(got.get(path, set())))}"
        for path, code in wanted.items()
        if code not in got.get(path, set())
    ]
    return said + [
        f"problem of {path!r} was not expected: {', '.join(sorted(codes))}"
        for path, codes in got.items()
        if path not in wanted
    ]


def _look_required(found: Found, wanted: list[str], value: bool) -> list[str]:
    def holds(path: str) -> bool:
        state = found.outcome.fields.get(path)
        return state is not None and state.visible and state.required is value

    return _each("required" if value else "optional", wanted, holds)


def _look_states(
    found: Found, wanted: dict[str, Any], name: str, read_state: Callable[[Any], Any]
) -> list[str]:
    said: list[str] = []
    for path, value in wanted.items():
        state = found.outcome.fields.get(path)
        if state is None or not state.visible:
            said.append(f"{path!r} is not visible, so it has no {name}")
        else:
            said += _differs(f"{name} of {path!r}", value, read_state(state))
    return said


def _fee_lines(fee: Fee | None) -> dict[str, int]:
    totals: dict[str, int] = {}
    for line in fee.lines if fee else ():
        totals[line.key] = totals.get(line.key, 0) + line.amount_yen
    return totals


def _look_fee_lines(found: Found, wanted: dict[str, int]) -> list[str]:
    got = _fee_lines(found.outcome.fee) | _fee_lines(found.outcome.benefit)
    return [said for key, yen in wanted.items() for said in _differs(f"fee line {key!r}", yen, got.get(key))]


def _look_attachments(found: Found, wanted: dict[str, str]) -> list[str]:
    got = {paper.path: paper.state for paper in found.outcome.attachments}
    return [
        said for path, state in wanted.items() for said in _differs(f"paper {path!r}", state, got.get(path))
    ]


def _look_follow_ups(found: Found, wanted: dict[str, date]) -> list[str]:
    due = duties(found.definition, found.outcome.answers, found.context, decided_on=found.at.date())
    got = {duty.key: duty.due for duty in due}
    return [said for key, day in wanted.items() for said in _differs(f"follow-up {key!r}", day, got.get(key))]


def _look_due(found: Found, wanted: date | None) -> list[str]:
    return _differs("due", wanted, clocks.due_on(found.definition, found.at, found.context.calendar))


def _look_examined(found: Found, wanted: date | None) -> list[str]:
    got = clocks.examination_starts(found.definition, found.at, found.context.calendar)
    return _differs("examined_from", wanted, got)


def _look_sent(found: Found, wanted: date | None) -> list[str]:
    got = clocks.sent_on(found.definition, found.paid_on or found.at.date(), found.context.calendar)
    return _differs("sent_on", wanted, got)


def _look_registrations(found: Found, wanted: list[str]) -> list[str]:
    given = registrations(found.definition, found.outcome.answers, found.context)
    return _differs("registrations", sorted(wanted), sorted(rule.key for rule in given))


def _look_kept(found: Found, wanted: dict[str, Any]) -> list[str]:
    """What the house keeps of what was typed; a part of an address is written ``address.postal``."""
    said: list[str] = []
    for path, value in wanted.items():
        top, _, part = path.partition(".")
        got = found.outcome.answers.get(top)
        got = got.get(part) if part and isinstance(got, Mapping) else got
        said += _differs(f"kept {path!r}", value, got)
    return said


LOOKS: dict[str, Callable[[Found, Any], list[str]]] = {
    "pages": lambda found, wanted: _differs("pages", wanted, [page.key for page in found.outcome.pages]),
    "visible": lambda found, wanted: _each("visible", wanted, found.is_visible),
    "hidden": lambda found, wanted: _each("hidden", wanted, lambda path: not found.is_visible(path)),
    "required": lambda found, wanted: _look_required(found, wanted, True),
    "optional": lambda found, wanted: _look_required(found, wanted, False),
    "problems": _look_problems,
    "stops": lambda found, wanted: _differs(
        "stops", sorted(wanted), sorted(stop.key for stop in found.outcome.stops)
    ),
    "notices": lambda found, wanted: _each(
        "told", wanted, lambda key: any(notice.key == key for notice in found.outcome.notices)
    ),
    "fee": lambda found, wanted: _differs(
        "fee", wanted, found.outcome.fee.total if found.outcome.fee else None
    ),
    "fee_lines": _look_fee_lines,
    "after_review": lambda found, wanted: _differs(
        "after_review", wanted, bool(found.outcome.fee and found.outcome.fee.after_review)
    ),
    "benefit": lambda found, wanted: _differs(
        "benefit", wanted, found.outcome.benefit.total if found.outcome.benefit else None
    ),
    "options": lambda found, wanted: _look_states(
        found, wanted, "options", lambda state: [option.value for option in state.options]
    ),
    "earliest": lambda found, wanted: _look_states(found, wanted, "earliest", lambda state: state.earliest),
    "latest": lambda found, wanted: _look_states(found, wanted, "latest", lambda state: state.latest),
    "attachments": _look_attachments,
    "level": lambda found, wanted: _differs("level", wanted, found.outcome.level),
    "department": lambda found, wanted: _differs(
        "department", wanted, found.outcome.department or found.definition.department
    ),
    "due": _look_due,
    "examined_from": _look_examined,
    "sent_on": _look_sent,
    "follow_ups": _look_follow_ups,
    "registrations": _look_registrations,
    "kept": _look_kept,
}


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return "nothing" if value is None else str(value)
