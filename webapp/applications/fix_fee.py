"""Fixing a fee after review (後払い): the money is asked for on the same case, and never twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.fees import PURPOSE
from webapp.audit import Actor
from webapp.casework import telling, timeline
from webapp.casework.models import Case
from webapp.errors import IllegalStep, InvalidInput
from webapp.payment import charges, policy
from webapp.payment.models import Charge


def claimed(session: Session, case: Case) -> Charge | None:
    """Return the charge that already asks for this application's fee, if there is one."""
    for charge in charges.of_case(session, case.id):
        if charge.purpose == PURPOSE and charge.cancelled_at is None:
            return charge
    return None


def fix_fee(
    session: Session,
    case: Case,
    lines: Sequence[charges.Line],
    due_on: date,
    actor: Actor,
    *,
    payee: str = "city",
) -> Charge:
    """Ask for the fee an officer has fixed (yen, tax included) until ``due_on`` (Asia/Tokyo).

    Raises IllegalStep when it was asked for already, InvalidInput without lines, for a total of zero or
    a day in the past.
    """
    if claimed(session, case) is not None:
        raise IllegalStep(
            "fix_fee", state="charged", say="この案件の料金はすでに請求しています。二重に請求できません。"
        )
    if not lines or sum(line.amount_yen for line in lines) <= 0:
        raise InvalidInput("no amount", field="lines", say="料金の内訳を1行以上、1円以上で入力してください。")
    if due_on < clock.today():
        raise InvalidInput("past", field="due_on", say="支払期限は今日以降の日付にしてください。")
    charge = charges.open_charge(
        session,
        case_id=case.id,
        purpose=PURPOSE,
        lines=lines,
        payee=payee,
        due_on=due_on,
        lapse_on=policy.rules().lapse_on(due_on),
        payer={**case.contact, "resident_id": case.resident_id},
        actor=actor,
        title=case.title,
        department=case.department,
    )
    timeline.record(session, case, "charge_opened", actor, public=True, data={"charge": charge.id})
    telling.tell_resident(
        session,
        case,
        "payment_wanted",
        dedupe_key=f"case:{case.id}:charge:{charge.id}",
        data={"amount_yen": charge.open_yen, "deadline": due_on},
    )
    return charge
