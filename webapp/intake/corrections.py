"""Field-pinned corrections (補正): marked fields with reasons, their answer, and what changed.

One correction is open per case at a time, by a unique key. This module writes only the correction
and the next answer sheet; what happens to the case is for ``applications`` to say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.audit import record as audit
from webapp.casework.models import Case
from webapp.errors import IllegalStep, InvalidInput, NotFound
from webapp.form_engine.model import Definition
from webapp.intake import files, places, sheets
from webapp.intake.models import Answers, AnswerSheet, Correction, CorrectionItem

REASONS = {"wrong": "誤り", "missing": "不足", "expired": "期限切れ", "unclear": "不鮮明"}
"""Reason codes of a marked field, with the officer's word for each."""


@dataclass(frozen=True)
class Item:
    """One field to mend: its path on the latest sheet, a reason code of REASONS, a note for the resident."""

    path: str
    reason: str
    note: str = ""


def open_correction(
    session: Session,
    case: Case,
    items: Iterable[Item],
    deadline: date,
    actor: Actor,
    *,
    reason: str | None = None,
) -> Correction:
    """Return marked fields to the resident until ``deadline`` (Tokyo, that day included; 行政手続法7条).

    Raises InvalidInput without items or with an unknown reason, IllegalStep while another one is open.
    """
    marked = list({item.path: item for item in items}.values())
    if not marked:
        raise InvalidInput(
            "no fields marked", field="items", say="直していただく項目を1つ以上選んでください。"
        )
    if any(item.reason not in REASONS for item in marked):
        raise InvalidInput("unknown reason", field="items", say="直していただく理由を選んでください。")
    answers = sheets.latest(session, case.id).answers
    correction = Correction(
        case_id=case.id, open_key=case.id, opened_by=actor.id or actor.kind, deadline=deadline, reason=reason
    )
    correction.items = [
        CorrectionItem(
            path=item.path, reason=item.reason, note=item.note, before=places.get(answers, item.path)
        )
        for item in marked
    ]
    try:
        with session.begin_nested():
            session.add(correction)
    except IntegrityError:
        raise IllegalStep("open_correction", state="open", say="前の補正の回答を待っています。") from None
    audit(
        session, actor, "correction.open", object_kind="correction", object_id=correction.id, case_id=case.id
    )
    return correction


def waiting(session: Session, case_id: int) -> Correction | None:
    """The correction that waits for the resident, if any."""
    return session.scalar(select(Correction).where(Correction.open_key == case_id))


def of_case(session: Session, case_id: int) -> list[Correction]:
    """Every correction of a case, the first one first."""
    return list(
        session.scalars(select(Correction).where(Correction.case_id == case_id).order_by(Correction.id))
    )


def locked(session: Session, correction_id: int) -> Correction:
    """The correction, fresh and locked until the transaction ends. Raises NotFound."""
    mine = select(Correction).where(Correction.id == correction_id).with_for_update()
    correction = session.scalar(mine.execution_options(populate_existing=True))
    if correction is None:
        raise NotFound(f"correction {correction_id}")
    return correction


def allowed_tops(correction: Correction) -> set[str]:
    """The top-level questions in which something is marked."""
    return {places.top(item.path) for item in correction.items}


def is_pinned(correction: Correction, path: str) -> bool:
    """Whether this path may be changed: it is marked, or lies inside a marked row or group."""
    return any(
        path == item.path or path.startswith((f"{item.path}[", f"{item.path}.")) for item in correction.items
    )


def answer_correction(
    session: Session, correction: Correction, answers: Answers, actor: Actor, *, definition: Definition
) -> AnswerSheet:
    """Take the mended answers: only pinned paths are taken over, everything else stays as it was sent.

    ``answers`` are all visible answers: what a mended one has brought up comes along, what it has
    hidden goes.
    Raises IllegalStep when the correction was answered already.
    """
    correction = locked(session, correction.id)
    if correction.status != "open":
        raise IllegalStep("answer_correction", state=correction.status, say="この補正は提出済みです。")
    before = sheets.latest(session, correction.case_id)
    changes = only_pinned(correction, before.answers, answers)
    after = {key: changes.get(key, before.answers.get(key)) for key in answers}
    after = {key: value for key, value in after.items() if value is not None}
    marks = {**before.provenance, **{item.path: _corrected(actor) for item in correction.items}}
    sheet = sheets.add(
        session, correction.case_id, version=before.version, answers=after, provenance=marks, actor=actor
    )
    for item in correction.items:
        item.after = places.get(after, item.path)
    correction.status, correction.open_key = "answered", None
    correction.answered_at, correction.sheet_revision = clock.now(), sheet.revision
    correction.answers = {}
    _adopt_files(session, correction.case_id, after)
    audit(
        session,
        actor,
        "correction.answer",
        object_kind="correction",
        object_id=correction.id,
        case_id=correction.case_id,
        details={"revision": sheet.revision},
    )
    return sheet


def call_off(session: Session, correction: Correction, actor: Actor) -> None:
    """Take the request back; the answers stay as they are."""
    correction = locked(session, correction.id)
    correction.status, correction.open_key = "called_off", None
    audit(
        session,
        actor,
        "correction.call_off",
        object_kind="correction",
        object_id=correction.id,
        case_id=correction.case_id,
    )


def only_pinned(correction: Correction, before: Answers, now: Answers) -> dict[str, Any]:
    """What the resident may change: pinned answers, and answers that were not there before."""
    result: dict[str, Any] = {}
    tops = allowed_tops(correction)
    for key in tops:
        whole = any(item.path == key for item in correction.items)
        result[key] = now.get(key) if whole else _rows(correction, key, before.get(key), now.get(key))
    for key, value in now.items():
        if key not in before and key not in tops:
            result[key] = value
    return result


def _rows(correction: Correction, path: str, before: Any, now: Any) -> Any:
    """Rows of a group in which single cells are pinned: the cells change, rows neither come nor go."""
    if not isinstance(before, list):
        return now
    new: dict[Any, dict[str, Any]] = {row.get("id"): row for row in now or []}
    return [_row(correction, f"{path}[{row['id']}]", row, new.get(row["id"]) or row) for row in before]


def _row(correction: Correction, path: str, before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    if is_pinned(correction, path):
        return now
    row = dict(before)
    for key in [*before, *(key for key in now if key not in before)]:
        inner = f"{path}.{key}"
        if is_pinned(correction, inner):
            _set(row, key, now.get(key))
        elif key in before and any(item.path.startswith(f"{inner}[") for item in correction.items):
            _set(row, key, _rows(correction, inner, before.get(key), now.get(key)))
    return row


def _set(row: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        row.pop(key, None)
    else:
        row[key] = value


def _corrected(actor: Actor) -> dict[str, Any]:
    return {"source": "corrected", "by": actor.kind, "at": clock.now().isoformat()}


def _adopt_files(session: Session, case_id: int, answers: Answers) -> None:
    named = set(files.file_ids(answers))
    for row in files.of_case(session, case_id):
        if row.id not in named:
            row.removed_at = clock.now()
