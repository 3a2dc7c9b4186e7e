"""Figures by procedure and 年度, on a page and as a table to take away."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.calendar.fiscal import fiscal_label
from webapp.casework import statistics as figures
from webapp.casework.open_case import fiscal_year
from webapp.staff import desk, typed
from webapp.staff.inbox import CHANNELS
from webapp.web.guards import staff_required, staff_scope
from webapp.web.services import services
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
    year, reach = _year(), _departments()
    lines = _lines(year)
    months = figures.per_month(db(), year, departments=reach)
    counts = figures.channels(db(), year, departments=reach)
    chosen = next((line for line in lines if line.slug == request.args.get("slug")), None)
    groups = [
        ("procedures", "手続き", [line for line in lines if line.kind != "booking"]),
        ("bookings", "施設の予約", [line for line in lines if line.kind == "booking"]),
    ]
    return render_template(
        "staff/statistics_show.html",
        year=year,
        years=sorted({year, *figures.years(db())}, reverse=True),
        label=fiscal_label,
        groups=[(key, title, found, figures.together(found)) for key, title, found in groups],
        everything=figures.together(lines),
        title_of=_title,
        months=months,
        most=max((count for _month, count, _online in months), default=0),
        channels=sorted(((CHANNELS.get(key, key), n) for key, n in counts.items()), key=lambda one: -one[1]),
        department_name=desk.department_name,
        chosen=chosen,
        by_year=figures.by_year(db(), chosen.slug) if chosen else [],
        figures_url=url_for("staff.figures.show"),
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
            [fiscal_label(year), desk.department_name(line.department), _title(line), _few(line.total)]
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


def _title(line: figures.ProcedureLine) -> str:
    """The procedure's name; bookings are counted by facility, whose cases bear the rooms' names."""
    facility = services().facilities.get(line.slug) if line.kind == "booking" else None
    return f"{facility.name.ja}の予約" if facility else line.title


def _departments() -> frozenset[str] | None:
    scope = staff_scope("statistics.read")
    return None if scope.everywhere else scope.departments


def _lines(year: int) -> list[figures.ProcedureLine]:
    return figures.by_procedure(db(), year, desk.calendar(), departments=_departments())
