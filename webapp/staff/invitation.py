"""The page behind an invitation: set the password of one's own account."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.errors import InvalidInput
from webapp.identity import invitations, throttle
from webapp.identity.models import Staff
from webapp.web import guards
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("invitation", __name__)


@blueprint.get("/invitation/<token>")
@guards.public
def show(token: str) -> str:
    """Show the form; an invitation that is unknown, used or over is not found."""
    _, staff = invitations.of_token(db(), token)
    return _page(staff, token, None)


@blueprint.post("/invitation/<token>")
@guards.public
def accept(token: str) -> Response | tuple[str, int]:
    """Set the password and lead to sign-in."""
    throttle.count(db(), "staff_sign_in.here", place())
    commit()
    _, staff = invitations.of_token(db(), token)
    password = request.form.get("password", "")
    try:
        if password != request.form.get("again", ""):
            raise InvalidInput(
                "differ", field="again", say="二つのパスワードが違います。同じものを入力してください。"
            )
        invitations.accept(db(), token, password)
    except InvalidInput as error:
        return _page(staff, token, error), 422
    flash("パスワードを決めました。サインインしてください。", "success")
    return redirect(url_for("staff.sign_in.sign_in"), code=303)


def _page(staff: Staff, token: str, error: InvalidInput | None) -> str:
    return render_template(
        "staff/invitation_show.html", staff=staff, token=token, error=error, shared=services().staff_identity
    )
