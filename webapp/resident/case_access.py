"""Who may open a case: its resident, or a browser that sent it or proved reference number and password."""

from webapp.casework import lookup
from webapp.casework.models import Case
from webapp.errors import NotFound
from webapp.intake import sheets
from webapp.resident import applicant
from webapp.web import guards, sessions
from webapp.web.transaction import db


def open_case(reference: str) -> Case:
    """The case, for whoever may see it. Raises NotFound for everyone else, as if it were not there."""
    case = lookup.by_reference(db(), reference)
    resident_id = applicant.owner().resident_id
    is_residents = resident_id is not None and case.resident_id == resident_id
    if is_residents or sessions.owns("case", case.reference) or _acts_for(case):
        return case
    raise NotFound(
        "not theirs", say="この申請を見るには、受付番号とパスワードを入れるか、サインインしてください。"
    )


def _acts_for(case: Case) -> bool:
    """An agent opens the cases they sent, as long as the mandate is in force."""
    agency, resident = applicant.agency(case.slug), guards.current_resident()
    if agency is None or resident is None or agency.resident_id != case.resident_id:
        return False
    return sheets.sent_by(db(), case.id) == str(resident.id)


def remember(case: Case) -> None:
    """This browser may open the case from now on, as long as its session lives."""
    sessions.own("case", case.reference)
