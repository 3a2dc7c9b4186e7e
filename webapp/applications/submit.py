"""Submission: a draft becomes a case, exactly once, all in one transaction."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications import budget, fees, follow_up, owed, processing, same
from webapp.audit import Actor
from webapp.audit import record as audit
from webapp.casework import open_case, telling
from webapp.casework.models import Case
from webapp.errors import Forbidden, IllegalStep, InvalidInput
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Outcome, Problem
from webapp.form_engine.present import present
from webapp.form_engine.problems import problems
from webapp.identity import mandates
from webapp.identity.models import Resident
from webapp.intake import drafts, files, identity_number, sheets, upgrading, versions
from webapp.intake.contact import contact_of
from webapp.intake.models import Draft, Submission
from webapp.payment.models import Charge

GAPS = ("required", "address_parts", "too_few_files", "too_few_rows")
"""Problems that are something missing, not something wrong: paper with these has arrived all the same."""
PASSWORD_SHOWN = timedelta(days=7)
"""How long the writer's own receipt page can be printed again with its lookup password."""


@dataclass(frozen=True)
class Submitted:
    """The case of a draft. ``password`` is shown on the writer's receipt; None once it was forgotten."""

    case: Case
    password: str | None
    charge: Charge | None
    is_new: bool
    gaps: tuple[Problem, ...] = ()
    """What is missing, where the application was taken with gaps."""


class NotReady(InvalidInput):
    """Something is missing or wrong, or the procedure stops here; nothing was sent."""

    def __init__(self, found: list[Problem], outcome: Outcome) -> None:
        super().__init__(f"{len(found)} problems, {len(outcome.stops)} stops")
        self.problems = found
        self.outcome = outcome


class Unseen(IllegalStep):
    """The writer has not seen what would be sent: the answers or the definition changed meanwhile."""


class Outdated(IllegalStep):
    """The draft's version is no longer taken: its writer has to look at the new one first."""


def submit(
    session: Session,
    draft: Draft,
    *,
    context: Context,
    actor: Actor,
    confirmed: str | None = None,
    guard: bool = True,
    accept_gaps: bool = False,
    library: object = None,
) -> Submitted:
    """Send a draft; sending it again gives the same case (``is_new`` False).

    ``confirmed`` is the ``digest_of`` the check page showed. ``library`` is not needed: a draft is
    judged by the kept definition its writer saw. ``accept_gaps`` takes an application in which something
    is missing (paper that staff enter); what is wrong is never taken. ``guard=False`` leaves the unique
    key and the lock out, for the proof that they are what prevents a second case. Raises NotReady,
    Unseen, Outdated.
    """
    already = None
    if guard:
        draft = drafts.locked(session, draft)
        already = of_draft(session, draft)
    if already is not None and already.case_id is not None:
        return _as_before(session, already)
    _check_mandate(session, draft)
    if upgrading.is_closed(session, draft):
        raise Outdated(
            "submit",
            state="outdated",
            say="この手続きの内容が新しくなりました。新しい内容に切り替えてください。",
        )
    definition = versions.load(session, draft.version)
    context = replace(context, budget_left=budget.left_locked(session, definition, context.today))
    outcome, gaps = _judged(draft, definition, context, confirmed, accept_gaps)
    if not guard:
        return _file(session, draft, definition, outcome, context, actor, None)
    ticket = Submission(draft_id=draft.id, digest=digest_of(draft), submitted_at=clock.now())
    try:
        with session.begin_nested():
            session.add(ticket)
    except IntegrityError:
        return _as_before(session, _ticket(session, draft))
    done = _file(session, draft, definition, outcome, context, actor, ticket)
    return replace(done, gaps=tuple(gaps))


def digest_of(draft: Draft) -> str:
    """What the check page shows, as one digest: version and answers."""
    plain = json.dumps([draft.version, draft.answers], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def of_draft(session: Session, draft: Draft) -> Submission | None:
    """The submission of a draft, if it was sent."""
    return session.scalar(select(Submission).where(Submission.draft_id == draft.id))


def receipt_of(session: Session, draft: Draft) -> Submitted | None:
    """What the writer's receipt page shows; None when the draft was not sent."""
    ticket = of_draft(session, draft)
    return _as_before(session, ticket) if ticket is not None and ticket.case_id is not None else None


def forget_passwords(session: Session) -> int:
    """Drop readable lookup passwords after a week; the keyed hash on the case stays. Returns how many."""
    old = Submission.submitted_at < clock.now() - PASSWORD_SHOWN
    known = Submission.lookup_password.is_not(None)
    done = session.execute(update(Submission).where(old, known).values(lookup_password=None))
    return int(getattr(done, "rowcount", 0))


def _check_mandate(session: Session, draft: Draft) -> None:
    """An agent may send as long as the mandate is in force, on this day and for this procedure."""
    if draft.mandate_id is None:
        return
    agent = session.get(Resident, draft.resident_id)
    if agent is None or mandates.in_force(session, draft.mandate_id, agent, procedure=draft.slug) is None:
        raise Forbidden("mandate over", say="委任が終わっているため、代理で送ることはできません。")


def _judged(
    draft: Draft, definition: Definition, context: Context, confirmed: str | None, accept_gaps: bool
) -> tuple[Outcome, list[Problem]]:
    if draft.seen_version != draft.version or (confirmed is not None and confirmed != digest_of(draft)):
        raise Unseen("submit", state="changed", say="内容が変わっています。もう一度確かめてください。")
    outcome = evaluate(definition, draft.answers, context)
    found = problems(definition, draft.answers, context, outcome=outcome)
    gaps = [problem for problem in found if accept_gaps and problem.code in GAPS]
    if len(gaps) < len(found) or outcome.stops:
        raise NotReady(found, outcome)
    identity_number.refuse(definition, outcome.answers)
    return outcome, gaps


def _file(
    session: Session,
    draft: Draft,
    definition: Definition,
    outcome: Outcome,
    context: Context,
    actor: Actor,
    ticket: Submission | None,
) -> Submitted:
    answers = dict(outcome.answers)
    case, password = _open(session, draft, definition, outcome, context, actor)
    provenance = {path: mark for path, mark in draft.provenance.items() if path.split("[")[0] in answers}
    sheets.add(session, case.id, version=draft.version, answers=answers, provenance=provenance, actor=actor)
    files.hand_over(session, answers, draft_id=draft.id, case_id=case.id)
    owed.note(session, case, outcome, actor)
    case.benefit_yen = outcome.benefit.total if outcome.benefit else None
    charge = fees.charge_for(session, case, definition, outcome, actor)
    if ticket is not None:
        ticket.case_id, ticket.lookup_password = case.id, password
        ticket.charge_id = charge.id if charge else None
        ticket.same_key = same.key_of(session, definition, answers)
        drafts.touch(draft, submitted_case_id=case.id, answers={}, provenance={}, overwritten=[])
    follow_up.fulfilled_by(session, case, actor)
    telling.tell_resident(session, case, "received", dedupe_key=f"case:{case.id}:received")
    audit(session, actor, "application.submit", object_kind="case", object_id=case.id, case_id=case.id)
    session.flush()
    return Submitted(case, password, charge, True)


def _open(
    session: Session, draft: Draft, definition: Definition, outcome: Outcome, context: Context, actor: Actor
) -> tuple[Case, str]:
    at = clock.now()
    today = clock.tokyo(at).date()
    return open_case.open_case(
        session,
        kind=definition.kind,
        slug=definition.slug,
        title=definition.title.model_dump(exclude_none=True),
        department=outcome.department or definition.department,
        actor=actor,
        resident_id=draft.on_behalf_of_id or draft.resident_id,
        contact=contact_of(definition, outcome.answers, lang=draft.lang, line_user_id=draft.line_user_id),
        channel=actor.channel,
        arrived_at=at,
        due_on=processing.due_on(definition, outcome, today, context.calendar),
        period=processing.period_of(definition, today, context.calendar),
        search_text=search_texts(definition, outcome),
    )


def search_texts(definition: Definition, outcome: Outcome) -> list[str]:
    """What staff may search a case by: short texts of the answers, never sensitive ones."""
    sensitive = {path for path, question in definition.walk() if question.sensitive}
    sections = present(definition, outcome.answers, "ja", outcome)
    rows = [row for section in sections for row in section.rows]
    searchable = ("text", "kana", "address", "tel", "email", "postal")
    return [row.text for row in rows if row.kind in searchable and row.path.split("[")[0] not in sensitive]


def _as_before(session: Session, ticket: Submission) -> Submitted:
    case = session.get(Case, ticket.case_id)
    assert case is not None
    charge = session.get(Charge, ticket.charge_id) if ticket.charge_id else None
    return Submitted(case, ticket.lookup_password, charge, False)


def _ticket(session: Session, draft: Draft) -> Submission:
    ticket = of_draft(session, draft)
    if ticket is None or ticket.case_id is None:
        raise Unseen(
            "submit", state="sending", say="送信しています。少し待ってから、もう一度開いてください。"
        )
    return ticket
