"""還付: propose, approve by a second person, send, transfer, hand over, and the letter."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.documents.render import render
from webapp.errors import Forbidden, IllegalStep, InvalidInput, NotFound, Unavailable
from webapp.payment import give_back, papers, refunds, states
from webapp.payment.models import Refund
from webapp.payment.receipts import METHOD_WORDS
from webapp.staff import typed
from webapp.staff.payments import charge_for, reach_of, to_charge
from webapp.web.downloads import disposition
from webapp.web.guards import current_actor, prove_again, staff_required
from webapp.web.services import services
from webapp.web.transaction import close, commit, db

blueprint = Blueprint("refunds", __name__, url_prefix="/refunds")
MOVES_MONEY = ("approve", "send", "handed-over")
"""Steps after which money leaves: the officer proves again who they are."""


@blueprint.post("/of/<token>")
@staff_required("payment.refund")
def propose(token: str) -> Response:
    found = charge_for(token, "payment.refund")
    reason = request.form.get("reason", "").strip()
    try:
        if not reason:
            raise InvalidInput("no reason", field="reason", say="還付の理由を入力してください。")
        rule = refunds.Rule(
            reason[:400],
            request.form.get("citation", "").strip()[:200],
            request.form.get("calculation", "").strip()[:200],
        )
        made = refunds.propose(
            db(),
            found,
            typed.yen(request.form, "amount"),
            cause="other",
            rule=rule,
            actor=current_actor(),
            method=request.form.get("method") or None,
        )
    except (InvalidInput, IllegalStep) as wrong:
        db().rollback()
        flash(wrong.say or "支払い済みの額までの金額を入力してください。", "danger")
        return to_charge(token)
    flash("、".join(entry.reference for entry in made) + "を起案しました。", "success")
    return _to(made[0])


@blueprint.get("/<token>")
@staff_required("payment.read")
def show(token: str) -> str:
    refund = _find(token, "payment.read")
    actor = current_actor()
    return render_template(
        "staff/refunds_show.html",
        refund=refund,
        charge=refund.charge,
        word=states.REFUND_WORDS[refund.status],
        methods=METHOD_WORDS,
        may_refund=reach_of("payment.refund").covers(refund.charge),
        is_proposer=refund.proposed_by == f"{actor.kind}:{actor.id}",
    )


@blueprint.post("/<token>/<step>")
@staff_required("payment.refund")
def step(token: str, step: str) -> Response:
    """approve, withdraw, send, call-off, retry, transferred or handed-over."""
    refund = _find(token, "payment.refund")
    if step in MOVES_MONEY and (away := prove_again()) is not None:
        return away
    try:
        _take(refund, step)
    except (Forbidden, IllegalStep, InvalidInput, Unavailable) as wrong:
        db().rollback()
        flash(wrong.say or "いまはこの操作ができません。画面の状態を確かめてください。", "danger")
    return redirect(url_for("staff.refunds.show", token=token), 303)


@blueprint.get("/<token>/letter.pdf")
@staff_required("payment.read")
def letter(token: str) -> Response:
    refund = _find(token, "payment.read")
    name = f"還付通知書-{refund.reference}.pdf"
    data = papers.refund_data(refund, city=services().city)
    close()
    answer = make_response(render("payment_refund", data))
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = disposition("inline", name)
    return answer


def _take(refund: Refund, step: str) -> None:
    actor, handlers = current_actor(), services().settle_handlers
    if step == "approve":
        refunds.approve(db(), refund, actor=actor)
    elif step == "withdraw":
        reason = request.form.get("reason", "").strip() or "取り下げ"
        refunds.withdraw(db(), refund, reason=reason[:200], actor=actor)
    elif step == "retry":
        refunds.retry(db(), refund, method=request.form.get("method", refund.method), actor=actor)
    elif step == "transferred":
        give_back.transferred(db(), refund, handlers, actor=actor)
    elif step == "handed-over":
        till = request.form.get("till", "").strip()[:40] or "窓口"
        give_back.handed_over(db(), refund, handlers, actor=actor, till=till)
    elif step == "send":
        refund_id = refund.id
        commit()  # nothing stays open during the call
        give_back.send(services().database.transaction, services().payment, refund_id, handlers)
    elif step == "call-off":
        refund_id = refund.id
        commit()
        give_back.call_off(services().database.transaction, services().payment, refund_id, handlers)
    else:
        raise NotFound(step)


def _find(token: str, permission: str) -> Refund:
    refund = refunds.by_token(db(), token)
    if not reach_of(permission).covers(refund.charge):
        raise NotFound("outside of the officer's reach")
    return refund


def _to(refund: Refund) -> Response:
    return redirect(url_for("staff.refunds.show", token=refund.token), 303)
