"""The conversation on a case, and the internal notes beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.casework import timeline
from webapp.casework.models import Case, CaseMessage, CaseNote
from webapp.casework.steps import raise_news, settle_news
from webapp.errors import InvalidInput

LONGEST = 4000


def post(
    session: Session,
    case: Case,
    body: str,
    actor: Actor,
    *,
    files: Sequence[dict[str, Any]] = (),
) -> CaseMessage:
    """Add a message; from staff it settles what was new, from anyone else it becomes news.

    The text is stored as typed. Raises InvalidInput when it is empty or longer than 4,000 characters.
    """
    _check(body, empty="メッセージを入力してください。")
    from_staff = actor.kind == "staff"
    message = CaseMessage(
        case_id=case.id,
        at=clock.now(),
        from_staff=from_staff,
        author_id=actor.id,
        author_label=actor.label,
        body=body,
        files=list(files),
    )
    session.add(message)
    timeline.record(
        session, case, "message_from_staff" if from_staff else "message_from_resident", actor, public=True
    )
    if from_staff:
        _take_up(session, case, from_staff=False)
        settle_news(case)
    else:
        _take_up(session, case, from_staff=True)
        raise_news(case, "message")
    session.flush()
    return message


def _take_up(session: Session, case: Case, *, from_staff: bool) -> None:
    """Writing an answer means that the other side's messages were read."""
    for message in unread(session, case, from_staff=from_staff):
        message.read_at = clock.now()


def unread(session: Session, case: Case, *, from_staff: bool) -> list[CaseMessage]:
    """Return the messages of one side that the other has not taken up."""
    return list(
        session.scalars(
            select(CaseMessage).where(
                CaseMessage.case_id == case.id,
                CaseMessage.from_staff.is_(from_staff),
                CaseMessage.read_at.is_(None),
            )
        )
    )


def of_case(session: Session, case: Case) -> list[CaseMessage]:
    """Return the thread, oldest first."""
    return list(
        session.scalars(select(CaseMessage).where(CaseMessage.case_id == case.id).order_by(CaseMessage.id))
    )


def add_note(session: Session, case: Case, body: str, actor: Actor) -> CaseNote:
    """Add an internal note. Raises InvalidInput when it is empty or too long."""
    _check(body, empty="メモを入力してください。")
    note = CaseNote(
        case_id=case.id,
        at=clock.now(),
        staff_id=int(actor.id) if actor.id and actor.id.isdigit() else None,
        author_label=actor.label,
        body=body,
    )
    session.add(note)
    timeline.record(session, case, "note_added", actor)
    session.flush()
    return note


def notes(session: Session, case: Case) -> list[CaseNote]:
    """Return the internal notes, oldest first."""
    return list(session.scalars(select(CaseNote).where(CaseNote.case_id == case.id).order_by(CaseNote.id)))


def _check(body: str, *, empty: str) -> None:
    if not body.strip():
        raise InvalidInput("empty text", field="body", say=empty)
    if len(body) > LONGEST:
        raise InvalidInput("text too long", field="body", say=f"{LONGEST}文字以内で入力してください。")
