"""収納: what waits for a person, every charge, taking money at the desk, exemptions, reconciliation."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import audit, clock
from webapp.audit import Actor
from webapp.casework import lookup, search
from webapp.errors import IllegalStep, InvalidInput, NotFound, Unavailable
from webapp.payment import attempts, charges, desk, parked, reconcile, refunds, states, steps, worklist
from webapp.payment.models import Charge, Settlement
from webapp.payment.overview import of as view_of
from webapp.payment.receipts import METHOD_WORDS, number_of
from webapp.payment.worklist import Reach
from webapp.ports.payment import Method
from webapp.staff import typed
from webapp.web.guards import current_actor, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import afterwards, commit, db

PARKED_WORDS = {
    "amount": "確認が必要：求めた金額と違います",
    "currency": "確認が必要：円ではありません",
    "reference": "確認が必要：こちらの番号と違います",
    "surplus": "確認が必要：払い過ぎ（残りを超える入金）です",
}

PROVIDER_WORDS = {"counter": "窓口", "sandbox": "模擬の決済サービス", "stripe": "Stripe"}
"""A plug without words here shows its own name."""

blueprint = Blueprint("payments", __name__, url_prefix="/payments")


@blueprint.get("")
@staff_required("payment.read")
def overview() -> str:
    reach = reach_of("payment.read")
    status, text = request.args.get("status", ""), request.args.get("q", "").strip()[:80]
    found = worklist.find_charges(
        db(),
        reach,
        status=status if status in states.WORDS else "",
        number=text.upper(),
        case_ids=search.matching(db(), text),
    )
    return render_template(
        "staff/payments_overview.html",
        work=worklist.worklist(db(), reach),
        refused=worklist.refused_events(db(), 20) if reach.everywhere else [],
        lost=worklist.attempts_without_event(db(), reach, 20),
        charges=found,
        references=lookup.references_of(db(), {entry.case_id for entry in found if entry.case_id}),
        status=status,
        text=text,
        words=states.WORDS,
        refund_words=states.REFUND_WORDS,
        provider_words=PROVIDER_WORDS,
        may_manage=bool(staff_scope("payment.manage")),
    )


@blueprint.get("/<token>")
@staff_required("payment.read")
def charge(token: str) -> str:
    found = charge_for(token, "payment.read")
    _seen(found)
    return _show(found)


@blueprint.post("/<token>/receive")
@staff_required("payment.manage")
def receive(token: str) -> Response:
    """Take cash, a terminal payment, a paid slip or local currency; prints a receipt at once."""
    found = charge_for(token, "payment.manage")
    method = cast(Method, request.form.get("method", ""))  # the desk refuses any other word
    try:
        settled = desk.receive(
            db(),
            found,
            port=services().counter_payment,
            method=method,
            till=request.form.get("till", "").strip()[:40] or "窓口",
            actor=current_actor(),
            handlers=services().settle_handlers,
            terminal_reference=request.form.get("terminal_reference", "")[:60],
        )
    except (InvalidInput, IllegalStep) as wrong:
        return _refused(wrong, token)
    assert settled.settlement is not None
    flash(f"{settled.settlement.amount_yen:,}円を受け取りました。領収書を渡してください。", "success")
    return to_charge(token)


@blueprint.post("/<token>/waive")
@staff_required("payment.manage")
def waive(token: str) -> Response:
    found = charge_for(token, "payment.manage")
    try:
        reason = _reason()
        amount = typed.yen(request.form, "amount")
        citation = request.form.get("citation", "").strip() or None
        charges.waive(db(), found, amount, reason=reason, actor=current_actor(), citation=citation)
    except (InvalidInput, IllegalStep) as wrong:
        return _refused(wrong, token)
    flash(f"{amount:,}円を減免しました。支払い済みの分は、返金の手続きに進めてください。", "success")
    return to_charge(token)


@blueprint.post("/<token>/block")
@staff_required("payment.manage")
def block(token: str) -> Response:
    """Close payment while an exemption is examined, or open it again."""
    found = charge_for(token, "payment.manage")
    charges.block(db(), found, None if found.blocked else "exemption", actor=current_actor())
    return to_charge(token)


@blueprint.post("/<token>/end")
@staff_required("payment.manage")
def end(token: str) -> Response:
    """End the online page or the konbini slip, so that the desk can take the money."""
    attempt = charges.open_attempt(charge_for(token, "payment.manage"))
    commit()
    if attempt is not None:
        try:
            steps.end(
                services().database.transaction, services().payment, attempt, services().settle_handlers
            )
        except Unavailable as error:
            return _refused(error, token)
    return to_charge(token)


@blueprint.post("/parked/<settlement_id>/count")
@staff_required("payment.manage")
def count(settlement_id: str) -> Response:
    found = _parked(settlement_id, "payment.manage")
    try:
        parked.count(db(), found, services().settle_handlers, actor=current_actor())
    except (InvalidInput, IllegalStep) as wrong:
        return _refused(wrong, found.charge.token)
    flash("入金を請求に充てました。", "success")
    return to_charge(found.charge.token)


@blueprint.post("/parked/<settlement_id>/give-back")
@staff_required("payment.refund")
def give_back(settlement_id: str) -> Response:
    found = _parked(settlement_id, "payment.refund")
    try:
        parked.give_back(db(), found, reason=_reason(), actor=current_actor())
    except (InvalidInput, IllegalStep) as wrong:
        return _refused(wrong, found.charge.token)
    return to_charge(found.charge.token)


@blueprint.post("/reconcile")
@staff_required("payment.manage")
def ask_provider() -> Response:
    commit()
    found = reconcile.run(
        services().database.transaction, services().payment, services().settle_handlers, everything=True
    )
    text = f"{found.asked}件を照会し、{found.settled}件の入金を見つけました。"
    text += "".join(f"\n{trouble}" for trouble in found.troubles[:10])
    flash(text, "warning" if found.troubles else "success")
    return redirect(url_for("staff.payments.overview"), 303)


def charge_for(token: str, permission: str) -> Charge:
    """Return the charge if it lies within the officer's reach; raises NotFound."""
    found = charges.by_token(db(), token)
    if not reach_of(permission).covers(found):
        raise NotFound("outside of the officer's reach")
    return found


def reach_of(permission: str) -> Reach:
    """Return which charges the officer may do this with."""
    scope = staff_scope(permission)
    return Reach(scope.everywhere, scope.departments, scope.facilities)


def to_charge(token: str) -> Response:
    """Go to the charge's page."""
    return redirect(url_for("staff.payments.charge", token=token), 303)


def _parked(settlement_id: str, permission: str) -> Settlement:
    found = worklist.find_settlement(db(), typed.number(settlement_id, otherwise=0))
    if not reach_of(permission).covers(found.charge):
        raise NotFound("outside of the officer's reach")
    return found


def _show(found: Charge) -> str:
    counter = services().counter_payment
    payee = services().city.payees.get(found.payee)
    return render_template(
        "staff/payments_charge.html",
        charge=found,
        view=view_of(found, "ja"),
        payee=payee.name.ja if payee else found.payee,
        word=states.WORDS[found.status],
        refund_words=states.REFUND_WORDS,
        provider_words=PROVIDER_WORDS,
        reference=lookup.references_of(db(), filter(None, [found.case_id])).get(found.case_id or 0),
        may_read_case=_may_read_case(found),
        method_words=METHOD_WORDS,
        parked_words=PARKED_WORDS,
        receipt_number=number_of,
        attempt=charges.open_attempt(found),
        desk_methods=attempts.usable_methods(found, counter.methods),
        local_name=services().settings.plug_options.get("local_currency", "地域通貨"),
        refundable=sum(refunds.left(entry) for entry in refunds.applied(found)),
        may_manage=reach_of("payment.manage").covers(found),
        may_refund=reach_of("payment.refund").covers(found),
        today=clock.today(),
    )


def _may_read_case(found: Charge) -> bool:
    return bool(found.department) and staff_scope("case.read").covers(department=found.department or "")


def _reason() -> str:
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise InvalidInput("no reason", field="reason", say="理由を入力してください。")
    return reason[:400]


def _refused(error: InvalidInput | IllegalStep | Unavailable, token: str) -> Response:
    db().rollback()
    flash(error.say or "入力した内容を確かめてください。", "danger")
    return to_charge(token)


def _seen(found: Charge) -> None:
    actor: Actor = current_actor()
    charge_id, case_id = found.id, found.case_id
    afterwards(
        lambda session: audit.record(
            session, actor, "charge.view", object_kind="charge", object_id=charge_id, case_id=case_id
        )
    )
