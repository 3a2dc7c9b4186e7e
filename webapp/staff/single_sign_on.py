"""Staff sign-in through the organisation's own accounts: in, linked by an invitation, proved again."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import audit
from webapp.audit import Actor
from webapp.db import new_token
from webapp.errors import IllegalStep, NotFound
from webapp.identity import factors, flows, invitations, staff_links, throttle
from webapp.identity.models import SignInFlow, Staff
from webapp.ports.identity import (
    Assertion,
    Cancelled,
    IdentityProvider,
    IdentityRefused,
    Level,
    ProviderDown,
    Want,
)
from webapp.staff import second_factor
from webapp.web import errors, guards, next_page, sessions
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import begin_writing, commit, db

blueprint = Blueprint("single_sign_on", __name__)
log = logging.getLogger(__name__)
PURPOSES = ("staff_sign_in", "staff_link", "staff_confirm")
UNKNOWN = "このアカウントは、窓口の職員アカウントに結びついていません。管理者に招待を頼んでください。"
NOT_NOW = "共通アカウントの確認ができませんでした。もう一度お試しください。"
STOPPED = "共通アカウントでのサインインを中止しました。"
DOWN = "共通アカウントのサービスにつながりません。少し待つか、職員IDとパスワードでサインインしてください。"


@blueprint.post("/sign-in/shared")
@guards.public
def start() -> Response:
    """Go to the organisation's sign-in."""
    return _away("staff_sign_in", {"next": request.form.get("next", "")})


@blueprint.post("/invitation/<token>/shared")
@guards.public
def start_link(token: str) -> Response:
    """Go there to link the invited account; the invitation is used up when the person comes back."""
    invitations.of_token(db(), token)
    return _away("staff_link", {"invitation": token})


@blueprint.post("/confirm/shared")
@guards.staff_required("staff.home")
def start_confirm() -> Response:
    """Go there to prove again who one is before a dangerous action."""
    return _away("staff_confirm", {"next": request.form.get("next", "")}, fresh=True)


@blueprint.get("/sign-in/callback")
@guards.public
def callback() -> Response | tuple[str, int]:
    """Take the flow once, ask the provider with no transaction open, then do what the flow was for."""
    begin_writing()
    try:
        browser = sessions.current().get("browser")
        flow = flows.take(db(), request.args.get("state", ""), browser, purposes=PURPOSES)
        commit()
        assertion = _plug().complete(
            request.args.to_dict(),
            state=flow.secrets["state"],
            secrets=flow.secrets,
            want=Want(Level.ACCOUNT, fresh=flow.purpose == "staff_confirm"),
            redirect_uri=_redirect_uri(),
        )
    except IdentityRefused as refusal:
        log.warning("staff identity refused: %s, reference %s", refusal.code, errors.reference())
        return _refused(refusal)
    match flow.purpose:
        case "staff_link":
            return _link(flow, assertion)
        case "staff_confirm":
            return _confirm(flow, assertion)
        case _:
            return _enter(flow, assertion)


def _enter(flow: SignInFlow, assertion: Assertion) -> Response | tuple[str, int]:
    staff = staff_links.find(db(), assertion)
    if staff is None:
        actor = Actor("visitor")
        audit.record(db(), actor, "staff.sign_in_refused", object_kind="staff", object_id="unlinked")
        return _page(UNKNOWN), 403
    return _let_in(staff, assertion, flow.secrets.get("next", ""))


def _link(flow: SignInFlow, assertion: Assertion) -> Response | tuple[str, int]:
    try:
        invitation, staff = invitations.of_token(db(), flow.secrets["invitation"])
        staff_links.link(db(), staff, assertion)
    except (NotFound, IllegalStep) as error:
        return _page(error.say or "この招待は、もう使えません。管理者に新しい招待を頼んでください。"), 403
    invitations.use_up(invitation)
    return _let_in(staff, assertion, "")


def _confirm(flow: SignInFlow, assertion: Assertion) -> Response | tuple[str, int]:
    staff, proved = guards.current_staff(), staff_links.find(db(), assertion)
    if staff is None or proved is None or proved.id != staff.id:
        return _page("サインイン中の職員のアカウントではありません。"), 403
    sessions.sign_in_staff(staff)
    resume = next_page.parse(flow.secrets.get("next"), side="staff")
    return redirect(next_page.url(resume, fallback="staff.inbox.home"), code=303)


def _let_in(staff: Staff, assertion: Assertion, wish: str) -> Response:
    """Record and go on: a second factor is asked here unless the organisation has asked for one."""
    actor = Actor("staff", str(staff.id), staff.name)
    details = {"how": assertion.provider, "simulated": assertion.simulated}
    audit.record(db(), actor, "staff.sign_in", object_kind="staff", object_id=staff.id, details=details)
    is_strong = staff_links.has_second_factor(assertion)
    if not is_strong and factors.of_staff(db(), staff.id):
        second_factor.wait_for(staff, wish)
        return redirect(url_for("staff.second_factor.ask"), code=303)
    return second_factor.let_in(staff, wish, has_factor=is_strong)


def _away(purpose: str, kept: dict[str, Any], *, fresh: bool = False) -> Response:
    throttle.count(db(), "flow.here", place())
    begun = _plug().begin(Want(Level.ACCOUNT, fresh=fresh), redirect_uri=_redirect_uri())
    flow = flows.open_flow(
        db(),
        begun,
        provider=_plug().id,
        browser=sessions.current().setdefault("browser", new_token()),
        level=Level.ACCOUNT,
        resume={},
        purpose=purpose,
    )
    flow.secrets = {**flow.secrets, **kept}
    return redirect(begun.redirect_to, code=303)


def _refused(refusal: IdentityRefused) -> tuple[str, int]:
    if isinstance(refusal, ProviderDown):
        return _page(DOWN), 503
    return _page(STOPPED if isinstance(refusal, Cancelled) else NOT_NOW), 400


def _page(error: str) -> str:
    return render_template(
        "staff/sign_in_sign_in.html", login="", error=error, next="", shared=services().staff_identity
    )


def _plug() -> IdentityProvider:
    plug = services().staff_identity
    if plug is None:
        raise NotFound("no single sign-on")
    return plug


def _redirect_uri() -> str:
    """Return the registered address. In the demo any name of this machine may be in the address bar."""
    if services().settings.is_demo:
        return url_for("staff.single_sign_on.callback", _external=True)
    return services().settings.base_url + url_for("staff.single_sign_on.callback")
