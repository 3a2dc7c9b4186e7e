"""Work on many cases at once: each case in its own transaction, and a list of what did not work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.applications import decide as decisions
from webapp.casework import assign, telling, thread
from webapp.casework import inbox as cases
from webapp.casework.models import Case
from webapp.casework.states import life
from webapp.errors import InvalidInput, MadoguchiError
from webapp.identity.models import Staff
from webapp.staff import decide, desk, typed
from webapp.staff.inbox import wish_of
from webapp.web.guards import current_actor, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("batch", __name__, url_prefix="/batch")

MOST = 500
LETTERS_AT_ONCE = 100
STEPS = ("accept", "complete", "confirm")
"""What may be decided for many at once; whatever needs reasons is decided one by one."""


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    reference: str
    done: bool
    why: str = ""


@blueprint.post("")
@staff_required("case.read")
def choose() -> Response | str:
    references = _chosen()
    if not references:
        return redirect(url_for("staff.inbox.inbox") + "?" + request.form.get("query", ""), code=303)
    return _page(references, {})


@blueprint.post("/do")
@staff_required("case.read")
def do() -> Response | str | tuple[str, int]:
    references = list(dict.fromkeys(request.form.getlist("reference")))[:MOST]
    action = request.form.get("action", "")
    try:
        act, permission = _act(action)
    except InvalidInput as wrong:
        return _page(references, {wrong.field or "action": wrong.say or "処理を選んでください。"}), 422
    results = [_one(reference, permission, act) for reference in references]
    return render_template(
        "staff/batch_do.html",
        results=results,
        done=sum(one.done for one in results),
        label=_labels().get(action, ""),
        back=url_for("staff.inbox.inbox") + "?" + request.form.get("query", ""),
    )


def _chosen() -> list[str]:
    if request.form.get("scope") != "found":
        return list(dict.fromkeys(request.form.getlist("reference")))[:MOST]
    wish = wish_of(dict(parse_qsl(request.form.get("query", ""))))
    return cases.references(db(), wish, MOST)


def _one(reference: str, permission: str, act: Callable[[Case], None]) -> Outcome:
    """Do it for one case and commit; a case that refuses is named and does not stop the others."""
    try:
        act(desk.case_for(reference, permission))
        commit()
    except MadoguchiError as refused:
        db().rollback()
        return Outcome(reference, False, refused.say or "この案件では処理できませんでした。")
    return Outcome(reference, True)


def _act(action: str) -> tuple[Callable[[Case], None], str]:
    """Return what to do with each case, and the permission it needs. Raises InvalidInput."""
    if action == "claim":
        return (lambda case: assign.claim(db(), case, desk.officer(), current_actor())), "case.work"
    if action == "assign":
        return _assign(), "case.work"
    if action == "message":
        return _message(), "case.work"
    if action in STEPS:
        return _decide(action), "case.decide"
    raise InvalidInput("no action", field="action", say="まとめて行う処理を選んでください。")


def _assign() -> Callable[[Case], None]:
    wanted = request.form.get("staff", "")
    staff = db().get(Staff, typed.number(wanted, otherwise=0))
    if staff is None:
        raise InvalidInput("no colleague", field="staff", say="担当者を選んでください。")

    def act(case: Case) -> None:
        if staff.department != case.department:
            raise InvalidInput("other department", say="この課の職員ではありません。")
        assign.assign(db(), case, staff, current_actor())

    return act


def _message() -> Callable[[Case], None]:
    body = request.form.get("message", "")
    if not body.strip():
        raise InvalidInput("no message", field="message", say="送るメッセージを入力してください。")

    def act(case: Case) -> None:
        posted = thread.post(db(), case, body, current_actor())
        telling.tell_resident(db(), case, "message_posted", dedupe_key=f"case:{case.id}:message:{posted.id}")

    return act


def _decide(step: str) -> Callable[[Case], None]:
    ruling = decisions.Ruling(
        step, message=request.form.get("note", ""), with_letter=request.form.get("with_letter") == "yes"
    )
    if ruling.with_letter and len(request.form.getlist("reference")) > LETTERS_AT_ONCE:
        raise InvalidInput(
            "too many letters",
            field="with_letter",
            say=f"通知書を付けるときは{LETTERS_AT_ONCE}件までにしてください。",
        )

    def act(case: Case) -> None:
        decisions.check(case, ruling)
        prepared = None
        if ruling.with_letter:
            prepared = decisions.letter(services().city, case, ruling, sample=decide.is_sample(case))
            decide.store(prepared)
        decide.carry_out(case, ruling, prepared)

    return act


def _labels() -> dict[str, str]:
    return {
        "claim": "自分の担当にする",
        "assign": "担当者を決める",
        "message": "メッセージを送る",
        "accept": "承認する",
        "complete": "完了する",
        "confirm": "確定する",
    }


def _page(references: list[str], errors: dict[str, str]) -> str:
    scope = staff_scope("case.read")
    departments = list(desk.departments()) if scope.everywhere else sorted(scope.departments)
    found = [desk.case_for(reference) for reference in references[:20]]
    decidable = {key for case in found for key in STEPS if key in life(case.kind).steps}
    labels = _labels()
    hidden = set(STEPS) - (decidable if staff_scope("case.decide") else set())
    options: list[Any] = [(key, text) for key, text in labels.items() if key not in hidden]
    return render_template(
        "staff/batch_choose.html",
        references=references,
        shown=found,
        options=options,
        colleagues=[(one.id, one.name) for one in assign.colleagues(db(), departments)],
        may_export=bool(staff_scope("case.export")),
        query=request.form.get("query", ""),
        typed=request.form,
        errors=errors,
        error_list=desk.error_list(errors),
        letters_at_once=LETTERS_AT_ONCE,
    )
