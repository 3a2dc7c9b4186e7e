"""代理の登録: staff look at a paper, the agent has read the card on the tablet."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.errors import InvalidInput
from webapp.form_engine.guard import contains_individual_number
from webapp.identity import mandates, verified_mandates, visits
from webapp.identity.mandate_models import CounterVisit
from webapp.identity.models import Resident
from webapp.identity.verified_mandates import Represented
from webapp.staff import desk
from webapp.web import guards
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("counter_mandates", __name__, url_prefix="/counter/<int:number>/mandates")
ADDRESS = (("prefecture", "都道府県"), ("city", "市区町村"), ("town", "町名"), ("block", "番地・部屋番号"))
MOST = 200
"""Characters of one text."""
BASES = {
    "guardian": "親権者・未成年後見人（18歳未満の人の代理）",
    "paper": "委任状や登記事項証明書による代理",
}


@blueprint.get("/")
@guards.staff_required("case.enter")
def show(number: int) -> str:
    """Show what is recorded for the person at the counter, and the form."""
    return _page(_visit(number), None)


@blueprint.post("/")
@guards.staff_required("case.enter")
def record(number: int) -> Response | tuple[str, int]:
    """Record a mandate."""
    visit, form = _visit(number), request.form
    try:
        _refuse_individual_numbers()
        person = Represented(
            form.get("name", "")[:MOST],
            form.get("kana", "")[:MOST],
            _day("birth"),
            {key: form.get(key, "").strip()[:MOST] for key, _label in ADDRESS},
        )
        verified_mandates.record(
            db(),
            visit,
            desk.officer(),
            person,
            basis=form.get("basis", ""),
            procedures=[slug for slug in form.getlist("procedures") if services().library.get(slug)],
            valid_to=_day("valid_to"),
            seen=form.get("seen", ""),
            not_shielded=form.get("not_shielded") == "yes",
            actor=guards.current_actor(),
        )
    except InvalidInput as error:
        return _page(visit, error), 422
    flash("代理を登録しました。代理の人の「代理・委任」の画面から使えます。", "success")
    return redirect(url_for(".show", number=number), code=303)


@blueprint.post("/<int:mandate_id>/end")
@guards.staff_required("case.enter")
def end(number: int, mandate_id: int) -> Response:
    """End a recorded mandate of this person."""
    verified_mandates.end(db(), _visit(number), mandate_id, guards.current_actor())
    flash("代理を終わらせました。", "success")
    return redirect(url_for(".show", number=number), code=303)


def _visit(number: int) -> CounterVisit:
    return visits.get(db(), number, desk.officer())


def _page(visit: CounterVisit, error: InvalidInput | None) -> str:
    agent = db().get(Resident, visit.resident_id) if visit.resident_id is not None else None
    rows = verified_mandates.of_agent(db(), visit.resident_id)
    return render_template(
        "staff/counter_mandates_show.html",
        visit=visit,
        agent=agent,
        rows=[(row, mandates.grantor_name(db(), row)) for row in rows if row.valid_to >= clock.today()],
        bases=BASES,
        address=ADDRESS,
        procedures=[(one.slug, one.title.ja) for one in services().library.values()],
        chosen=request.form.getlist("procedures"),
        typed=request.form,
        error=error,
    )


def _refuse_individual_numbers() -> None:
    for name in ("name", "kana", "seen", *(key for key, _label in ADDRESS)):
        if contains_individual_number(request.form.get(name, "")):
            raise InvalidInput(name, field=name, say="マイナンバー（個人番号）は書かないでください。")


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput(name, field=name, say="日付を正しく入力してください。") from error
