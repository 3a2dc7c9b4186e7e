"""取下げ: the applicant takes an application back, with a reason, as long as it is not decided."""

from datetime import date

from sqlalchemy.orm import Session

from webapp.applications import retain
from webapp.audit import Actor
from webapp.casework import steps, telling
from webapp.casework.models import Case
from webapp.errors import IllegalStep, InvalidInput, NotFound
from webapp.intake import corrections, sheets, versions
from webapp.payment import charges

LONGEST_REASON = 500


def may_withdraw(case: Case) -> bool:
    """Whether the life of this case allows it now; a booking holds room and money: it is cancelled."""
    return case.kind != "booking" and steps.may(case, "withdraw")


def withdraw(session: Session, case: Case, reason: str, actor: Actor) -> None:
    """Withdraw; an open correction ends, and what is not yet paid is no longer owed.

    Raises InvalidInput for a reason that is too long, IllegalStep when the case is decided already.
    """
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(
            "reason too long", field="reason", say=f"理由は{LONGEST_REASON}文字以内で書いてください。"
        )
    if case.kind == "booking":
        raise IllegalStep(
            "withdraw", state=case.status, say="予約の取消しは、予約の内容の画面で行ってください。"
        )
    waiting = corrections.waiting(session, case.id)
    steps.take(session, case, "withdraw", actor, data={"reason": reason.strip()})
    if waiting is not None:
        corrections.call_off(session, waiting, actor)
    case.retain_until = _kept_until(session, case)
    for charge in charges.of_case(session, case.id):
        if charge.cancelled_at is None and charge.open_yen > 0:
            charges.cancel(session, charge, reason="取下げ", actor=actor)
    telling.tell_resident(session, case, "withdrawn", dedupe_key=f"case:{case.id}:withdrawn")


def _kept_until(session: Session, case: Case) -> date | None:
    try:
        version = sheets.latest(session, case.id).version
    except NotFound:
        return case.retain_until
    return retain.until(versions.load(session, version), "withdraw")
