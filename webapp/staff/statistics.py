"""Figures by procedure and 年度, on a page and as a table to take away."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from webapp import clock
from webapp.casework import statistics as figures
from webapp.casework.open_case import fiscal_year
from webapp.staff import desk, typed
from webapp.staff.inbox import CHANNELS
from webapp.web.guards import staff_required, staff_scope
from webapp.web.transaction import db

blueprint = Blueprint("statistics", __name__, url_prefix="/statistics")

COLUMNS = (
    "年度",
    "担当課",
    "手続き",
    "件数",
    "オンライン",
    "オンライン申請率(%)",
    "処理中",
    "承認・完了",
    "不承認・返戻",
    "取下げ",
    "処理日数の中央値(開庁日)",
    "期限超過",
)


@blueprint.get("")
@staff_required("statistics.read")
def show() -> str:
    year = _year()
    lines = _lines(year)
    total = sum(line.total for line in lines)
    online = sum(line.online for line in lines)
    months = figures.per_month(db(), year)
    chosen = next((line for line in lines if line.slug == request.args.get("slug")), None)
    return render_template(
        "staff/statistics_show.html",
        year=year,
        years=sorted({year, *figures.years(db())}, reverse=True),
        lines=lines,
        total=total,
        online=online,
        share=round(online * 100 / total, 1) if total else None,
        months=months,
        most=max((count for _month, count, _online in months), default=0),
        channels={CHANNELS.get(key, key): count for key, count in figures.channels(db(), year).items()},
        department_name=desk.department_name,
        chosen=chosen,
        by_year=figures.by_year(db(), chosen.slug) if chosen else [],
    )


@blueprint.get("/table.csv")
@staff_required("statistics.read")
def table() -> Response:
    year = _year()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in _lines(year):
        share = "" if line.share is None else round(line.share * 100, 1)
        days = "" if line.median_days is None else line.median_days
        writer.writerow(
            [f"{year}年度", desk.department_name(line.department), line.title, _few(line.total)]
            + [_few(line.online), share if line.total >= figures.FEW else ""]
            + [_few(n) for n in (line.open, line.accepted, line.refused, line.withdrawn)]
            + [days, _few(line.late)]
        )
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"statistics-{year}.csv")
    return response


def _few(number: int) -> str:
    """Small cells leave the house without their number, so that they point at nobody."""
    return f"{figures.FEW}件未満" if 0 < number < figures.FEW else str(number)


def _year() -> int:
    return typed.number(request.args.get("year"), otherwise=fiscal_year(clock.today()))


def _lines(year: int) -> list[figures.ProcedureLine]:
    scope = staff_scope("statistics.read")
    departments = None if scope.everywhere else scope.departments
    return figures.by_procedure(db(), year, desk.calendar(), departments=departments)
