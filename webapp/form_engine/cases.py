"""Worked cases beside a definition: answers in, what must come out; run by the check and by the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import field_validator

from webapp.calendar.business import city_hall
from webapp.conditions.model import Channel
from webapp.form_engine import clocks
from webapp.form_engine.duties import duties
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import Strict
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Fee, Outcome, Person
from webapp.form_engine.problems import problems
from webapp.form_engine.rules_model import Level
from webapp.yaml_source import Complaint, Source, read, validate

TOKYO = ZoneInfo("Asia/Tokyo")


class GivenPerson(Strict):
    """Who is signed in, in a case."""

    level: Level = "none"
    name: str | None = None
    name_kana: str | None = None
    birth: date | None = None
    address: dict[str, str] | None = None
    tel: str | None = None
    email: str | None = None
    is_resident_of_city: bool | None = None
    kind: Literal["person", "group"] = "person"
    acts_for: str | None = None
    sources: dict[str, str] = {}


class Expected(Strict):
    """What must come out; a key that is not written is not looked at."""

    pages: list[str] = []
    visible: list[str] = []
    hidden: list[str] = []
    required: list[str] = []
    optional: list[str] = []
    problems: dict[str, str] = {}
    stops: list[str] = []
    notices: list[str] = []
    fee: int | None = None
    fee_lines: dict[str, int] = {}
    after_review: bool = False
    benefit: int | None = None
    options: dict[str, list[str]] = {}
    earliest: dict[str, date] = {}
    latest: dict[str, date] = {}
    attachments: dict[str, Literal["given", "missing", "owed", "optional"]] = {}
    level: Level = "none"
    department: str = ""
    due: date | None = None
    examined_from: date | None = None
    follow_ups: dict[str, date] = {}


class WorkedCase(Strict):
    """One example. ``at`` is the moment in Asia/Tokyo, the only clock of a case."""

    name: str
    source: str | None = None
    at: datetime
    person: GivenPerson | None = None
    channel: Channel = "web"
    without: list[str] = []
    answers: dict[str, Any] = {}
    expect: Expected

    @field_validator("at")
    @classmethod
    def _tokyo(cls, at: datetime) -> datetime:
        return at.replace(tzinfo=TOKYO) if at.tzinfo is None else at.astimezone(TOKYO)


class CaseFile(Strict):
    """cases.yaml: answers all cases begin with, and the cases."""

    base: dict[str, Any] = {}
    cases: list[WorkedCase]


def load(path: Path) -> CaseFile:
    """Read a cases.yaml (or the one of a folder). Raises SourceErrors with every complaint at once."""
    return load_with_source(path)[0]


def load_with_source(path: Path) -> tuple[CaseFile, Source]:
    """As ``load``, with the source for the places of further complaints."""
    file = path / "cases.yaml" if path.is_dir() else path
    source = read(file, name=str(file))
    return validate(source, CaseFile), source


def answers_of(file: CaseFile, case: WorkedCase) -> dict[str, Any]:
    """Return the answers of a case: the base, without what it takes away, with its own over it."""
    base = {key: value for key, value in file.base.items() if key not in case.without}
    return {**base, **case.answers}


def run(definition: Definition, file: CaseFile, case: WorkedCase) -> list[str]:
    """Evaluate a case; returns a sentence for everything that came out otherwise than expected."""
    answers = answers_of(file, case)
    context = _context(case)
    outcome = evaluate(definition, answers, context)
    found = _Found(definition, answers, context, outcome, case.at)
    complaints: list[str] = []
    for name in Expected.model_fields:
        if name in case.expect.model_fields_set:
            complaints += _LOOKS[name](found, getattr(case.expect, name))
    return complaints


def complaints(definition: Definition, file: CaseFile, source: Source) -> Iterator[Complaint]:
    """Yield every misspelt answer and every case that does not come out, each with its place."""
    known = {question.key for page in definition.pages for question in page.fields}
    for key in file.base:
        if key not in known:
            yield source.complain(("base", key), f"there is no question {key!r}", _some(known))
    for index, case in enumerate(file.cases):
        for key in case.answers:
            if key not in known:
                yield source.complain(
                    ("cases", index, "answers", key), f"there is no question {key!r}", _some(known)
                )
        for complaint in run(definition, file, case):
            yield source.complain(
                ("cases", index), f"case {case.name!r}: {complaint}", "mend the form or the case"
            )


class _Found:
    """What the engine made of a case."""

    def __init__(
        self,
        definition: Definition,
        answers: Mapping[str, Any],
        context: Context,
        outcome: Outcome,
        at: datetime,
    ) -> None:
        self.definition, self.answers, self.context = definition, answers, context
        self.outcome, self.at = outcome, at

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


def _context(case: WorkedCase) -> Context:
    person = Person(**case.person.model_dump()) if case.person else None
    return Context(
        today=case.at.date(), now=case.at, person=person, channel=case.channel, calendar=city_hall()
    )


def _differs(what: str, wanted: Any, got: Any) -> list[str]:
    return [] if wanted == got else [f"{what}: expected {_shown(wanted)}, got {_shown(got)}"]


def _each(what: str, wanted: Iterable[str], holds: Callable[[str], bool]) -> list[str]:
    return [f"{path!r} is not {what}" for path in wanted if not holds(path)]


def _look_problems(found: _Found, wanted: dict[str, str]) -> list[str]:
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


def _look_required(found: _Found, wanted: list[str], value: bool) -> list[str]:
    def holds(path: str) -> bool:
        state = found.outcome.fields.get(path)
        return state is not None and state.visible and state.required is value

    return _each("required" if value else "optional", wanted, holds)


def _look_states(
    found: _Found, wanted: dict[str, Any], name: str, read_state: Callable[[Any], Any]
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


def _look_fee_lines(found: _Found, wanted: dict[str, int]) -> list[str]:
    got = _fee_lines(found.outcome.fee) | _fee_lines(found.outcome.benefit)
    return [said for key, yen in wanted.items() for said in _differs(f"fee line {key!r}", yen, got.get(key))]


def _look_attachments(found: _Found, wanted: dict[str, str]) -> list[str]:
    got = {paper.path: paper.state for paper in found.outcome.attachments}
    return [
        said for path, state in wanted.items() for said in _differs(f"paper {path!r}", state, got.get(path))
    ]


def _look_follow_ups(found: _Found, wanted: dict[str, date]) -> list[str]:
    due = duties(found.definition, found.outcome.answers, found.context, decided_on=found.at.date())
    got = {duty.key: duty.due for duty in due}
    return [said for key, day in wanted.items() for said in _differs(f"follow-up {key!r}", day, got.get(key))]


def _look_due(found: _Found, wanted: date | None) -> list[str]:
    return _differs("due", wanted, clocks.due_on(found.definition, found.at, found.context.calendar))


def _look_examined(found: _Found, wanted: date | None) -> list[str]:
    got = clocks.examination_starts(found.definition, found.at, found.context.calendar)
    return _differs("examined_from", wanted, got)


_LOOKS: dict[str, Callable[[_Found, Any], list[str]]] = {
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
    "follow_ups": _look_follow_ups,
}


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return "nothing" if value is None else str(value)


def _some(known: Iterable[str]) -> str:
    return f"use one of: {', '.join(sorted(known)[:8])}"
