"""「自動配信の承認」: which prepared notices a signed call from outside may start, in exactly which words."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.errors import InvalidInput, NotFound
from webapp.messaging import prepared, triggers
from webapp.messaging.prepared import Prepared
from webapp.staff import desk
from webapp.web.guards import current_actor, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("prepared_notices", __name__, url_prefix="/broadcasts/prepared")


@blueprint.get("")
@staff_required("message.broadcast", "message.approve")
def overview() -> str:
    """Show the words, who approved them, and what calls have started."""
    return render_template(
        "staff/prepared_notices_overview.html",
        rows=[(notice, triggers.approval_of(db(), notice), _words(notice)) for notice in _callable()],
        calls=triggers.latest(db()),
        names={notice.key: notice.name for notice in _callable()},
        has_key=bool(triggers.keys_of(services().settings.plug_options.get("notice_key", ""))),
        may_approve=bool(staff_scope("message.approve")),
    )


@blueprint.post("/<key>")
@staff_required("message.approve")
def decide(key: str) -> Response:
    """Approve the words as they were shown, or take the approval back."""
    notice = next((one for one in _callable() if one.key == key), None)
    if notice is None:
        raise NotFound(f"prepared notice {key}")
    if request.form.get("_action") == "withdraw":
        triggers.withdraw(db(), key, current_actor())
        flash("承認を取り消しました。外部からの合図では、もう配信されません。", "success")
    elif request.form.get("digest") != triggers.digest_of(notice):
        raise InvalidInput("digest", say="文面が変わりました。新しい文面を読んでから、承認してください。")
    else:
        triggers.approve(db(), notice, desk.officer().id, current_actor())
        flash("承認しました。外部からの合図で、この文面をすぐに配信します。", "success")
    return redirect(url_for(".overview"), code=303)


def _callable() -> list[Prepared]:
    notices = prepared.load(services().settings.city_dir).notices
    return [notice for notice in notices if notice.trigger]


def _words(notice: Prepared) -> tuple[str, list[tuple[str, str, str]]]:
    shown = [("日本語", "ja"), ("やさしい日本語", "easy"), ("English", "en")]
    return triggers.digest_of(notice), [
        (name, notice.title.in_(lang), notice.body.in_(lang))  # type: ignore[arg-type]  # the three languages
        for name, lang in shown
    ]
