"""What every staff screen about cases shares: finding the case within the scope, and leaving a trace."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from webapp import audit
from webapp.calendar.business import BusinessCalendar, city_hall
from webapp.casework import scope as scopes
from webapp.casework.models import Case
from webapp.identity.models import Staff
from webapp.web.guards import current_actor, current_staff, staff_scope
from webapp.web.services import services
from webapp.web.transaction import SAFE_METHODS, afterwards, db
from webapp.web.widgets import FieldView, dom_id


def case_for(reference: str, permission: str = "case.read", *, with_asked: bool = False) -> Case:
    """Return the case if the officer may do this with it, locked where something will be done.

    Raises NotFound otherwise.
    """
    lock = request.method not in SAFE_METHODS
    return scopes.case_for(db(), staff_scope(permission), reference, with_asked=with_asked, lock=lock)


def officer() -> Staff:
    """Return the signed-in officer; the guard has made sure that there is one."""
    staff = current_staff()
    assert staff is not None
    return staff


def may(permission: str, case: Case) -> bool:
    """Tell whether the officer may do this with this very case."""
    return scopes.covers(staff_scope(permission), case)


def calendar() -> BusinessCalendar:
    """Return the city hall's own days."""
    return city_hall(services().city.holidays)


def departments() -> dict[str, str]:
    """Return the departments of the city, key to name."""
    return {key: one.name.ja for key, one in services().city.departments.items()}


def department_name(key: str) -> str:
    """Return the name of a department; one that no longer exists shows its key."""
    return departments().get(key, key)


def viewed(case: Case, action: str = "case.view", **details: Any) -> None:
    """Leave a line in the audit trail that the officer saw this case."""
    actor, case_id = current_actor(), case.id

    afterwards(
        lambda session: audit.record(
            session, actor, action, object_kind="case", object_id=case_id, case_id=case_id, details=details
        )
    )


def to_case(case: Case, anchor: str = "") -> Response:
    """Go back to the case page."""
    return redirect(url_for("staff.case.show", reference=case.reference, _anchor=anchor or None), code=303)


def typed_field(
    form: MultiDict[str, str] | None,
    name: str,
    label: str,
    *,
    type: str = "text",
    value: Any = "",
    errors: dict[str, str] | None = None,
    **more: Any,
) -> FieldView:
    """Return a field of a staff form that keeps what was typed and shows its error."""
    typed = _typed(form, name, type) if form is not None else value
    wrong = (errors or {}).get(name)
    return FieldView(
        path=name,
        id=dom_id(name),
        name=name,
        type=type,
        label=label,
        value=typed,
        errors=[wrong] if wrong else [],
        **more,
    )


def error_list(errors: dict[str, str]) -> list[tuple[str, str]]:
    """Return the errors as the summary at the top of a page wants them."""
    return [(dom_id(name), text) for name, text in errors.items()]


def _typed(form: MultiDict[str, str], name: str, kind: str) -> Any:
    if kind == "date":
        return {part: form.get(f"{name}.{part}", "") for part in ("era", "year", "month", "day")}
    return form.getlist(name) if kind == "multiselect" else form.get(name, "")
