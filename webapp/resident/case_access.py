"""Who may open a case: its resident, or a browser that sent it or proved reference number and password."""

from webapp.casework import lookup
from webapp.casework.models import Case
from webapp.errors import NotFound
from webapp.identity import protection
from webapp.intake import sheets
from webapp.resident import applicant
from webapp.web import guards, sessions
from webapp.web.transaction import db


def open_case(reference: str) -> Case:
    """The case, for whoever may see it. Raises NotFound for everyone else, as if it were not there."""
    case = lookup.by_reference(db(), reference)
    resident_id = applicant.owner().resident_id
    is_residents = resident_id is not None and case.resident_id == resident_id
    if is_residents or _acts_for(case):
        return case
    if sessions.owns("case", case.reference) and not protection.is_protected(db(), case.resident_id):
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


def with_password(reference: str, password: str) -> Case:
    """The case of a reference number with its password, unless its resident is protected (支援措置).

    Raises NotFound in the same words whatever was wrong: that there is such a person stays unsaid.
    """
    case = lookup.with_password(db(), reference, password)
    if protection.is_protected(db(), case.resident_id):
        raise NotFound("protected")
    return case


def remember(case: Case) -> None:
    """This browser may open the case from now on, as long as its session lives."""
    sessions.own("case", case.reference)
