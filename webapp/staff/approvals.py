"""「承認」: what waits for a second person, and what became of the own requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.applications import erasing
from webapp.errors import InvalidInput
from webapp.identity import approvals, four_eyes, grants, staff_accounts
from webapp.identity.staff_models import Approval
from webapp.staff import desk, export
from webapp.staff.accounts import grant_words
from webapp.web.guards import current_actor, prove_again, staff_required
from webapp.web.transaction import db
from webapp.wiring import forgetters

blueprint = Blueprint("approvals", __name__, url_prefix="/approvals")

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "waiting": ("承認待ち", "attention"),
    "approved": ("承認済み", "good"),
    "refused": ("承認されませんでした", "bad"),
    "used": ("実行済み", "neutral"),
}


@dataclass(frozen=True)
class Line:
    """One request as it is read out; ``details`` are (what, words)."""

    row: Approval
    matter: str
    asker: str
    details: list[tuple[str, str]]
    outcome: tuple[str, str]

    @property
    def can_fetch(self) -> bool:
        """Whether the file that was asked for can be taken now."""
        fresh = self.row.decided_at is not None and clock.now() - self.row.decided_at < approvals.VALID
        return self.row.action == export.EXPORT and self.row.outcome == "approved" and fresh


@blueprint.get("")
@staff_required("staff.home")
def overview() -> str:
    """Show what this person may decide, and what this person asked for."""
    me = desk.officer()
    return render_template(
        "staff/approvals_overview.html",
        waiting=[_line(row) for row in four_eyes.waiting_for(db(), me)],
        mine=[_line(row) for row in four_eyes.asked_by(db(), me)],
    )


@blueprint.post("/<int:number>")
@staff_required(four_eyes.PERMISSION)
def decide(number: int) -> Response:
    """Approve or refuse what somebody else asked; what is approved is done at once, or can be fetched."""
    if (away := prove_again()) is not None:
        return away
    answer = request.form.get("answer", "")
    if answer not in ("approve", "refuse"):
        raise InvalidInput(answer, field="answer", say="「承認する」か「承認しない」を押してください。")
    row = four_eyes.decide(db(), number, desk.officer(), approve=answer == "approve")
    if answer == "approve" and (act := ACTS.get(row.action)) is not None:
        act(row)
        row.outcome = "used"
    flash("承認しました。" if answer == "approve" else "承認しませんでした。", "success")
    return redirect(url_for(".overview"), code=303)


def _grant(row: Approval) -> None:
    grants.carry_out(db(), int(row.object_id), row.details, current_actor())


def _erase(row: Approval) -> None:
    erasing.carry_out(db(), row.details, current_actor(), also=forgetters())


ACTS: Mapping[str, Callable[[Approval], None]] = {grants.ACTION: _grant, erasing.ACTION: _erase}
"""What is carried out with the approval itself; an export waits for the person who asked."""


def _line(row: Approval) -> Line:
    asker = staff_accounts.get(db(), row.asked_by_id).name
    details = [*_details(row), *([("理由", row.reason)] if row.reason else [])]
    return Line(row, four_eyes.MATTERS[row.action], asker, details, OUTCOMES[row.outcome])


def _details(row: Approval) -> list[tuple[str, str]]:
    given: dict[str, Any] = row.details
    if row.action == grants.ACTION:
        staff = staff_accounts.get(db(), int(row.object_id))
        words = [
            (f"{label}役割", "、".join(map(grant_words, given[key]))) for key, label in _GRANTS if given[key]
        ]
        return [("職員", f"{staff.name}（{staff.login}）"), *words]
    said = [("件数", f"{len(given['references'])}件")]
    if row.action == export.EXPORT:
        said += [("形式", export.FORMATS[given["format"]]), ("項目", f"{len(given['columns'])}個")]
    return said


_GRANTS = (("add", "加える"), ("remove", "外す"))
