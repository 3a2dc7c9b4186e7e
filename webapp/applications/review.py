"""Examining an application: what was answered, what changed, what is ticked, and what to send back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.audit import record as audit
from webapp.calendar.business import BusinessCalendar, city_hall
from webapp.casework import steps, telling, ticks, timeline
from webapp.casework.models import Case
from webapp.errors import InvalidInput, NotFound
from webapp.form_engine.changes import changes
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Change, Context, Outcome, Row
from webapp.form_engine.present import present
from webapp.intake import corrections, sheets, versions
from webapp.intake.models import AnswerSheet, Correction

SOURCES = {
    "card": "マイナンバーカード",
    "account": "アカウント",
    "profile": "登録情報",
    "previous": "前回の申請",
    "earlier": "前回の申請",
    "corrected": "補正で修正",
    "staff": "職員が入力",
    "proxy": "代理人が入力",
    "typed": "本人が入力",
}


@dataclass(frozen=True)
class ExaminedRow:
    """One answer as an officer examines it."""

    path: str
    label: str
    text: str
    kind: str
    value: Any
    provenance: str | None = None
    ticked: bool = False
    before: str | None = None
    heading: str | None = None
    was: str | None = None
    """What the source had said, where the applicant changed a prefilled value."""
    source: str = ""
    """The key of ``provenance`` in SOURCES."""

    @property
    def changed(self) -> bool:
        return self.before is not None

    @property
    def files(self) -> list[Mapping[str, Any]]:
        return list(self.value) if self.kind == "file" and isinstance(self.value, list) else []


@dataclass(frozen=True)
class ExaminedSection:
    """The answers of one page."""

    title: str
    rows: list[ExaminedRow]


@dataclass(frozen=True)
class Examined:
    """Everything about the answers of a case."""

    definition: Definition
    sheet: AnswerSheet
    outcome: Outcome
    sections: list[ExaminedSection]
    changes: list[Change] = field(default_factory=list)
    revisions: int = 1

    @property
    def rows(self) -> list[ExaminedRow]:
        return [row for section in self.sections for row in section.rows]

    @property
    def attachments(self) -> list[ExaminedRow]:
        return [row for row in self.rows if row.files]


def examine(
    session: Session, case: Case, *, calendar: BusinessCalendar | None = None, revision: int | None = None
) -> Examined | None:
    """Return the answers of a case as they stand, with what the last correction changed.

    The definition is the kept version the answers were sent with, and the day is that of arrival: a
    later change of either never changes what was sent. None for a case without answers (a plain booking).
    """
    try:
        latest = sheets.latest(session, case.id)
    except NotFound:
        return None
    every = sheets.all_of(session, case.id) if latest.revision > 1 or revision else [latest]
    sheet = next((one for one in every if one.revision == revision), latest)
    definition = versions.load(session, sheet.version)
    outcome = evaluate(definition, sheet.answers, context_of(case, calendar))
    before = next((one for one in every if one.revision == sheet.revision - 1), None)
    changed = changes(definition, before.answers, sheet.answers, "ja") if before else []
    values = values_of(present(definition, sheet.answers, "ja", outcome))
    ticked = ticks.ticked_paths(session, case, values)
    old = {change.path: change.before for change in changed}
    sections = [
        ExaminedSection(section.title, [_row(row, sheet.provenance, ticked, old) for row in section.rows])
        for section in present(definition, sheet.answers, "ja", outcome)
    ]
    return Examined(definition, sheet, outcome, sections, changed, len(every))


def context_of(case: Case, calendar: BusinessCalendar | None = None) -> Context:
    """Return the circumstances in which the answers of a case are judged: those of its arrival."""
    return Context(
        today=clock.tokyo(case.arrived_at).date(),
        now=clock.tokyo(case.arrived_at),
        person=None,
        channel=case.channel,
        calendar=calendar or city_hall(),
    )


def values_of(sections: Sequence[Any]) -> dict[str, Any]:
    """Return the value of every row by path."""
    return {row.path: row.value for section in sections for row in section.rows}


def tick(session: Session, case: Case, paths: set[str], actor: Actor) -> None:
    """Keep which answers were found in order; ticks outlive a correction that did not touch them."""
    seen = examine(session, case)
    if seen is None:
        raise NotFound("no answers to tick")
    ticks.set_ticks(session, case, {row.path: row.value for row in seen.rows}, paths, actor)
    audit(
        session,
        actor,
        "case.ticks",
        object_kind="case",
        object_id=case.id,
        case_id=case.id,
        details={"ticked": len(paths)},
    )
    if case.news in ("arrived", "answered"):
        steps.settle_news(case)


def ask_correction(
    session: Session,
    case: Case,
    items: Sequence[corrections.Item],
    deadline: date,
    actor: Actor,
    *,
    reason: str = "",
    calendar: BusinessCalendar | None = None,
) -> Correction:
    """Return marked fields to the resident until ``deadline`` (Asia/Tokyo, that day included).

    The case waits, its statutory clock stands still, the resident is told. 行政手続法7条: a reasonable
    period. Raises InvalidInput without items, for an unknown field or reason or a day that is not after
    today, IllegalStep when the case is not being examined.
    """
    if deadline <= clock.today():
        raise InvalidInput("deadline", field="deadline", say="補正の期限は明日以降の日付にしてください。")
    _check_paths(session, case, items)
    steps.take(
        session,
        case,
        "ask_correction",
        actor,
        data={"deadline": deadline.isoformat(), "fields": len(items)},
        calendar=calendar,
    )
    correction = corrections.open_correction(session, case, items, deadline, actor, reason=reason or None)
    case.answer_by = deadline
    telling.tell_resident(
        session,
        case,
        "correction_wanted",
        dedupe_key=f"case:{case.id}:correction:{correction.id}",
        data={"deadline": deadline},
    )
    return correction


def extend_correction(session: Session, case: Case, deadline: date, actor: Actor) -> Correction:
    """Give the resident until a later ``deadline`` (Asia/Tokyo, that day included) and say so.

    Raises NotFound when no correction is out, InvalidInput for a day that is not later.
    """
    correction = corrections.waiting(session, case.id)
    if correction is None:
        raise NotFound("no correction", say="この案件では、補正を求めていません。")
    if deadline <= max(clock.today(), correction.deadline):
        raise InvalidInput("deadline", field="later", say="いまの期限より後の日付にしてください。")
    correction.deadline = case.answer_by = deadline
    data = {"deadline": deadline.isoformat()}
    timeline.record(session, case, "correction_extended", actor, public=True, data=data)
    steps.settle_news(case)
    telling.tell_resident(
        session,
        case,
        "correction_wanted",
        dedupe_key=f"case:{case.id}:correction:{correction.id}:{deadline.isoformat()}",
        data={"deadline": deadline},
    )
    return correction


def call_off_correction(
    session: Session, case: Case, actor: Actor, *, calendar: BusinessCalendar | None = None
) -> None:
    """Take the request back and go on examining. Raises IllegalStep when nothing was asked for."""
    steps.take(session, case, "call_off_correction", actor, calendar=calendar)
    waiting = corrections.waiting(session, case.id)
    if waiting is not None:
        corrections.call_off(session, waiting, actor)


def suggested_deadline(calendar: BusinessCalendar) -> date:
    """Return the tenth open day from today: long enough for post and weekends."""
    return calendar.add_business_days(clock.today(), 10)


def _check_paths(session: Session, case: Case, items: Sequence[corrections.Item]) -> None:
    seen = examine(session, case)
    known = {row.path for row in seen.rows} | set(seen.outcome.fields) if seen else set()
    if any(item.path not in known for item in items):
        raise InvalidInput(
            "unknown field", field="items", say="選んだ項目がこの申請にありません。選び直してください。"
        )


def _row(row: Row, provenance: Mapping[str, Any], ticked: set[str], old: Mapping[str, str]) -> ExaminedRow:
    mark = provenance.get(row.path) or provenance.get(row.path.partition("[")[0]) or {}
    source = str(mark.get("source", "")) if isinstance(mark, Mapping) else str(mark)
    was = mark.get("was") if isinstance(mark, Mapping) else None
    return ExaminedRow(
        path=row.path,
        label=row.label,
        text=row.text,
        kind=row.kind,
        value=row.value,
        provenance=SOURCES.get(source, source) or None,
        ticked=row.path in ticked,
        before=old.get(row.path),
        heading=row.heading,
        was=str(was) if was else None,
        source=source,
    )
