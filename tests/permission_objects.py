"""Two people and two offices, each with one thing of every kind that an address can name.

Whoever walks may open the things of the own world; those of the other world, and the other world's thing
behind an own one (its document under my reference number), must be answered like things that do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.casework_office import VISITOR, Office
from tests.fakes import hall
from tests.fakes.payment_world import open_charge
from webapp import clock
from webapp.audit import SYSTEM
from webapp.booking.confirm import confirm
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facilities, Facility
from webapp.booking.hold import hold
from webapp.booking.models import Booking, Closure
from webapp.booking.person import Booker
from webapp.booking.wish import Wish
from webapp.casework.models import Case, CaseDocument, CaseDuty, CaseOpinion
from webapp.casework.office_models import CaseBatch, CaseRegistration
from webapp.db import new_token
from webapp.identity import sessions, staff_accounts
from webapp.identity.mandate_models import CounterVisit, Mandate
from webapp.identity.models import Resident
from webapp.identity.permissions import ROLES
from webapp.identity.proof_models import Signature
from webapp.identity.sessions import Holder
from webapp.identity.staff_models import Approval, StaffFactor
from webapp.intake import corrections, drafts
from webapp.intake.models import StoredFile
from webapp.messaging.models import LineAccount
from webapp.messaging.topic_models import Broadcast
from webapp.payment import refunds
from webapp.payment.models import Charge, Settlement
from webapp.payment.refunds import Rule
from webapp.ports.identity import Level
from webapp.web.sessions import COOKIES

Things = dict[str, Any]
NAMED: dict[str, dict[str, str]] = {
    "resident.account.end_sign_in": {"row_id": "sign_in"},
    "resident.apply.": {"token": "draft", "page_key": "page"},
    "resident.apply_files.": {"token": "draft", "file_id": "draft_file"},
    "resident.apply.start": {},
    "resident.apply.begin": {},
    "resident.send.": {"token": "draft"},
    "resident.newer.": {"token": "draft"},
    "resident.sign.": {"token": "draft"},
    "resident.book.": {"basket": "basket"},
    "resident.book.choose": {},
    "resident.book.take": {},
    "resident.booked.": {"reference": "booked", "token": "booking"},
    "resident.access.": {"reference": "case"},
    "resident.cases.": {"reference": "case"},
    "resident.cases.document": {"reference": "case", "token": "document"},
    "resident.cases.file": {"reference": "case", "file_id": "case_file"},
    "resident.correct.": {"reference": "case"},
    "resident.hand_in.": {"reference": "case", "number": "duty"},
    "resident.hand_in.done": {"reference": "case", "number": "report"},
    "resident.line.unlink": {"account_id": "line"},
    "resident.mandates.act": {"number": "mandate_taken"},
    "resident.mandates.revoke": {"number": "mandate_given"},
    "staff.approvals.decide": {"number": "approval"},
    "staff.ask.": {"reference": "case"},
    "staff.ask.answer": {"reference": "case", "number": "opinion"},
    "staff.ask.revoke": {"reference": "case", "number": "opinion"},
    "staff.ask.done": {"reference": "case", "number": "duty"},
    "staff.ask.end_registration": {"reference": "case", "number": "registration"},
    "staff.batch.show": {"token": "batch"},
    "staff.booked.": {"slug": "facility", "token": "booking"},
    "staff.case.": {"reference": "case"},
    "staff.case.document": {"reference": "case", "token": "document"},
    "staff.case.file": {"reference": "case", "file_id": "case_file"},
    "staff.correct.": {"reference": "case"},
    "staff.counter.": {"number": "visit"},
    "staff.counter_mandates.": {"number": "visit", "mandate_id": "mandate_verified"},
    "staff.decide.": {"reference": "case", "step": "step"},
    "staff.desk_booking.": {"slug": "facility"},
    "staff.enter.": {"token": "entry"},
    "staff.facilities.": {"slug": "facility", "number": "closure", "reference": "booked"},
    "staff.factors.": {"row_id": "staff_sign_in"},
    "staff.factors.remove": {"factor_id": "factor"},
    "staff.factors.confirm_app": {"factor_id": "factor_begun"},
    "staff.fee.": {"reference": "case"},
    "staff.figures.": {"slug": "facility"},
    "staff.issue.": {"reference": "case"},
    "staff.letters.": {"reference": "case"},
    "staff.overtime.": {"slug": "facility", "token": "booking"},
    "staff.payments.": {"token": "charge", "settlement_id": "parked"},
    "staff.protection.": {"reference": "case"},
    "staff.refunds.": {"token": "refund", "step": "refund_step"},
    "staff.refunds.propose": {"token": "charge"},
    "staff.shield.": {"reference": "case"},
    "staff.signature.": {"reference": "case", "number": "signature"},
    "staff.supplement.": {"reference": "case"},
    "staff.timeline.": {"slug": "facility", "token": "booking"},
    "staff.work.": {"reference": "case"},
}
"""Endpoint, or its beginning, to the thing each argument names; the longest beginning counts."""
WORDS = frozenset({"page", "step", "refund_step"})
"""Arguments that are words of the address, and belong to nobody."""
OF_NOBODY = (
    "resident.catalogue.", "resident.facilities.", "resident.apply.start", "resident.apply.begin",
    "resident.book.choose", "resident.book.take", "callbacks.payment.event",
    "staff.message_templates.", "staff.prepared_notices.",
)  # fmt: skip
"""Addresses whose arguments name what everybody who may enter may see: procedures, rooms, texts."""
OF_WHO_HAS_THE_LINK = (
    "resident.open_link.", "resident.pay.", "resident.refund.", "resident.mandates.show",
    "resident.mandates.answer", "staff.invitation.", "staff.single_sign_on.start_link",
)  # fmt: skip
"""Random tokens that came by message: the link is the key, and a wrong one is 404."""
OF_THE_CITY = ("staff.accounts.", "staff.broadcasts.", "staff.delivery.")
"""Staff accounts, broadcasts and deliveries are the whole city's; who may enter may open all of them."""


@dataclass
class World:
    """Somebody, the office that serves them, and their things."""

    office: Office
    resident: int
    staff: int
    things: Things

    def client(self, side: str, *, minutes_ago: int = 0) -> FlaskClient:
        """A browser of this world's resident or officer, who signed in this long ago."""
        held = Holder(resident_id=self.resident, level=int(Level.CARD), authenticated_at=clock.now())
        data: dict[str, Any] = {}
        if side == "staff":
            proved_at, entry = clock.now() - timedelta(minutes=minutes_ago), self.things["entry"]
            held = Holder(staff_id=self.staff, authenticated_at=proved_at)
            data = {f"own:draft:{entry}": 1, f"enter:{entry}": self.things["entering"]}
        with self.office.database.transaction() as session:
            _, token = sessions.create(session, side, data, held)
        client = FlaskClient(self.office.app, self.office.app.response_class)  # does not parse every page
        client.set_cookie(COOKIES[side], token)
        return client


def places() -> Facilities:
    """Two gymnasiums, one for each world."""
    both = [{**hall.HALL, "slug": slug, "department": slug} for slug in ("sports", "culture")]
    return Facilities({one["slug"]: Facility.model_validate(one) for one in both})


def build(session: Session, office: Office, facilities: Facilities, name: str, department: str) -> World:
    """Furnish one world; its facility is ``sports`` for 市民課 and ``culture`` for everyone else."""
    facility = "sports" if department == "citizen" else "culture"
    resident = Resident(created_at=clock.now(), profile={"name": name})
    family = Resident(created_at=clock.now(), profile={"name": f"{name}の家族"})
    session.add_all([resident, family])
    session.flush()
    scopes = [f"{role}@{scope}" for role in ROLES for scope in (department, f"facility:{facility}")]
    staff = staff_accounts.create(
        session, login=f"all.{department}", name=name, department=department, roles=scopes, actor=SYSTEM
    )
    colleague = staff_accounts.create(
        session, login=f"two.{department}", name=name, department=department, roles=scopes, actor=SYSTEM
    )
    case = office.submitted(session, applicant_name=name).case
    case.resident_id, case.department = resident.id, department
    things: Things = {"page": "applicant", "step": "accept", "refund_step": "approve", "facility": facility}
    things |= {"case": case.reference, **_on_case(session, office, case, resident, staff.id)}
    things |= _drafts(session, office, resident, staff.id)
    things |= _bookings(session, facilities, facility, resident)
    things |= _money(session, case, resident, department)
    things |= _identity(session, resident, family, staff.id, department)
    things |= _desk(session, staff.id, colleague.id, department, facility)
    return World(office, resident.id, staff.id, things)


def _on_case(session: Session, office: Office, case: Case, resident: Resident, staff_id: int) -> Things:
    now, today = clock.now(), clock.today()
    key = f"documents/{new_token(9).strip('-_')}"
    office.services.storage.put(key, b"%PDF-1.7", "application/pdf")
    document = CaseDocument(
        token=new_token(18), case_id=case.id, kind="notice", title="通知", filename="a.pdf", size=8,
        media_type="application/pdf", sha256="-", storage_key=key, issued_at=now,
    )  # fmt: skip
    file = _file(office, case_id=case.id)
    opinion = CaseOpinion(case_id=case.id, department=case.department, question="支障は", asked_at=now)
    duty, report = (
        CaseDuty(case_id=case.id, key=key, kind=kind, label={"ja": "書類"}, due_on=today, created_at=now)
        for key, kind in (("paper", "attachment"), ("yearly", "report"))
    )
    corrections.open_correction(
        session, case, [corrections.Item("tel", "wrong")], today + timedelta(days=14), hall.OFFICER
    )
    registration = CaseRegistration(
        case_id=case.id, resident_id=resident.id, key="club", label={"ja": "登録"}, began_at=now
    )
    verdict = {"outcome": "valid", "checks": [], "judged_at": now.isoformat(), "revocation_as_of": None}
    signature = Signature(
        draft_token=new_token(), case_id=case.id, resident_id=resident.id, document=b"{}",
        document_sha256="-", evidence={}, verdict=verdict, created_at=now, signed_at=now,
    )  # fmt: skip
    rows = {"opinion": opinion, "duty": duty, "report": report, "registration": registration}
    rows["signature"] = signature
    session.add_all([document, file, *rows.values()])
    session.flush()
    return {"document": document.token, "case_file": file.id, **{name: row.id for name, row in rows.items()}}


def _file(office: Office, **owner: int) -> StoredFile:
    name = new_token(18)
    key = f"intake/x/{name.strip('-_')}"
    office.services.storage.put(key, b"%PDF-1.7", "application/pdf")
    return StoredFile(
        id=name, path="photo", name="a.pdf", size=8, sniffed_type="application/pdf", sha256="-",
        storage_key=key, scan_state="clean", **owner,
    )  # fmt: skip


def _drafts(session: Session, office: Office, resident: Resident, staff_id: int) -> Things:
    definition = office.services.library["test-application"]
    name = str(resident.profile["name"])
    mine, entered = (
        drafts.start(session, definition, owner, lang="ja", actor=VISITOR, answers={"applicant_name": name})
        for owner in (drafts.Owner(resident.id), drafts.Owner())
    )
    file = _file(office, draft_id=mine.id)
    session.add(file)
    entering = {"channel": "paper", "received": clock.today().isoformat()}
    return {"draft": mine.token, "draft_file": file.id, "entry": entered.token, "entering": entering}


def _bookings(session: Session, facilities: Facilities, facility: str, resident: Resident) -> Things:
    held, booked = (_held(session, facilities, facility, resident, room) for room in ("a", "b"))
    contact = {**hall.CONTACT, "name": str(resident.profile["name"])}
    done = confirm(session, facilities, booked.basket, contact=contact, actor=hall.RESIDENT)
    done.case.resident_id = resident.id
    return {"basket": held.basket, "booked": done.case.reference, "booking": booked.token}


def _held(session: Session, places: Facilities, facility: str, resident: Resident, room: str) -> Booking:
    who = Booker(f"resident:{resident.id}", resident.id, {"resident": True, "ticket": 0, "commercial": False})
    booking = hold(session, places, Wish(facility, room, hall.FIRST, ("am",)), who)
    booking.resident_id = resident.id
    return describe(session, places, booking.token, Details(persons=10, title="練習"))


def _money(session: Session, case: Case, resident: Resident, department: str) -> Things:
    charge, paid, surplus = (open_charge(session, case_id=case.id, department=department) for _ in range(3))
    hall.cash(session, paid)
    rule = Rule("誤って請求したため", None)
    (refund,) = refunds.propose(session, paid, 100, cause="other", rule=rule, actor=hall.OFFICER)
    return {"charge": charge.token, "refund": refund.token, "parked": _parked(session, surplus).id}


def _parked(session: Session, charge: Charge) -> Settlement:
    entry = hall.cash(session, charge)
    entry.state, entry.parked_reason = "parked", "surplus"
    session.flush()
    return entry


def _identity(
    session: Session, resident: Resident, family: Resident, staff_id: int, department: str
) -> Things:
    given = _mandate(resident.id, family.id, "online")
    taken = _mandate(family.id, resident.id, "online")
    verified = _mandate(family.id, resident.id, "paper", verified_by_id=staff_id)
    now = clock.now()
    visit = CounterVisit(
        code_hash=new_token(), staff_id=staff_id, department=department, resident_id=resident.id,
        proof="card", started_at=now, code_ends_at=now,
    )  # fmt: skip
    line = LineAccount(user_id=f"U{new_token()}", resident_id=resident.id)
    row, _ = sessions.create(session, "resident", {}, Holder(resident_id=resident.id))
    session.add_all([given, taken, verified, visit, line])
    session.flush()
    return {
        "mandate_given": given.id, "mandate_taken": taken.id, "mandate_verified": verified.id,
        "visit": visit.id, "line": line.id, "sign_in": row.id,
    }  # fmt: skip


def _mandate(grantor: int, agent: int, basis: str, **more: Any) -> Mandate:
    today, now = clock.today(), clock.now()
    return Mandate(
        token_hash=new_token(), grantor_id=grantor, agent_id=agent, basis=basis, procedures=[],
        valid_from=today, valid_to=today + timedelta(days=30), offered_at=now, offer_ends_at=now,
        accepted_at=now, **more,
    )  # fmt: skip


def _desk(session: Session, staff_id: int, colleague_id: int, department: str, facility: str) -> Things:
    now = clock.now()
    factor, begun = (
        StaffFactor(staff_id=staff_id, kind="totp", label="x", secret=b"JBSWY3DPEHPK3PXP" * 2, created_at=now)
        for _ in range(2)
    )
    factor.confirmed_at = now
    closure = Closure(
        facility=facility, rooms=["a"], starts_at=now + timedelta(days=90),
        ends_at=now + timedelta(days=91), kind="works", reason="工事", created_at=now,
    )  # fmt: skip
    approval = Approval(
        action="case.export", object_kind="case.export", object_id=str(colleague_id), payload_digest="-",
        details={"departments": [department]}, asked_by_id=colleague_id, asked_at=now,
    )  # fmt: skip
    batch = CaseBatch(
        token=new_token(18), staff_id=staff_id, action="message", given={}, references=[], results=[],
        ordered_at=now, finished_at=now,
    )  # fmt: skip
    row, _ = sessions.create(session, "staff", {}, Holder(staff_id=staff_id))
    broadcast = Broadcast(topic="garbage", texts={"title": {"ja": "件名"}, "body": {"ja": "本文"}})
    session.add_all([factor, begun, closure, approval, batch, broadcast])
    session.flush()
    return {
        "factor": factor.id, "factor_begun": begun.id, "closure": closure.id, "approval": approval.id,
        "batch": batch.token, "staff_sign_in": row.id, "colleague": colleague_id,
        "broadcast": broadcast.id,
    }  # fmt: skip


MISSING: Things = {
    "case": "26-0000-0000", "booked": "26-0000-0000", "facility": "no-such-place", "parked": "999999",
    **dict.fromkeys(("draft", "document", "basket", "booking", "charge", "refund"), "no-such-token"),
    **dict.fromkeys(("entry", "batch", "draft_file", "case_file"), "no-such-token"),
}  # fmt: skip


def missing(thing: str) -> Any:
    """What nobody has: a number of no row, or a token that was never given out."""
    return MISSING.get(thing, 999_999)


def named(endpoint: str) -> dict[str, str]:
    """Return which thing each argument of an endpoint names; raises KeyError for one that is not listed."""
    fitting = [beginning for beginning in NAMED if endpoint.startswith(beginning)]
    if not fitting:
        raise KeyError(endpoint)
    return NAMED[max(fitting, key=len)]
