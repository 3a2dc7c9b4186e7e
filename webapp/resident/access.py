"""「だれが見たか」: which department opened one's case, and when."""

from __future__ import annotations

from flask import Blueprint, render_template

from webapp.identity import access_record
from webapp.resident import case_access
from webapp.web import guards
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("access", __name__)


@blueprint.get("/cases/<reference>/access")
@guards.visitor_or_resident
def record(reference: str) -> str:
    """Show the record to whoever may see the case."""
    case = case_access.open_case(reference)
    known, lang = services().city.departments, guards.lang()
    rows = [
        (one.day, known[one.department].name.in_(lang) if one.department in known else one.department)
        for one in access_record.of_case(db(), case.id)
    ]
    return render_template("resident/access_record.html", case=case, rows=rows)
