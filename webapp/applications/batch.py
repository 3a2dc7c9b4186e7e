"""The same work for many cases: ordered once, done one after the other, each case in its own transaction.

What was done with a case is written in the transaction that did it, so that a worker killed in between
does no case twice and forgets none. The officer's permission is looked at again for every case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications import decide as decisions
from webapp.applications.issue import Prepared
from webapp.audit import Actor
from webapp.calendar.business import BusinessCalendar
from webapp.casework import assign, telling, thread
from webapp.casework.models import Case
from webapp.casework.office_models import CaseBatch
from webapp.casework.scope import case_for
from webapp.city import City
from webapp.db import new_token
from webapp.errors import Forbidden, InvalidInput, MadoguchiError, NotFound
from webapp.identity.models import Staff
from webapp.identity.permissions import scope_of
from webapp.ports.storage import StorageError, StoragePort

MOST = 500
AT_ONCE = 20
"""So many cases without letters are done while the officer waits; more are for the worker."""
LEASE = timedelta(minutes=5)
KEPT = timedelta(days=30)
STEPS = ("accept", "complete", "confirm")
"""What may be decided for many at once; whatever needs reasons is decided one by one."""
PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {"claim": "case.work", "assign": "case.work", "message": "case.work"}
    | dict.fromkeys(STEPS, "case.decide")
)
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "claim": "自分の担当にする",
        "assign": "担当者を決める",
        "message": "メッセージを送る",
        "accept": "承認する",
        "complete": "完了する",
        "confirm": "確定する",
    }
)


@dataclass(frozen=True)
class House:
    """What the work needs from the house; ``transaction`` opens a session that commits at its end."""

    transaction: Callable[[], AbstractContextManager[Session]]
    city: City
    calendar: BusinessCalendar
    storage: StoragePort
    is_sample: Callable[[Case], bool]


def order(
    session: Session, staff: Staff, action: str, given: Mapping[str, Any], references: Sequence[str]
) -> CaseBatch:
    """Write down what is to be done. ``given`` holds staff (an id), message, note, with_letter.

    Raises InvalidInput for an unknown action, or where the colleague or the message is missing.
    """
    if action not in PERMISSIONS:
        raise InvalidInput("no action", field="action", say="まとめて行う処理を選んでください。")
    if action == "assign" and session.get(Staff, int(given.get("staff") or 0)) is None:
        raise InvalidInput("no colleague", field="staff", say="担当者を選んでください。")
    if action == "message" and not str(given.get("message") or "").strip():
        raise InvalidInput("no message", field="message", say="送るメッセージを入力してください。")
    batch = CaseBatch(
        token=new_token(),
        staff_id=staff.id,
        action=action,
        given=dict(given),
        references=list(dict.fromkeys(references))[:MOST],
        results=[],
        ordered_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    return batch


def is_short(batch: CaseBatch) -> bool:
    """Tell whether it is done while the officer waits: few cases and no letters."""
    return len(batch.references) <= AT_ONCE and not batch.given.get("with_letter")


def of_officer(session: Session, token: str, staff: Staff) -> CaseBatch:
    """Return a batch of this officer. Raises NotFound."""
    batch = session.scalar(select(CaseBatch).where(CaseBatch.token == token, CaseBatch.staff_id == staff.id))
    if batch is None:
        raise NotFound("no such batch")
    return batch


def claim_next(session: Session) -> int | None:
    """Lease the oldest batch that nobody works on; returns its id."""
    free = or_(CaseBatch.claimed_until.is_(None), CaseBatch.claimed_until < clock.now())
    waiting = select(CaseBatch).where(CaseBatch.finished_at.is_(None), free).order_by(CaseBatch.id).limit(1)
    batch = session.scalar(waiting.with_for_update(skip_locked=True))
    if batch is None:
        return None
    batch.claimed_until = clock.now() + LEASE
    return batch.id


def carry_on(house: House, batch_id: int) -> int:
    """Do what is left of a batch; returns how many cases were dealt with now."""
    with house.transaction() as session:
        batch = session.get_one(CaseBatch, batch_id)
        left = [one for one in batch.references if one not in _dealt_with(batch)]
    for reference in left:
        _deal_with(house, batch_id, reference)
    with house.transaction() as session:
        batch = _locked(session, batch_id)
        if batch.finished_at is None and len(batch.results) == len(batch.references):
            batch.finished_at = clock.now()
    return len(left)


def forget(session: Session) -> int:
    """Delete what was finished a month ago, with the words that went with it; returns how many."""
    old = CaseBatch.finished_at < clock.now() - KEPT
    return int(getattr(session.execute(delete(CaseBatch).where(old)), "rowcount", 0))


def _deal_with(house: House, batch_id: int, reference: str) -> None:
    prepared, why = _letter(house, batch_id, reference)
    with house.transaction() as session:
        batch = _locked(session, batch_id)
        if reference in _dealt_with(batch):
            return
        if why is None:
            why = _act(session, house, batch, reference, prepared)
        entry = {"reference": reference, "done": why is None, "why": why or ""}
        batch.results = [*batch.results, entry]
        batch.claimed_until = clock.now() + LEASE


def _letter(house: House, batch_id: int, reference: str) -> tuple[Prepared | None, str | None]:
    """Build the letter and store its bytes with nothing open; a reason where that cannot be done."""
    try:
        with house.transaction() as session:
            batch = session.get_one(CaseBatch, batch_id)
            if not batch.given.get("with_letter") or batch.action not in STEPS:
                return None, None
            case = _case(session, batch, reference)
            ruling = _ruling(batch)
            decisions.check(case, ruling)
            prepared = decisions.letter(house.city, case, ruling, sample=house.is_sample(case))
        house.storage.put(prepared.storage_key, prepared.data, prepared.media_type)
    except MadoguchiError as refused:
        return None, refused.say or "この案件では処理できませんでした。"
    except StorageError:
        return None, "文書を保存できませんでした。あとでもう一度行ってください。"
    return prepared, None


def _act(
    session: Session, house: House, batch: CaseBatch, reference: str, prepared: Prepared | None
) -> str | None:
    """Do it for one case; returns why not, and then nothing of it stays."""
    try:
        with session.begin_nested():
            case = _case(session, batch, reference)
            staff = session.get_one(Staff, batch.staff_id)
            actor = Actor("staff", str(staff.id), staff.name)
            if batch.action == "claim":
                assign.claim(session, case, staff, actor)
            elif batch.action == "assign":
                _assign(session, case, session.get_one(Staff, int(batch.given["staff"])), actor)
            elif batch.action == "message":
                _write(session, case, str(batch.given["message"]), actor)
            else:
                decisions.decide_with_letter(
                    session, case, _ruling(batch), prepared, actor, city=house.city, calendar=house.calendar
                )
    except MadoguchiError as refused:
        return refused.say or "この案件では処理できませんでした。"
    return None


def _case(session: Session, batch: CaseBatch, reference: str) -> Case:
    staff = session.get_one(Staff, batch.staff_id)
    if not staff.active:
        raise Forbidden("inactive", say="この処理を頼んだ職員は、利用停止中です。")
    scope = scope_of(staff.roles, PERMISSIONS[batch.action])
    return case_for(session, scope, reference, lock=True)


def _assign(session: Session, case: Case, colleague: Staff, actor: Actor) -> None:
    if colleague.department != case.department:
        raise InvalidInput("other department", say="この課の職員ではありません。")
    assign.assign(session, case, colleague, actor)


def _write(session: Session, case: Case, body: str, actor: Actor) -> None:
    posted = thread.post(session, case, body, actor)
    telling.tell_resident(session, case, "message_posted", dedupe_key=f"case:{case.id}:message:{posted.id}")


def _ruling(batch: CaseBatch) -> decisions.Ruling:
    given = batch.given
    return decisions.Ruling(
        batch.action, message=str(given.get("note") or ""), with_letter=bool(given.get("with_letter"))
    )


def _dealt_with(batch: CaseBatch) -> set[str]:
    return {str(entry["reference"]) for entry in batch.results}


def _locked(session: Session, batch_id: int) -> CaseBatch:
    mine = select(CaseBatch).where(CaseBatch.id == batch_id).with_for_update()
    return session.scalars(mine.execution_options(populate_existing=True)).one()
