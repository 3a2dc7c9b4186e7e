"""「わたしの手続き」: everything of the person in one place, whatever its kind."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template

from webapp import clock
from webapp.applications import owed
from webapp.casework import duties, lookup, thread
from webapp.casework.models import Case
from webapp.casework.states import State, state_of
from webapp.errors import NotFound
from webapp.intake import drafts, versions
from webapp.intake.models import Draft
from webapp.payment import charges
from webapp.resident import applicant
from webapp.resident.case_access import open_case
from webapp.web import guards, sessions, transaction
from webapp.web.guards import visitor_or_resident
from webapp.web.transaction import db

blueprint = Blueprint("my", __name__)


@dataclass(frozen=True)
class MyCase:
    """One case in the list, with what the person has to do about it."""

    case: Case
    state: State
    to_do: list[str]


@blueprint.get("/my")
@visitor_or_resident
def overview() -> str:
    mine = applicant.owner()
    if mine.resident_id is not None and mine.tokens:
        transaction.afterwards(lambda session: drafts.claim(session, mine))
    shown = [_my_case(case) for case in _cases(mine)]
    resident = guards.current_resident()
    return render_template(
        "resident/my_overview.html",
        drafts=[(draft, _title(draft)) for draft in drafts.under_way(db(), mine)],
        waiting=[entry for entry in shown if entry.to_do],
        under_way=[entry for entry in shown if not entry.to_do and not entry.case.is_closed],
        closed=[entry for entry in shown if not entry.to_do and entry.case.is_closed],
        is_visitor=resident is None,
        bounced=resident is not None and resident.email_bounced_at is not None,
    )


def _cases(mine: drafts.Owner) -> list[Case]:
    if mine.resident_id is not None:
        return lookup.of_resident(db(), mine.resident_id)
    found = []
    for reference in sessions.owned("case"):
        try:
            found.append(open_case(reference))
        except NotFound:
            continue  # erased after its retention, or its resident is protected by now
    return sorted(found, key=lambda case: case.arrived_at, reverse=True)


def _my_case(case: Case) -> MyCase:
    return MyCase(case, state_of(case.kind, case.status), to_do(case))


def to_do(case: Case) -> list[str]:
    """What waits for the person on a case: correct, pay, read, hand_in, follow_up."""
    found = ["correct"] if case.status == "correction" else []
    if any(charge.open_yen > 0 and charge.blocked is None for charge in charges.of_case(db(), case.id)):
        found.append("pay")
    if thread.unread(db(), case, from_staff=True):
        found.append("read")
    if owed.waiting(db(), case.id):
        found.append("hand_in")
    if any(duties.reminder_day(duty) <= clock.today() for duty in duties.follow_ups(db(), case)):
        found.append("follow_up")
    return found


def _title(draft: Draft) -> Any:
    return versions.load(db(), draft.version).title
