"""How much halls are used and how much of it is booked online, beside what each of them aims at."""

import csv
import io

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.booking import targets, usage
from webapp.booking.errors import NotAllowed
from webapp.booking.usage import Figures
from webapp.calendar.fiscal import fiscal_label
from webapp.staff.timeline import facility_for, my_facilities
from webapp.web.downloads import disposition
from webapp.web.guards import current_actor, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("figures", __name__, url_prefix="/facilities")
Answer = str | Response | tuple[str, int]
HEAD = ("施設", "年度", "予約件数", "オンライン件数", "オンライン率%", "オンライン率の目標%", "利用率%")
REST = ("利用率の目標%", "人数", "料金", "取消", "不来館")


@blueprint.get("/figures")
@staff_required("facility.figures")
def show() -> str:
    years = _years()
    year = _year(years)
    scope = staff_scope("facility.manage")
    found = _rows(year)
    return render_template(
        "staff/figures_show.html",
        rows=[
            (row, scope.covers(department=row.facility.department, facility=row.facility.slug))
            for row in found
        ],
        total=usage.together(found),
        year=year,
        years=[(one, fiscal_label(one)) for one in years],
        label=fiscal_label(year),
    )


@blueprint.get("/figures.csv")
@staff_required("facility.figures")
def as_csv() -> Response:
    year = _year(_years())
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*HEAD, *REST])
    for row in _rows(year):
        aim = row.target
        online = (row.online, row.online_percent, aim.online_percent if aim else None)
        use = (row.use_percent, aim.use_percent if aim else None)
        counted = (row.people, row.yen, row.cancelled, row.absent)
        writer.writerow([row.facility.name.ja, year, row.bookings, *online, *use, *counted])
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = disposition("attachment", f"施設利用-{year}.csv")
    return response


@blueprint.get("/<slug>/targets")
@staff_required("facility.manage")
def ask_targets(slug: str) -> str:
    return _targets_page(slug, [])


@blueprint.post("/<slug>/targets")
@staff_required("facility.manage")
def set_targets(slug: str) -> Answer:
    facility = facility_for(slug, "facility.manage")
    year = _year(_years())
    use, online = (_percent(request.form.get(name, "")) for name in ("use", "online"))
    try:
        targets.set_target(db(), facility.slug, year, use=use, online=online, actor=current_actor())
    except NotAllowed as refused:
        return _targets_page(slug, [("use", refused.say or "")]), 422
    flash(f"{facility.name.ja}の{fiscal_label(year)}の目標を決めました。", "success")
    return redirect(url_for(".show", year=year), 303)


def _targets_page(slug: str, errors: list[tuple[str, str]]) -> str:
    facility = facility_for(slug, "facility.manage")
    year = _year(_years())
    found = targets.of_year(db(), year).get(slug)
    known = {"use": found.use_percent, "online": found.online_percent} if found else {}
    form = request.form or {key: value for key, value in known.items() if value is not None}
    return render_template(
        "staff/figures_targets.html",
        facility=facility,
        year=year,
        label=fiscal_label(year),
        ahead=year <= _years()[0],
        form=form,
        errors=errors,
    )


def _rows(year: int) -> list[Figures]:
    return list(usage.figures(db(), services().facilities, my_facilities("facility.figures"), year))


def _years() -> list[int]:
    return usage.years(db(), my_facilities("facility.figures"))


def _year(years: list[int]) -> int:
    """The fiscal year asked for, from the first with bookings to the next one, for targets are set ahead."""
    asked = request.values.get("year", years[0], type=int)
    return min(max(asked, years[-1]), years[0] + 1)


def _percent(text: str) -> int | None:
    """Empty clears the target; what is no number is out of range, and said so."""
    tidy = text.strip().removesuffix("%").removesuffix("％")
    if not tidy:
        return None
    return int(tidy) if tidy.isdecimal() and len(tidy) <= 3 else -1
