"""Who may enter a view: every view function carries exactly one guard.

The guard checks, calls the view inside the request's transaction, and marks the function with
``__guard__`` so that a test can list routes without one (and ``install`` refuses to start with any).
Queries still filter by owner and scope: a guard opens the door, it does not choose the row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Literal, TypeVar, cast

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.audit import Actor
from webapp.errors import Forbidden, NotFound
from webapp.identity import mandates, visits
from webapp.identity import sessions as session_store
from webapp.identity.mandate_models import Mandate
from webapp.identity.models import Resident, Staff
from webapp.identity.permissions import Scope, scope_of
from webapp.ports.identity import Level
from webapp.web import held, sessions
from webapp.web.languages import lang as lang
from webapp.web.transaction import around_view, db

View = TypeVar("View", bound=Callable[..., Any])
SET_UP = ("staff.factors.", "staff.sign_in.")
"""All that an account without the required second factor may open."""
FRESH = timedelta(minutes=15)
ACTING = "acting_for"
"""Session key: the mandate this browser uses just now."""
VISIT = session_store.VISIT
PAGE_MARK = "_mark"
"""The field of a draft's page that proves it was its owner's: it is saved first, see resident/desk.py."""
GuardKind = Literal["public", "visitor", "resident", "staff", "callback"]


@dataclass(frozen=True)
class Guard:
    """What a view asks of the person who enters."""

    kind: GuardKind
    permissions: tuple[str, ...] = ()
    """Of staff: one of these is enough."""


def public(view: View) -> View:
    """Anyone; the view shows nothing personal."""
    return _guarded(view, Guard("public"), lambda: None)


def visitor_or_resident(view: View) -> View:
    """Anyone; the view itself checks that this browser or resident owns what it shows."""
    return _guarded(view, Guard("visitor"), lambda: None)


def resident_required(view: View) -> View:
    """A signed-in resident; others go to sign-in and come back, with what they had typed."""
    return _guarded(
        view, Guard("resident"), lambda: _ask_sign_in("resident") if current_resident() is None else None
    )


def staff_required(*permissions: str) -> Callable[[View], View]:
    """A staff member who holds one of the permissions somewhere; the view narrows it by scope."""

    def check() -> Response | None:
        if current_staff() is None:
            return _ask_sign_in("staff")
        if sessions.current().get("needs_factor") and not (request.endpoint or "").startswith(SET_UP):
            return redirect(url_for("staff.factors.factors"), code=303)
        if not any(staff_scope(permission) for permission in permissions):
            raise Forbidden(f"{' or '.join(permissions)} is not granted")
        return None

    return lambda view: _guarded(view, Guard("staff", permissions), check)


def signed_callback(view: View) -> View:
    """A machine outside; the view verifies its signature first. No session, no CSRF token."""
    return _guarded(view, Guard("callback"), lambda: None)


def current_resident() -> Resident | None:
    """Return the signed-in resident of this browser."""
    if "resident" not in g:
        resident_id = None if _visit_is_over() else sessions.current().holder.resident_id
        found = db().get(Resident, resident_id) if resident_id is not None else None
        g.resident = found if found is not None and found.deleted_at is None else None
    return cast("Resident | None", g.resident)


def current_staff() -> Staff | None:
    """Return the signed-in staff member of this browser; None as soon as the account stops working."""
    if "staff" not in g:
        staff_id = sessions.current().holder.staff_id
        found = db().get(Staff, staff_id) if staff_id is not None else None
        g.staff = found if found is not None and session_store.staff_may_work(found) else None
    return cast("Staff | None", g.staff)


def current_level() -> Level:
    """Return how strongly the person of this browser has proved who they are."""
    return Level(sessions.current().holder.level) if current_resident() else Level.ANONYMOUS


def current_actor() -> Actor:
    """Return who acts in this request, for timelines and the audit trail."""
    side = sessions.current().side
    if side == "staff" and (staff := current_staff()):
        return Actor("staff", str(staff.id), staff.name)
    channel = "counter" if VISIT in sessions.current() else "web"
    if side == "resident" and (resident := current_resident()):
        mandate = current_mandate()
        on_behalf_of = str(mandate.grantor_id) if mandate else None
        return Actor("resident", str(resident.id), "申請者", on_behalf_of=on_behalf_of, channel=channel)
    return Actor("visitor", None, "申請者(ログインなし)", channel=channel)


def current_mandate() -> Mandate | None:
    """Return the mandate under which the resident acts in this browser; None as soon as it ends."""
    resident, number = current_resident(), sessions.current().get(ACTING)
    return mandates.in_force(db(), number, resident) if resident and number else None


def staff_scope(permission: str) -> Scope:
    """Return where the signed-in staff member may use a permission; falsy means nowhere."""
    staff = current_staff()
    return scope_of(staff.roles, permission) if staff else Scope()


def require_scope(
    permission: str,
    *,
    department: str | None = None,
    facility: str | None = None,
    procedure: str | None = None,
) -> None:
    """Raise NotFound unless the signed-in staff member may use the permission on such an object.

    NotFound and not Forbidden: another department's object is not confirmed to exist.
    """
    scope = staff_scope(permission)
    if not scope.covers(department=department, facility=facility, procedure=procedure):
        raise NotFound(f"{permission} does not reach here")


def step_up(level: Level, next_url: str) -> Response | None:
    """Return the way to a stronger sign-in that comes back to ``next_url``; None: the level is reached."""
    if current_level() >= level:
        return None
    return redirect(url_for("resident.sign_in.sign_in", next=next_url, level=level.key), code=303)


def prove_again() -> Response | None:
    """Return the way to the password page unless the staff member proved who they are minutes ago.

    For dangerous actions: call first in the view. A POST is kept and offered again afterwards.
    """
    proved_at = sessions.current().holder.authenticated_at
    if proved_at is not None and clock.now() - proved_at < FRESH:
        return None
    return redirect(url_for("staff.second_factor.confirm", next=held.hold_request("staff")), code=303)


def guard_of(view: Callable[..., Any]) -> Guard | None:
    """Return the guard a view function carries."""
    return getattr(view, "__guard__", None)


def unguarded(app: Flask) -> list[str]:
    """Return the endpoints without a guard, except Flask's own static files."""
    return sorted(
        name
        for name, view in app.view_functions.items()
        if guard_of(view) is None and name.rpartition(".")[2] != "static"
    )


def _visit_is_over() -> bool:
    """Whether this is a counter tablet whose visit has ended: nobody is signed in on it any more."""
    visit = sessions.current().get(VISIT)
    return visit is not None and visits.running(db(), visit) is None


def _guarded(view: View, guard: Guard, check: Callable[[], Response | None]) -> View:
    if guard_of(view) is not None:
        raise TypeError(f"{view.__module__}.{view.__name__} has two guards")

    @wraps(view)
    def enter(*args: Any, **kwargs: Any) -> Any:
        with around_view():
            refused = check()
            if refused is not None:
                return refused
            answer = view(*args, **kwargs)
            held.sent()
            return answer

    enter.__guard__ = guard  # type: ignore[attr-defined]  # a mark for the tests and for CSRF
    return cast(View, enter)


def way_back() -> str | None:
    """Keep this POST and return where its sender proves again who they are; None: it may be sent at once.

    For a form whose session has ended: without it the page behind the form would be somebody else's.
    """
    guard = guard_of(current_app.view_functions[request.endpoint or ""])
    mine = sessions.current()
    if guard is None or mine.signed_in:
        return None
    if guard.kind in ("resident", "staff"):
        return _sign_in_url(guard.kind)
    objects = request.view_args or {}
    if guard.kind != "visitor" or not mine.is_over or PAGE_MARK in request.form:
        return None
    if mine.expired.resident_id is not None and objects:
        return _sign_in_url("resident")
    if "reference" not in objects:
        return None
    held.hold_request("resident")
    return url_for("resident.cases.find", reference=objects["reference"])


def _ask_sign_in(side: str) -> Response:
    return redirect(_sign_in_url(side), code=303)


def _sign_in_url(side: str) -> str:
    """The sign-in, with the ways of the level that has just expired; a view asks for more by itself."""
    level = Level(max(sessions.current().expired.level, int(Level.ACCOUNT))).key
    return url_for(
        f"{side}.sign_in.sign_in",
        next=held.hold_request(side),
        level=level if side == "resident" else None,
    )
