"""Notices to everyone who asked for them: write, count, try out, let another person approve, follow."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from webapp import clock
from webapp.errors import Forbidden, IllegalStep, InvalidInput
from webapp.messaging import broadcasts, line_lint, notices, prepared, try_out
from webapp.messaging.broadcasts import Draft
from webapp.messaging.topic_models import Broadcast
from webapp.outbox import relay
from webapp.staff import broadcast_fields, desk, outbox_words
from webapp.web.guards import current_actor, prove_again, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import db
from webapp.yaml_source import LANGS, Text

blueprint = Blueprint("broadcasts", __name__, url_prefix="/broadcasts")


@blueprint.get("")
@staff_required("message.broadcast", "message.approve")
def overview() -> str:
    """List notices, newest first."""
    _may_see()
    return render_template(
        "staff/broadcasts_overview.html",
        rows=broadcasts.latest(db()),
        words=broadcasts.STATUS_WORDS,
        prepared=prepared.load(services().settings.city_dir).notices,
        may_write=bool(staff_scope("message.broadcast")),
        line_on=services().line is not None,
        lanes=outbox_words.by_lane(relay.counts(db())),
    )


@blueprint.get("/phone")
@staff_required("message.broadcast")
def phone() -> str:
    """Show whether the own LINE is registered for trying out."""
    if services().line is None:
        abort(404)
    return render_template(
        "staff/broadcasts_phone.html", phones=try_out.phones(db(), desk.officer()), code=""
    )


@blueprint.post("/phone")
@staff_required("message.broadcast")
def change_phone() -> str | Response:
    """Make a code to type into the talk, or take the phones off."""
    if services().line is None:
        abort(404)
    if request.form.get("_action") == "forget":
        try_out.forget(db(), desk.officer())
        flash("試し送り用のLINEを外しました。", "success")
        return redirect(url_for(".phone"), code=303)
    code = try_out.new_code(db(), desk.officer())
    return render_template(
        "staff/broadcasts_phone.html", phones=try_out.phones(db(), desk.officer()), code=code
    )


@blueprint.get("/new")
@staff_required("message.broadcast")
def write() -> str:
    """Write a notice, empty or from a prepared one."""
    notice = prepared.load(services().settings.city_dir).get(request.args.get("prepared", ""))
    start = broadcast_fields.typed_of(notice.draft()) if notice else MultiDict()
    return _form(None, start, {})


@blueprint.post("/new")
@staff_required("message.broadcast")
def create() -> Response | tuple[str, int]:
    return _save(None)


@blueprint.get("/<int:number>/edit")
@staff_required("message.broadcast")
def edit(number: int) -> str:
    row = broadcasts.find(db(), number)
    return _form(row, broadcast_fields.typed_of_row(row), {})


@blueprint.post("/<int:number>/edit")
@staff_required("message.broadcast")
def change(number: int) -> Response | tuple[str, int]:
    return _save(broadcasts.find(db(), number))


@blueprint.get("/<int:number>")
@staff_required("message.broadcast", "message.approve")
def show(number: int) -> str:
    """Show a notice as people will get it, whom it reaches, and how far it is."""
    _may_see()
    return _page(broadcasts.find(db(), number), {})


@blueprint.post("/<int:number>")
@staff_required("message.broadcast", "message.approve")
def act(number: int) -> Response | tuple[str, int]:
    """Do one step: try, ask, approve, return, cancel."""
    row = broadcasts.find(db(), number)
    if request.form.get("_action") == "approve" and (away := prove_again()) is not None:
        return away  # a whole city reads what is approved here
    try:
        flash(_step(row, request.form.get("_action", "")), "success")
    except (InvalidInput, IllegalStep) as wrong:
        field = getattr(wrong, "field", None) or "count"
        return _page(row, {field: wrong.say or "もう一度お試しください。"}), 422
    return redirect(url_for(".show", number=number), code=303)


def _step(row: Broadcast, action: str) -> str:
    actor, line_on = current_actor(), services().line is not None
    needed = "message.approve" if action in ("approve", "return") else "message.broadcast"
    if not staff_scope(needed):
        raise Forbidden(needed)
    match action:
        case "try":
            return _try_out(row)
        case "ask":
            return f"承認を求めました。{broadcasts.ask(db(), row, actor, line_on=line_on)}人に届きます。"
        case "approve":
            typed = request.form.get("count", "")
            broadcasts.approve(db(), row, actor, int(typed) if typed.isdecimal() else -1)
            return "承認しました。時刻になると配信します。"
        case "return":
            broadcasts.give_back(db(), row, actor, request.form.get("note", ""))
            return "下書きに戻しました。"
        case "cancel":
            number = broadcasts.cancel(db(), row, actor)
            return f"取りやめました。まだ送っていなかった{number}件は送りません。"
    raise InvalidInput(action, say="操作を選び直してください。")


def _try_out(row: Broadcast) -> str:
    me = desk.officer()
    people = try_out.people(db(), me, line_on=services().line is not None)
    if not people:
        raise InvalidInput("email", field="try", say="あなたの職員アカウントにメールアドレスがありません。")
    notice = broadcasts.notice_of(row, services().city)
    key = f"try:{row.id}:{me.id}:{int(clock.now().timestamp())}"
    for lang in LANGS:
        mine = [person for person in people if person.lang == lang]
        notices.enqueue_notice(db(), notice, mine, lane="transactional", key=f"{key}:{lang}")
    ways = [way for way, has in (("LINE", people[0].user_id), ("メール", people[-1].email)) if has]
    return f"あなたの{'と'.join(ways)}に、3つの言語で試しに送ります。"


def _may_see() -> None:
    if not (staff_scope("message.broadcast") or staff_scope("message.approve")):
        raise Forbidden("message.broadcast")


def _save(row: Broadcast | None) -> Response | tuple[str, int]:
    try:
        draft = _read(request.form)
        saved = broadcasts.save(db(), draft, services().city, current_actor(), row)
    except (InvalidInput, IllegalStep) as wrong:
        errors = {getattr(wrong, "field", None) or "title": wrong.say or "入力を確かめてください。"}
        return _form(row, request.form, errors), 422
    flash("下書きを保存しました。", "success")
    return redirect(url_for(".show", number=saved.id), code=303)


def _read(form: MultiDict[str, str]) -> Draft:
    def text(name: str) -> Text:
        words = {lang: form.get(f"{name}_{lang}", "").strip() or None for lang in LANGS}
        return Text(ja=words["ja"] or "", easy=words["easy"], en=words["en"])

    at = form.get("send_at", "").strip()
    try:
        send_at = datetime.fromisoformat(at).replace(tzinfo=clock.TOKYO) if at else None
    except ValueError as error:
        raise InvalidInput(
            "send_at", field="send_at", say="日時を 2026-12-01T09:00 の形で入力してください。"
        ) from error
    return Draft(
        topic=form.get("topic", ""), title=text("title"), body=text("body"), url=form.get("url", "").strip(),
        areas=tuple(form.getlist("areas")),
        born_from=form.get("born_from", ""), born_to=form.get("born_to", ""),
        lane="emergency" if form.get("lane") == "emergency" else "bulk", send_at=send_at,
    )  # fmt: skip


def _form(row: Broadcast | None, typed: MultiDict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "staff/broadcasts_write.html",
        row=row,
        fields=broadcast_fields.fields(typed, errors, services().city),
        errors=list(errors.items()),
    )


def _page(row: Broadcast, errors: dict[str, str]) -> str:
    city, line_on = services().city, services().line is not None
    notice = broadcasts.notice_of(row, city)
    previews = [(lang, notices.line_messages(notice, lang, city.name.in_(lang))) for lang in LANGS]
    complaints = [text for _, messages in previews for text in line_lint.complaints(messages)]
    me = desk.officer()
    return render_template(
        "staff/broadcasts_show.html",
        row=row, notice=notice, langs=LANGS, complaints=complaints, errors=list(errors.items()),
        words=broadcasts.STATUS_WORDS, status_words=outbox_words.STATUSES,
        channel_words=outbox_words.CHANNELS,        ages=broadcast_fields.ages(row.born_from, row.born_to),
        people=len(broadcasts.people_of(db(), row, line_on=line_on)), progress=broadcasts.progress(db(), row),
        topic=next((t.name.ja for t in city.topics if t.key == row.topic), row.topic),
        areas=[area.name.ja for area in city.areas if area.key in row.areas],
        may_write=bool(staff_scope("message.broadcast")),
        may_approve=bool(staff_scope("message.approve")) and me.id != row.author_id,
        count=broadcast_fields.count_field(errors),
    )  # fmt: skip
