"""Staff accounts: who works here, with which roles, until when, and who stands in."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.casework import assign
from webapp.errors import InvalidInput
from webapp.identity import factors, grants, invitations, permissions, sessions, staff_accounts
from webapp.identity.models import Staff
from webapp.staff import desk
from webapp.staff.typed import number
from webapp.web import guards
from webapp.web.services import services
from webapp.web.transaction import db

WAITS = "役割を増やすには、ほかの職員の承認が要ります。承認を求めました。"
blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")


@blueprint.get("/")
@guards.staff_required("staff.manage")
def accounts() -> str:
    """List all accounts."""
    return render_template(
        "staff/accounts_accounts.html",
        people=staff_accounts.everyone(db()),
        departments=_departments(),
        grant_label=grant_words,
    )


@blueprint.get("/new")
@guards.staff_required("staff.manage")
def new() -> str:
    """Show an empty form."""
    return _form(None, {}, None)


@blueprint.post("/new")
@guards.staff_required("staff.manage")
def create() -> Response | tuple[str, int]:
    """Make an account; a second person gives it its roles."""
    if (away := guards.prove_again()) is not None:
        return away
    try:
        made = staff_accounts.create(
            db(),
            login=request.form.get("login", ""),
            name=request.form.get("name", ""),
            department=_department(),
            roles=[],
            actor=guards.current_actor(),
            password=request.form.get("password") or None,
            email=request.form.get("email", ""),
            ends_on=_day("ends_on"),
        )
        waits = grants.change_roles(db(), desk.officer(), made, _roles(), actor=guards.current_actor())
    except InvalidInput as error:
        db().rollback()
        return _form(None, request.form.to_dict(), error), 422
    flash("職員アカウントを作りました。" + (WAITS if waits else ""), "success")
    return redirect(url_for(".accounts"), code=303)


@blueprint.get("/<int:staff_id>")
@guards.staff_required("staff.manage")
def edit(staff_id: int) -> str:
    """Show one account."""
    return _form(staff_accounts.get(db(), staff_id), {}, None)


@blueprint.post("/<int:staff_id>")
@guards.staff_required("staff.manage")
def change(staff_id: int) -> Response | tuple[str, int]:
    """Change one account; new roles wait for a second person."""
    if (away := guards.prove_again()) is not None:
        return away
    staff = staff_accounts.get(db(), staff_id)
    try:
        staff_accounts.change(
            db(),
            staff,
            name=request.form.get("name", ""),
            email=request.form.get("email", ""),
            department=_department(),
            roles=staff.roles,
            ends_on=_day("ends_on"),
            actor=guards.current_actor(),
        )
        waits = grants.change_roles(db(), desk.officer(), staff, _roles(), actor=guards.current_actor())
        if request.form.get("password"):
            staff_accounts.set_password(db(), staff, request.form["password"], guards.current_actor())
    except InvalidInput as error:
        db().rollback()
        return _form(staff_accounts.get(db(), staff_id), request.form.to_dict(), error), 422
    flash("職員アカウントを変更しました。" + (WAITS if waits else ""), "success")
    return redirect(url_for(".accounts"), code=303)


@blueprint.post("/<int:staff_id>/active")
@guards.staff_required("staff.manage")
def switch(staff_id: int) -> Response:
    """Switch an account off or on."""
    if (away := guards.prove_again()) is not None:
        return away
    staff = staff_accounts.get(db(), staff_id)
    if request.form.get("active") == "yes":
        staff_accounts.reactivate(db(), staff, guards.current_actor())
        flash("アカウントを使えるようにしました。", "success")
    else:
        staff_accounts.deactivate(db(), staff, guards.current_actor())
        flash("アカウントを止め、サインインをすべて終わらせました。", "success")
    return redirect(url_for(".accounts"), code=303)


@blueprint.post("/<int:staff_id>/invite")
@guards.staff_required("staff.manage")
def invite(staff_id: int) -> Response | str:
    """Make an invitation; its link is shown this once."""
    if (away := guards.prove_again()) is not None:
        return away
    staff = staff_accounts.get(db(), staff_id)
    token = invitations.invite(db(), staff, guards.current_actor())
    address = services().settings.base_url + url_for("staff.invitation.show", token=token)
    return _form(staff, {}, None, link=address)


@blueprint.post("/<int:staff_id>/factors/reset")
@guards.staff_required("staff.manage")
def reset_factors(staff_id: int) -> Response:
    """Remove all second factors of somebody who lost the telephone; their sessions end."""
    if (away := guards.prove_again()) is not None:
        return away
    staff = staff_accounts.get(db(), staff_id)
    factors.reset(db(), staff, guards.current_actor())
    sessions.revoke_all(db(), staff_id=staff.id)
    flash("2つめの確認方法を消し、サインインを終わらせました。", "success")
    return redirect(url_for(".accounts"), code=303)


@blueprint.get("/me")
@guards.staff_required("staff.home")
def me() -> str:
    """Show the own account: absence and substitute."""
    return _me_page(None)


@blueprint.post("/me/absence")
@guards.staff_required("staff.home")
def absence() -> Response | tuple[str, int]:
    """Enter or end the own absence."""
    staff = guards.current_staff()
    assert staff is not None
    try:
        chosen = request.form.get("substitute", "")
        substitute = staff_accounts.get(db(), number(chosen, otherwise=0)) if chosen else None
        assign.set_absence(db(), staff, _day("until"), substitute, guards.current_actor())
    except InvalidInput as error:
        return _me_page(error), 422
    flash("不在の予定を変更しました。", "success")
    return redirect(url_for(".me"), code=303)


def _me_page(error: InvalidInput | None) -> str:
    staff = guards.current_staff()
    assert staff is not None
    others = [one for one in assign.colleagues(db(), [staff.department]) if one.id != staff.id]
    return render_template(
        "staff/accounts_me.html",
        staff=staff,
        colleagues=others,
        error=error,
        typed=request.form,
        departments=_departments(),
        role_labels=[grant_words(grant) for grant in staff.roles],
    )


def _form(staff: Staff | None, typed: dict[str, str], error: InvalidInput | None, *, link: str = "") -> str:
    chosen = request.form.getlist("roles") if typed else (staff.roles if staff else [])
    return render_template(
        "staff/accounts_edit.html",
        staff=staff,
        link=link,
        typed=typed,
        error=error,
        departments=_departments(),
        roles=permissions.ROLES,
        chosen=chosen,
        grant_label=grant_words,
        permission_labels=permissions.PERMISSIONS,
        scopes=_scopes(),
    )


def _scopes() -> list[tuple[str, list[tuple[str, str]]]]:
    """Where a role may hold, group by group: departments, single facilities, single procedures."""
    halls = [(f"facility:{one.slug}", one.name.ja) for one in services().facilities]
    procedures = [(f"procedure:{slug}", services().library[slug].title.ja) for slug in services().library]
    return [("課", list(_departments().items())), ("施設", halls), ("手続き", procedures)]


def _roles() -> list[str]:
    """Return the grants of the form: ticked ones, and a new one made of role and scope."""
    grants = request.form.getlist("roles")
    role, scope = request.form.get("add_role", ""), request.form.get("add_scope", "")
    return [*grants, f"{role}@{scope}"] if role and scope else grants


def _department() -> str:
    key = request.form.get("department", "")
    if key not in services().city.departments:
        raise InvalidInput("department", field="department", say="所属の課を選んでください。")
    return key


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput(name, field=name, say="日付を正しく入力してください。") from error


def _departments() -> dict[str, str]:
    return {key: one.name.ja for key, one in services().city.departments.items()}


def grant_words(grant: str) -> str:
    """Return a grant as staff read it: 審査（市民課）."""
    role, _, scope = grant.partition("@")
    label = permissions.ROLES[role].label if role in permissions.ROLES else role
    places = {key: name for _title, options in _scopes() for key, name in options}
    return f"{label}（{'全体' if scope == '*' else places.get(scope, scope)}）"
