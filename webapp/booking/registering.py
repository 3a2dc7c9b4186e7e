"""Registrations follow their cases (利用者登録の申請): sent, accepted, refused, taken back, opened again.

A registration is applied for through an ordinary procedure and decided as an ordinary case. Whatever way
the case was decided, alone or among many, the next look at it brings the registration into step.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.audit import SYSTEM
from webapp.booking import registration
from webapp.booking.models import RegisterEntry, Registration
from webapp.casework.models import Case
from webapp.city import City
from webapp.errors import NotFound
from webapp.identity.residency import lives_in
from webapp.intake import sheets
from webapp.intake.models import AnswerSheet

PROCEDURE = "facility-registration"
"""The definition whose cases are registrations: forms/facility-registration/form.yaml."""
GOOD = ("accepted", "completed")
BAD = ("refused", "withdrawn")


def catch_up(session: Session, city: City, *, resident_id: int | None = None) -> int:
    """Let registrations agree with their cases, of one resident or of all; returns how many cases moved.

    Doing it twice, or in two processes at once, changes nothing.
    """
    ids = behind(session, resident_id=resident_id)
    for case_id in ids:
        _follow(session, city, session.get_one(Case, case_id, with_for_update=True))
    return len(ids)


def behind(session: Session, *, resident_id: int | None = None) -> list[int]:
    """Return the cases that moved since their registration last looked."""
    changed = or_(RegisterEntry.status.is_(None), RegisterEntry.status != Case.status)
    query = (
        select(Case.id)
        .outerjoin(RegisterEntry, RegisterEntry.case_id == Case.id)
        .where(Case.slug == PROCEDURE, Case.kind != "booking", Case.redacted_at.is_(None), changed)
        .order_by(Case.id)
    )
    if resident_id is not None:
        query = query.where(Case.resident_id == resident_id)
    return list(session.scalars(query))


def case_of(session: Session, found: Registration) -> Case | None:
    """The latest case about a registration."""
    query = (
        select(Case)
        .join(RegisterEntry, RegisterEntry.case_id == Case.id)
        .where(RegisterEntry.registration_id == found.id)
        .order_by(Case.id.desc())
    )
    return session.scalars(query.limit(1)).one_or_none()


def waiting(session: Session) -> list[tuple[Registration, Case]]:
    """Registrations whose case is still open, the oldest first."""
    query = (
        select(Registration, Case)
        .join(RegisterEntry, RegisterEntry.registration_id == Registration.id)
        .join(Case, Case.id == RegisterEntry.case_id)
        .where(Case.closed_at.is_(None))
        .order_by(Case.id)
    )
    return [(one, case) for one, case in session.execute(query)]


def classes_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    """What accepted answers prove: a tie to the city; of a group, that half have one, and its class."""
    if answers.get("kind") == "group":
        proved: dict[str, Any] = {"resident": answers.get("half_here") == "yes"}
        return proved | {key: answers[key] for key in ("group_class",) if answers.get(key)}
    return {"resident": answers.get("tie") in ("lives", "works", "studies")}


def _follow(session: Session, city: City, case: Case) -> None:
    entry = session.get(RegisterEntry, case.id, populate_existing=True)
    if entry is not None and entry.status == case.status:
        return  # another process was faster
    try:
        sheet = sheets.latest(session, case.id)
    except NotFound:
        return
    before = None if entry is None else entry.status
    earlier = _named(session, case, sheet.answers)
    if entry is not None:
        found = session.get_one(Registration, entry.registration_id)
    else:
        found = earlier or _made(session, city, case, sheet)
        session.add(RegisterEntry(case_id=case.id, registration_id=found.id, status=case.status))
    if earlier is not None:
        _renewal(session, found, sheet.answers, before, case.status)
    else:
        _registration(session, found, sheet.answers, before, case.status)
    if entry is not None:
        entry.status = case.status
    session.flush()


def _registration(
    session: Session, found: Registration, answers: Mapping[str, Any], before: str | None, status: str
) -> None:
    if status in GOOD and before not in GOOD:
        registration.accept(session, found, classes_of(answers), SYSTEM)
    elif status in BAD:
        registration.refuse(session, found, SYSTEM)
    elif before in (*GOOD, *BAD) and status not in GOOD:
        registration.examine_again(session, found, SYSTEM)


def _renewal(
    session: Session, found: Registration, answers: Mapping[str, Any], before: str | None, status: str
) -> None:
    if status in GOOD and before not in GOOD:
        registration.renew(session, found, classes_of(answers), SYSTEM)
    elif before in GOOD and status not in GOOD:
        registration.shorten(session, found, SYSTEM)


def _named(session: Session, case: Case, answers: Mapping[str, Any]) -> Registration | None:
    """The applicant's own registration that a renewal names; an unknown number registers anew."""
    if answers.get("what") != "renew" or case.resident_id is None:
        return None
    number = str(answers.get("number") or "").strip().upper()
    query = select(Registration).where(
        Registration.number == number, Registration.resident_id == case.resident_id
    )
    return session.scalars(query).one_or_none()


def _made(session: Session, city: City, case: Case, sheet: AnswerSheet) -> Registration:
    answers = sheet.answers
    is_group = answers.get("kind") == "group"
    return registration.register(
        session,
        resident_id=case.resident_id,
        kind="group" if is_group else "person",
        name=str(answers.get("org" if is_group else "name") or ""),
        details={key: answers[key] for key in DETAILS if key in answers},
        actor=SYSTEM,
        proved=None if is_group else _proved(city, sheet),
    )


DETAILS = ("kind", "name", "org", "group_class", "members", "half_here", "purpose", "tie")


def _proved(city: City, sheet: AnswerSheet) -> dict[str, Any] | None:
    """Living here, when the card itself gave the address. Working or studying here needs papers."""
    mark = sheet.provenance.get("address") or {}
    address = sheet.answers.get("address")
    if mark.get("source") != "card" or not isinstance(address, Mapping):
        return None
    line = "".join(str(address.get(part) or "") for part in ("prefecture", "city", "town", "block"))
    return {"resident": True} if lives_in(line, city.prefecture.ja, city.name.ja) else None
