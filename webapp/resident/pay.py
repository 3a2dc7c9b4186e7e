"""A charge as its payer sees it: what for, how much, to whom, until when; then paying, and the receipt.

The address holds a random token and is the key to it, as in the message that brought it.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import clock
from webapp.documents.render import Unprintable, render
from webapp.errors import IllegalStep, InvalidInput, NotFound, Unavailable
from webapp.payment import attempts, charges, overview, papers, receipts, steps
from webapp.payment.models import Charge
from webapp.ports.payment import Method, PaymentPort
from webapp.web.guards import current_resident, lang, public, resident_required, visitor_or_resident
from webapp.web.services import services
from webapp.web.transaction import close, commit, db

blueprint = Blueprint("pay", __name__)


@blueprint.get("/pay/<token>")
@visitor_or_resident
def charge(token: str) -> str:
    return _show(charges.by_token(db(), token))


@blueprint.post("/pay/<token>/start")
@visitor_or_resident
def start(token: str) -> Response:
    found = charges.by_token(db(), token)
    port = _online()
    if port is None:
        raise NotFound("no online payment here")
    commit()  # nothing stays open during the calls below
    base = services().settings.base_url
    addresses = attempts.Addresses(
        return_url=base + url_for("resident.pay.back", token=token),
        cancel_url=base + url_for("resident.pay.charge", token=token),
    )
    try:
        attempt = steps.pay(
            services().database.transaction,
            services().payment,
            port,
            found,
            addresses=addresses,
            lang=lang(),
            handlers=services().settle_handlers,
        )
    except (IllegalStep, InvalidInput, Unavailable) as error:
        flash(error.say or _("いまはお支払いの画面を開けません。"), "warning")
        return redirect(url_for("resident.pay.charge", token=token), 303)
    if attempt.status == "pending" or not attempt.redirect_url:
        return redirect(url_for("resident.pay.charge", token=token), 303)
    return redirect(attempt.redirect_url, 303)


@blueprint.post("/pay/<token>/end")
@visitor_or_resident
def end(token: str) -> Response:
    attempt = charges.open_attempt(charges.by_token(db(), token))
    commit()
    if attempt is not None:
        try:
            steps.end(
                services().database.transaction, services().payment, attempt, services().settle_handlers
            )
        except Unavailable as error:
            flash(error.say or "", "warning")
    return redirect(url_for("resident.pay.charge", token=token), 303)


@blueprint.get("/pay/<token>/return")
@visitor_or_resident
def back(token: str) -> str:
    """Only shows the state and asks for itself again; money is settled by the callback."""
    found = charges.by_token(db(), token)
    waiting = found.open_yen > 0 and _waits(found)
    round_number = min(request.args.get("n", 0, type=int), 99)
    return render_template(
        "resident/pay_back.html",
        charge=found,
        view=overview.of(found, lang()),
        waiting=waiting,
        again=waiting and round_number < 30,
        next_round=round_number + 1,
        pause=2 if round_number < 10 else 10,
        contact=_contact(found),
    )


@blueprint.get("/pay/<token>/receipt")
@visitor_or_resident
def receipt(token: str) -> str:
    """The receipt of the last payment, or of the one whose number is asked for."""
    found = charges.by_token(db(), token)
    paper = _receipt(found)
    return render_template("resident/pay_receipt.html", charge=found, receipt=paper, contact=_contact(found))


@blueprint.get("/pay/<token>/receipt.pdf")
@visitor_or_resident
def receipt_pdf(token: str) -> Response:
    found = charges.by_token(db(), token)
    paper = _receipt(found)
    data = papers.receipt_data(paper, city=services().city, department=found.department)
    close()
    try:
        made = render("payment_receipt", data)
    except Unprintable:
        made = render("payment_receipt", data | {"name": ""})
    return _pdf(made, f"receipt-{paper.number}.pdf")


@blueprint.get("/pay/<token>/request.pdf")
@visitor_or_resident
def request_pdf(token: str) -> Response:
    """A paper to pay by at the counter (納付書に代わるもの)."""
    found = charges.by_token(db(), token)
    if found.open_yen <= 0:
        raise NotFound("nothing to pay")
    data = papers.request_data(found, city=services().city)
    close()
    return _pdf(render("payment_request", data), "payment.pdf")


@blueprint.get("/my/payments")
@resident_required
def mine() -> str:
    resident = current_resident()
    assert resident is not None
    found = charges.of_resident(db(), resident.id)
    return render_template("resident/pay_mine.html", views=[overview.of(entry, lang()) for entry in found])


@blueprint.get("/payment/law")
@public
def law() -> str:
    """特定商取引法に基づく表記 and who collects the money (指定納付受託者)."""
    return render_template("resident/pay_law.html", payees=services().city.payees.values())


def _show(found: Charge) -> str:
    return render_template(
        "resident/pay_charge.html",
        charge=found,
        view=overview.of(found, lang()),
        payee=services().city.payees.get(found.payee),
        methods=attempts.usable_methods(found, port.methods) if (port := _online()) else [],
        desk_methods=_at_the_desk(found),
        attempt=charges.open_attempt(found),
        in_time=found.pay_before is None or found.pay_before > clock.now(),
        receipt_numbers=[receipts.number_of(entry) for entry in receipts.applied(found)],
        contact=_contact(found),
    )


def _online() -> PaymentPort | None:
    """The provider whose page residents pay on; None where a city takes money at the counter only."""
    return next((port for port in services().payment.values() if port.online), None)


def _at_the_desk(found: Charge) -> list[Method]:
    """The ways to pay this charge at the counter; none where the city has no cash desk."""
    port = next((port for port in services().payment.values() if not port.online), None)
    return attempts.usable_methods(found, port.methods) if port is not None else []


def _waits(found: Charge) -> bool:
    attempt = charges.open_attempt(found)
    return attempt is not None and attempt.status in ("created", "started")


def _receipt(found: Charge) -> receipts.Receipt:
    chosen = receipts.numbered(found, request.args.get("number", ""))
    return receipts.receipt_of(found, papers.issuer_of(found, services().city), chosen)


def _contact(found: Charge) -> object:
    city = services().city
    return city.departments.get(found.department or "") or city.front_desk


def _pdf(content: bytes, name: str) -> Response:
    from io import BytesIO

    return send_file(BytesIO(content), mimetype="application/pdf", download_name=name)
