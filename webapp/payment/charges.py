"""Open a charge, change what is claimed, and find charges again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from webapp import audit, clock
from webapp.audit import Actor
from webapp.db import new_token
from webapp.errors import IllegalStep, InvalidInput, NotFound
from webapp.payment import states
from webapp.payment.models import OPEN_ATTEMPT, Adjustment, Charge, ChargeLine, PaymentAttempt
from webapp.payment.tax import tax_class

CHANNELS = ("online", "counter", "post", "phone")


@dataclass(frozen=True)
class Line:
    """One line to charge: ``label`` as a Text dict {ja, easy, en}, yen with tax included.

    A discount may be a line below zero; the lines of a charge together never are.
    """

    label: Mapping[str, Any]
    amount_yen: int
    quantity: int | Fraction = 1
    unit_yen: int | None = None
    tax_class: str = "exempt"
    citation: str | None = None
    revenue_item: str = "手数料"


def open_charge(
    session: Session,
    *,
    case_id: int | None,
    purpose: str,
    lines: Sequence[Line],
    payee: str,
    due_on: date | None,
    payer: Mapping[str, Any],
    actor: Actor,
    channel: str = "online",
    title: Mapping[str, Any] | None = None,
    facility: str | None = None,
    department: str | None = None,
    lapse_on: date | None = None,
    pay_before: datetime | None = None,
    konbini_until: date | None = None,
    methods: Sequence[str] | None = None,
    blocked: str | None = None,
) -> Charge:
    """Open one charge in the caller's transaction and return it.

    ``payer`` holds name, email, tel, lang, resident_id, line_user_id (each may be missing).
    ``pay_before`` is the end of the hold that waits for this money, ``konbini_until`` the last day its
    rule lets a konbini slip run; ``due_on`` is the last day to pay (Tokyo) and ``lapse_on`` the last
    on which the overdue claim still stands; ``methods`` are the only ways to pay, None for all. A total
    of zero is legal: ``open_yen`` is 0 at once and no handler will be called. Raises InvalidInput for
    amounts that are not whole yen, or a channel or tax class nobody knows.
    """
    if channel not in CHANNELS:
        raise InvalidInput(f"channel {channel!r} is not one of {CHANNELS}", field="channel")
    if not lines:
        raise InvalidInput("a charge needs at least one line", field="lines")
    moment = clock.now()
    charge = Charge(
        token=new_token(),
        case_id=case_id,
        resident_id=payer.get("resident_id"),
        purpose=purpose,
        title=dict(title or lines[0].label),
        payee=payee,
        facility=facility,
        department=department,
        channel=channel,
        currency="jpy",
        due_on=due_on,
        lapse_on=lapse_on,
        pay_before=pay_before,
        konbini_until=konbini_until,
        methods=None if methods is None else list(methods),
        blocked=blocked,
        payer=dict(payer),
        lines_yen=0,
        settled_yen=0,
        refunded_yen=0,
        waived_yen=0,
        open_yen=0,
        opened_at=moment,
        updated_at=moment,
        status="open",
    )
    _append(charge, lines)
    session.add(charge)
    session.flush()
    _record(session, charge, actor, "charge.opened", {"yen": charge.lines_yen, "purpose": purpose})
    return charge


def add_lines(session: Session, charge: Charge, lines: Sequence[Line], *, actor: Actor) -> Charge:
    """Claim more on the same charge (a correction raised the fee); only the difference is left to pay."""
    charge = lock(session, charge.id)
    added = _append(charge, lines, added_at=clock.now())
    _record(session, charge, actor, "charge.raised", {"yen": added})
    return charge


def waive(
    session: Session,
    charge: Charge,
    amount_yen: int,
    *,
    reason: str,
    actor: Actor,
    citation: str | None = None,
) -> Adjustment:
    """Lower the claim by an exemption (減免) of ``amount_yen``, also after it was paid.

    What was paid above the lowered claim is owed back (``open_yen`` below zero) until it is refunded.
    Raises InvalidInput when more is waived than is still claimed.
    """
    return adjust(session, charge, "waived", amount_yen, reason=reason, actor=actor, citation=citation)


def cancel(session: Session, charge: Charge, *, reason: str, actor: Actor) -> Charge:
    """End the claim: what is not yet paid is no longer owed. Money that arrives later is a late payment."""
    charge = lock(session, charge.id)
    if charge.cancelled_at is not None:
        return charge
    if charge.open_yen > 0:
        adjust(session, charge, "cancelled", charge.open_yen, reason=reason, actor=actor)
    charge.cancelled_at = clock.now()
    restate(charge)
    return charge


def lapse(session: Session, charge: Charge, *, reason: str, actor: Actor) -> Charge:
    """Cancel a claim because its time to pay is over; it is then named so."""
    charge = lock(session, charge.id)
    if charge.cancelled_at is None:
        charge.lapsed_at = clock.now()
        charge = cancel(session, charge, reason=reason, actor=actor)
    return charge


def restore(session: Session, charge: Charge, *, reason: str, actor: Actor) -> Charge:
    """Take a cancellation back (the slot was free again); raises IllegalStep when there was none."""
    charge = lock(session, charge.id)
    if charge.cancelled_at is None:
        raise IllegalStep("restore", state=charge.status)
    undone = sum(entry.amount_yen for entry in charge.adjustments if entry.kind in ("cancelled", "restored"))
    charge.cancelled_at = charge.lapsed_at = None
    if undone:
        adjust(session, charge, "restored", -undone, reason=reason, actor=actor)
    restate(charge)
    return charge


def adjust(
    session: Session,
    charge: Charge,
    kind: str,
    amount_yen: int,
    *,
    reason: str,
    actor: Actor,
    citation: str | None = None,
) -> Adjustment:
    """Write one adjustment; positive lowers the claim. Raises InvalidInput outside 0..lines."""
    charge = lock(session, charge.id)
    _whole_yen(amount_yen, "amount_yen")
    if not 0 <= charge.waived_yen + amount_yen <= charge.lines_yen or amount_yen == 0:
        message = f"cannot adjust a claim of {charge.lines_yen} yen by {amount_yen}"
        raise InvalidInput(message, field="amount_yen")
    entry = Adjustment(
        kind=kind,
        amount_yen=amount_yen,
        reason=reason,
        citation=citation,
        made_by=by(actor),
        made_at=clock.now(),
    )
    charge.adjustments.append(entry)
    charge.waived_yen += amount_yen
    charge.open_yen -= amount_yen
    restate(charge)
    session.flush()
    _record(session, charge, actor, f"charge.{kind}", {"yen": amount_yen})
    return entry


def block(session: Session, charge: Charge, why: str | None, *, actor: Actor) -> Charge:
    """Close payment for now (an exemption is examined first: 守山市), or open it again with None."""
    charge = lock(session, charge.id)
    charge.blocked = why
    restate(charge)
    _record(session, charge, actor, "charge.blocked" if why else "charge.unblocked", {})
    return charge


def lock(session: Session, charge_id: int) -> Charge:
    """Read a charge for writing: one writer at a time, on both databases; raises NotFound."""
    statement = (
        select(Charge)
        .where(Charge.id == charge_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    session.flush()
    charge = session.scalars(statement).one_or_none()
    if charge is None:
        raise NotFound(f"charge {charge_id}")
    return charge


def by_token(session: Session, token: str) -> Charge:
    """Find a charge by the token in its address; raises NotFound."""
    charge = session.scalars(select(Charge).where(Charge.token == token).options(*_whole())).one_or_none()
    if charge is None:
        raise NotFound(f"charge token {token!r}")
    return charge


def of_case(session: Session, case_id: int) -> list[Charge]:
    """All charges of a case, oldest first."""
    statement = select(Charge).where(Charge.case_id == case_id).order_by(Charge.id).options(*_whole())
    return list(session.scalars(statement))


def of_resident(session: Session, resident_id: int) -> list[Charge]:
    """All charges of a resident in one place, newest first."""
    statement = (
        select(Charge).where(Charge.resident_id == resident_id).order_by(Charge.id.desc()).options(*_whole())
    )
    return list(session.scalars(statement))


def restate(charge: Charge) -> None:
    """Write the state that follows from the amounts, and the time of the change."""
    pending = any(attempt.status == "pending" for attempt in charge.attempts)
    charge.status = states.reading(charge, pending=pending)
    charge.updated_at = clock.now()


def open_attempt(charge: Charge) -> PaymentAttempt | None:
    """The one attempt that may still bring money in the ordinary way, if any."""
    return next((attempt for attempt in charge.attempts if attempt.status in OPEN_ATTEMPT), None)


def by(actor: Actor) -> str:
    """An actor as the ledger names it: kind and id, no personal text."""
    return f"{actor.kind}:{actor.id or '-'}"


def _append(charge: Charge, lines: Sequence[Line], *, added_at: datetime | None = None) -> int:
    added = 0
    for position, line in enumerate(lines, start=len(charge.lines) + 1):
        _whole_yen(line.amount_yen, "amount_yen")
        charge.lines.append(
            ChargeLine(
                position=position,
                label=dict(line.label),
                quantity=str(line.quantity),
                unit_yen=line.amount_yen if line.unit_yen is None else line.unit_yen,
                amount_yen=line.amount_yen,
                tax_class=tax_class(line.tax_class).key,
                revenue_item=line.revenue_item,
                citation=line.citation,
                added_at=added_at,
            )
        )
        added += line.amount_yen
    if added < 0:
        raise InvalidInput("lines below zero together: use an adjustment", field="amount_yen")
    charge.lines_yen += added
    charge.open_yen += added
    restate(charge)
    return added


def _whole_yen(amount: object, field: str) -> None:
    if type(amount) is not int:
        raise InvalidInput(f"{amount!r} is not whole yen", field=field)


def _whole() -> tuple[Any, ...]:
    return tuple(
        selectinload(part)
        for part in (Charge.lines, Charge.attempts, Charge.settlements, Charge.adjustments, Charge.refunds)
    )


def _record(session: Session, charge: Charge, actor: Actor, action: str, details: dict[str, Any]) -> None:
    audit.record(
        session,
        actor,
        action,
        object_kind="charge",
        object_id=charge.id,
        case_id=charge.case_id,
        details=details,
    )
