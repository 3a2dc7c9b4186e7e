"""Reports of money: 歳入科目・施設・受け取るところ別, 日計表, キャッシュレス比率; as screens and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from webapp import clock
from webapp.calendar.fiscal import fiscal_label, fiscal_year
from webapp.payment import ledger, report
from webapp.payment.receipts import METHOD_WORDS, number_of
from webapp.staff import typed
from webapp.staff.payments import PROVIDER_WORDS, reach_of
from webapp.web.downloads import disposition
from webapp.web.guards import staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("receipts", __name__, url_prefix="/receipts")


@blueprint.get("")
@staff_required("payment.read")
def revenue() -> str:
    since, until = _span()
    rows = report.revenue(db(), since, until, reach_of("payment.read"))
    year = fiscal_year(clock.today())
    shares = [report.cashless_share(db(), entry) for entry in (year - 2, year - 1, year)]
    return render_template(
        "staff/receipts_revenue.html",
        rows=rows,
        since=since,
        last=until - timedelta(days=1),
        payees=_payee_names(),
        facilities=_facility_names(),
        methods=METHOD_WORDS,
        shares=[(fiscal_label(share.fiscal_year), share) for share in shares],
        balance=ledger.check(db()) if staff_scope("payment.read").everywhere else None,
    )


@blueprint.get("/revenue.csv")
@staff_required("payment.read")
def revenue_csv() -> Response:
    since, until = _span()
    names, places = _payee_names(), _facility_names()
    head = ["受け取るところ", "歳入科目", "施設", "方法", "件数", "収納額", "還付額", "差引", "手数料"]
    body = [
        [
            names.get(row.payee, row.payee),
            row.revenue_item,
            places.get(row.facility, row.facility),
            METHOD_WORDS[row.method],
            row.count,
            row.settled_yen,
            row.refunded_yen,
            row.net_yen,
            row.fee_yen,
        ]
        for row in report.revenue(db(), since, until, reach_of("payment.read"))
    ]
    return _csv(f"収納-{since.isoformat()}-{(until - timedelta(days=1)).isoformat()}.csv", [head, *body])


@blueprint.get("/payouts")
@staff_required("payment.read")
def payouts() -> str:
    """入金: what reached each payee's bank from the providers, and what has not arrived yet."""
    since, until = _span()
    return render_template(
        "staff/receipts_payouts.html",
        rows=report.payouts(db(), since, until, reach_of("payment.read")),
        since=since,
        last=until - timedelta(days=1),
        payees=_payee_names(),
        facilities=_facility_names(),
        provider_words=PROVIDER_WORDS,
    )


@blueprint.get("/payouts.csv")
@staff_required("payment.read")
def payouts_csv() -> Response:
    since, until = _span()
    names, places = _payee_names(), _facility_names()
    head = ["入金日", "受け取るところ", "歳入科目", "施設", "決済サービス"]
    head += ["件数", "収納額", "手数料", "入金額"]
    body = [
        [
            row.paid_out_on.isoformat() if row.paid_out_on else "未入金",
            names.get(row.payee, row.payee),
            row.revenue_item,
            places.get(row.facility, row.facility),
            row.provider,
            row.count,
            row.gross_yen,
            row.fee_yen,
            row.net_yen,
        ]
        for row in report.payouts(db(), since, until, reach_of("payment.read"))
    ]
    return _csv(f"入金-{since.isoformat()}-{(until - timedelta(days=1)).isoformat()}.csv", [head, *body])


@blueprint.get("/close")
@staff_required("payment.read")
def close() -> str:
    """日計表: what each till took on a day, and what must be in the drawer."""
    day = typed.choice_day(request.args.get("day")) or clock.today()
    return render_template(
        "staff/receipts_close.html",
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        closes=report.daily_closes(db(), day, reach_of("payment.read")),
        methods=METHOD_WORDS,
        number_of=number_of,
    )


def _span() -> tuple[date, date]:
    """The days asked for; the present month otherwise."""
    today = clock.today()
    since = typed.choice_day(request.args.get("since")) or today.replace(day=1)
    last = typed.choice_day(request.args.get("last")) or today
    return since, max(last, since) + timedelta(days=1)


def _payee_names() -> dict[str, str]:
    return {key: payee.name.ja for key, payee in services().city.payees.items()}


def _facility_names() -> dict[str, str]:
    return {facility.slug: facility.name.ja for facility in services().facilities}


def _csv(name: str, lines: Sequence[Sequence[object]]) -> Response:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    answer = make_response(("\ufeff" + out.getvalue()).encode())
    answer.mimetype = "text/csv"
    answer.headers["Content-Disposition"] = disposition("attachment", name)
    return answer
