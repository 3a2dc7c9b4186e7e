"""What follows when the fee of an application is paid."""

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import SYSTEM
from webapp.calendar.business import city_hall
from webapp.casework import deadline, steps, telling, timeline
from webapp.casework.models import Case
from webapp.errors import NotFound
from webapp.form_engine.clocks import sent_on
from webapp.intake import sheets, versions
from webapp.payment.models import Charge
from webapp.payment.settle import Handlers, Paid


def on_settled(session: Session, paid: Paid) -> bool:
    """Note the payment on the case and tell the person; the clock starts where it waited for the money.

    Returns False when the case was closed meanwhile: then the money goes back.
    """
    case = session.get_one(Case, paid.charge.case_id)
    yen = paid.settlement.amount_yen
    data = {"amount_yen": yen, **_sending(session, case)}
    timeline.record(session, case, "paid", SYSTEM, public=True, data=data)
    if case.is_closed and paid.late:
        return False
    if case.due_on is None and case.period:
        case.period = {**case.period, "from": clock.today().isoformat()}
        deadline.recompute(session, case, city_hall())
    steps.raise_news(case, "paid")
    telling.tell_resident(session, case, "paid", dedupe_key=f"paid:{paid.settlement.attempt_id}", data=data)
    return True


def _sending(session: Session, case: Case) -> dict[str, str]:
    """The open day on which what was paid for is sent, where the procedure promises one."""
    try:
        definition = versions.load(session, sheets.latest(session, case.id).version)
    except NotFound:
        return {}
    day = sent_on(definition, clock.today(), city_hall())
    return {} if day is None else {"send_on": day.isoformat()}


def on_refunded(session: Session, charge: Charge) -> None:
    """Tell the person that money went back."""
    case = session.get_one(Case, charge.case_id)
    key = f"refunded:{charge.id}:{charge.refunded_yen}"
    telling.tell_resident(session, case, "refunded", dedupe_key=key, data={"amount_yen": charge.refunded_yen})


def on_lapsed(session: Session, charge: Charge) -> None:
    """The fee was not paid in time: tell the person, and put the case before staff, who decide about it."""
    case = session.get_one(Case, charge.case_id)
    if case.is_closed:
        return
    ended = sum(entry.amount_yen for entry in charge.adjustments if entry.kind == "cancelled")
    timeline.record(session, case, "charge_lapsed", SYSTEM, public=True, data={"charge": charge.id})
    steps.raise_news(case, "unpaid")
    telling.tell_resident(
        session,
        case,
        "payment_lapsed",
        dedupe_key=f"lapsed:{charge.id}:{charge.due_on}",
        data={"amount_yen": ended},
    )


HANDLERS = Handlers(on_settled=on_settled, on_lapsed=on_lapsed, on_refunded=on_refunded)
