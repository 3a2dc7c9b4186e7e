"""意見照会: asking another department about a case, and its answer."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.casework import timeline
from webapp.casework.models import Case, CaseOpinion
from webapp.errors import IllegalStep, InvalidInput

STANCES = {"agree": "支障なし", "object": "支障あり", "remark": "意見あり"}


def ask(
    session: Session,
    case: Case,
    *,
    department: str,
    question: str,
    due_on: date | None,
    actor: Actor,
    known: list[str],
) -> CaseOpinion:
    """Ask a department; it may read the case until the question is taken back.

    Raises InvalidInput for an unknown or the own department, an empty question or a past date, and
    IllegalStep while the same department still owes an answer on this case.
    """
    if department not in known or department == case.department:
        raise InvalidInput("department", field="department", say="照会先の課を選んでください。")
    if not question.strip():
        raise InvalidInput("no question", field="question", say="照会する内容を入力してください。")
    if due_on is not None and due_on < clock.today():
        raise InvalidInput("past", field="due_on", say="回答期限は今日以降の日付にしてください。")
    if any(o.department == department and o.answered_at is None for o in of_case(session, case)):
        raise IllegalStep(
            "ask_opinion", state="asked", say="この課にはすでに照会していて、回答を待っています。"
        )
    opinion = CaseOpinion(
        case_id=case.id,
        department=department,
        question=question,
        asked_by=actor.id,
        asked_at=clock.now(),
        due_on=due_on,
    )
    session.add(opinion)
    timeline.record(session, case, "opinion_asked", actor, data={"department": department})
    session.flush()
    return opinion


def give(session: Session, case: Case, opinion: CaseOpinion, stance: str, answer: str, actor: Actor) -> None:
    """Answer a question.

    Raises InvalidInput without stance or text, IllegalStep when nothing is asked any more.
    """
    _check_pending(opinion, "give_opinion")
    if stance not in STANCES:
        raise InvalidInput("stance", field="stance", say="意見の区分を選んでください。")
    if stance != "agree" and not answer.strip():
        raise InvalidInput("answer", field="answer", say="意見の内容を入力してください。")
    opinion.stance = stance
    opinion.answer = answer
    opinion.answered_by = actor.id
    opinion.answered_at = clock.now()
    case.news = case.news or "opinion"
    case.news_at = case.news_at or opinion.answered_at
    timeline.record(session, case, "opinion_given", actor, data={"department": opinion.department})


def revoke(session: Session, case: Case, opinion: CaseOpinion, actor: Actor) -> None:
    """Take a question back; the department no longer sees the case. Raises IllegalStep after the answer."""
    _check_pending(opinion, "revoke_opinion")
    opinion.revoked_at = clock.now()
    timeline.record(session, case, "opinion_revoked", actor, data={"department": opinion.department})


def of_case(session: Session, case: Case) -> list[CaseOpinion]:
    """Return the questions that stand, oldest first."""
    query = select(CaseOpinion).where(CaseOpinion.case_id == case.id, CaseOpinion.revoked_at.is_(None))
    return list(session.scalars(query.order_by(CaseOpinion.id)))


def _check_pending(opinion: CaseOpinion, step: str) -> None:
    if opinion.answered_at is not None or opinion.revoked_at is not None:
        raise IllegalStep(step, state="answered", say="この照会は、すでに回答済みか取り消されています。")
