"""Letters to print: the receipt, and the request to correct for those who are told by post."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from webapp.applications import paper, review
from webapp.errors import NotFound
from webapp.intake import corrections
from webapp.staff import desk
from webapp.staff.case import sent
from webapp.staff.decide import is_sample
from webapp.web.guards import staff_required
from webapp.web.services import services
from webapp.web.transaction import db

blueprint = Blueprint("letters", __name__, url_prefix="/cases/<reference>/letters")


@blueprint.get("/receipt.pdf")
@staff_required("case.read")
def receipt(reference: str) -> Response:
    case = desk.case_for(reference)
    desk.viewed(case, "case.receipt")
    seen = review.examine(db(), case, calendar=desk.calendar())
    made = paper.receipt(services().city, case, seen, sample=is_sample(case))
    return sent(made, "application/pdf", f"受付票 {case.reference}.pdf")


@blueprint.get("/correction.pdf")
@staff_required("case.correct")
def correction(reference: str) -> Response:
    case = desk.case_for(reference, "case.correct")
    wanted = corrections.waiting(db(), case.id)
    seen = review.examine(db(), case, calendar=desk.calendar())
    if wanted is None or seen is None:
        raise NotFound("no correction", say="この案件では、補正を求めていません。")
    desk.viewed(case, "case.correction_letter")
    made = paper.correction(services().city, case, seen, wanted, sample=is_sample(case))
    return sent(made, "application/pdf", f"補正のお願い {case.reference}.pdf")
