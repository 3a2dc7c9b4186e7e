"""「送信のようす」: how messages fare, what a person must decide, and questions nobody could answer."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.chat import open_questions
from webapp.messaging import deciding
from webapp.outbox import relay
from webapp.staff import outbox_words
from webapp.web.guards import current_actor, staff_required
from webapp.web.transaction import db

blueprint = Blueprint("delivery", __name__, url_prefix="/delivery")


@blueprint.get("")
@staff_required("system.manage")
def show() -> str:
    """Show numbers by lane, paused channels and messages of unknown fate."""
    return render_template(
        "staff/delivery_show.html",
        rows=outbox_words.by_lane(relay.counts(db())),
        heads=[(word, "number") for word in outbox_words.STATUSES.values()],
        channels=outbox_words.CHANNELS,
        notice=outbox_words.notice,
        pause=outbox_words.pause,
        waiting=deciding.waiting(db()),
        paused=deciding.paused(db()),
    )


@blueprint.post("/<int:number>")
@staff_required("system.manage")
def decide(number: int) -> Response:
    """Send again, use mail, or leave it."""
    deciding.decide(db(), number, request.form.get("_action", ""), current_actor())
    flash("処理しました。", "success")
    return redirect(url_for(".show"), code=303)


@blueprint.post("/resume")
@staff_required("system.manage")
def resume() -> Response:
    """Let a paused channel speak again."""
    deciding.resume(db(), request.form.get("channel", ""), current_actor())
    flash("送信を再開しました。", "success")
    return redirect(url_for(".show"), code=303)


@blueprint.get("/questions")
@staff_required("chat.answer")
def questions() -> str:
    """List questions the chat could not answer."""
    return render_template("staff/delivery_questions.html", rows=open_questions.unanswered(db()))


@blueprint.post("/questions/<int:number>")
@staff_required("chat.answer")
def close(number: int) -> Response:
    """Put a question away."""
    open_questions.close(db(), number)
    flash("片付けました。", "success")
    return redirect(url_for(".questions"), code=303)
