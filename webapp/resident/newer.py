"""The procedure changed while someone was writing: what changed, and switching over or finishing as begun."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.intake import upgrading
from webapp.resident import desk
from webapp.web import guards
from webapp.web.guards import visitor_or_resident
from webapp.web.transaction import db

blueprint = Blueprint("newer", __name__)


@blueprint.get("/apply/<token>/newer")
@visitor_or_resident
def show(token: str) -> str | Response:
    opened = desk.open_desk(token)
    found = opened.newer
    if found is None or opened.draft.submitted_case_id is not None:
        return redirect(url_for("resident.apply.go_on", token=token))
    lang = opened.lang
    labels = [
        found.definition.fields[path.split("[")[0]].label.in_(lang)
        for path in found.to_answer
        if path.split("[")[0] in found.definition.fields
    ]
    return render_template(
        "resident/newer_show.html",
        desk=opened,
        newer=found,
        changes=[change.text(lang) for change in found.changes],
        to_answer=list(dict.fromkeys(labels)),
        falls_away=[opened.label_of(key) for key in found.falls_away],
        department=desk.department(opened),
    )


@blueprint.post("/apply/<token>/newer/switch")
@visitor_or_resident
def switch(token: str) -> Response:
    opened = desk.open_desk(token)
    live = desk.live_definition(opened.definition.slug)
    upgrading.upgrade(db(), opened.draft, live, guards.current_actor())
    flash(_("新しい内容に切り替えました。答えはそのまま引き継いでいます。"), "success")
    return redirect(url_for("resident.apply.go_on", token=token), 303)


@blueprint.post("/apply/<token>/newer/keep")
@visitor_or_resident
def keep(token: str) -> Response:
    opened = desk.open_desk(token)
    live = desk.live_definition(opened.definition.slug)
    if not upgrading.is_closed(db(), opened.draft):
        upgrading.decline(db(), opened.draft, live)
    return redirect(url_for("resident.apply.go_on", token=token), 303)
