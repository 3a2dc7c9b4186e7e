"""Cases and drafts for the crawl: each procedure sent once, and one application in each state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from integrations.identity.cards import BY_KEY
from integrations.identity.jpki_verifier import JpkiVerifier
from integrations.identity.simulator_pki import TestAuthority, sign_digest
from tests.proofs import hostile
from tests.proofs.crawl_town import CLOSED, SECRET, VISITOR, Town
from webapp import clock
from webapp.applications import decide, owed, review
from webapp.applications.submit import submit
from webapp.audit import Actor
from webapp.calendar.business import city_hall
from webapp.casework import duties, opinions, registrations
from webapp.casework.models import Case
from webapp.errors import MadoguchiError
from webapp.form_engine import cases
from webapp.form_engine.load import folders
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.identity import signatures
from webapp.intake import drafts
from webapp.intake.corrections import Item
from webapp.settings import ROOT

OWED = ("care-certification", "care_card")
"""A procedure and its paper that may follow later."""
DECISIONS = ("decide/accept", "decide/refuse")
LABEL = {"ja": hostile.MARKUP[0]}


def furnish(session: Session, town: Town) -> None:
    """Send every procedure, leave every draft open, and bring applications into every state."""
    known = list(_worked(town))
    asked, usual = set[str](), list[tuple[Definition, dict[str, Any]]]()
    for number, (definition, answers) in enumerate(known):
        hidden = definition.department in CLOSED
        given = _renamed(answers, SECRET if hidden else hostile.MARKUP[number % 7])
        case = _send(session, definition, given, town.other.id if hidden else town.owner.id)
        if hidden:
            continue
        town.mine += _draft(session, town, definition, given, asked)
        if case is not None and definition.kind == "application":
            usual.append((definition, given))
    for state in (
        _received,
        _in_correction,
        _answered,
        _decided,
        _expired,
        _with_opinion,
        _with_duties,
        _signed,
    ):
        for turn in range(2):
            state(session, town, _must_send(session, town, *usual[turn]))
    _with_paper_owed(session, town, *next(one for one in known if one[0].slug == OWED[0]))
    _changed_meanwhile(session, town, *usual[0])
    for role in ("reception", "reviewer"):
        _entering(session, town, role, *usual[0])


def _entering(
    session: Session, town: Town, role: str, definition: Definition, answers: dict[str, Any]
) -> None:
    """A whole application under way at the counter, in the browser of an officer."""
    draft = drafts.start(session, definition, drafts.Owner(), lang="ja", actor=VISITOR, answers=dict(answers))
    kept = {"channel": "counter", "received": clock.today().isoformat()}
    town.walkers[role].data |= {f"own:draft:{draft.token}": 1, f"enter:{draft.token}": kept}
    town.own[role] += [f"/staff/enter/{draft.token}/check", f"/staff/enter/{draft.token}"]


def _draft(
    session: Session, town: Town, definition: Definition, answers: dict[str, Any], asked: set[str]
) -> Iterator[str]:
    """A draft with all answers; the addresses show each type of question once in all."""
    owner = drafts.Owner(town.owner.id)
    draft = drafts.start(session, definition, owner, lang="ja", actor=VISITOR, answers=dict(answers))
    yield f"/apply/{draft.token}/check"
    if definition.identity.level == "signed":
        yield f"/apply/{draft.token}/sign"
    for page in definition.pages:
        types = {one.type for one in page.fields}
        if not types <= asked:
            asked |= types
            yield f"/apply/{draft.token}/pages/{page.key}"


def _received(session: Session, town: Town, case: Case) -> None:
    town.case_id = case.id
    town.mine.append(f"/cases/{case.reference}/access")
    town.desk += [f"/staff/cases/{case.reference}/{page}" for page in ("shield", *DECISIONS)]


def _in_correction(session: Session, town: Town, case: Case) -> None:
    _ask_correction(session, town, case)
    town.mine += [f"/cases/{case.reference}/correct/check", f"/cases/{case.reference}/correct"]


def _answered(session: Session, town: Town, case: Case) -> None:
    """In correction as well, but the paper comes to the desk."""
    _ask_correction(session, town, case)
    town.desk.append(f"/staff/cases/{case.reference}/supplement")


def _ask_correction(session: Session, town: Town, case: Case) -> None:
    seen = review.examine(session, case)
    assert seen is not None
    items = [Item(row.path, "wrong", hostile.MARKUP[2]) for row in seen.rows[:3]]
    until = clock.today() + timedelta(days=20)
    review.ask_correction(session, case, items, until, town.actor("reviewer"), reason=hostile.MARKUP[3])


def _decided(session: Session, town: Town, case: Case) -> None:
    """Accepted, with a registration that the decision made."""
    _decide(session, town, case, decide.Ruling("accept", message=hostile.MARKUP[0]))
    registrations.begin(session, case, "crawl", LABEL, town.actor("approver"))


def _expired(session: Session, town: Town, case: Case) -> None:
    """Refused long ago: the retention rules would erase it, and it may be opened again."""
    _decide(session, town, case, decide.Ruling("refuse", reasons=hostile.MARKUP[1]))
    case.retain_until = clock.today() - timedelta(days=1)


def _decide(session: Session, town: Town, case: Case, ruling: decide.Ruling) -> None:
    city = town.services.city
    decide.decide(session, case, ruling, town.actor("approver"), city=city, calendar=city_hall(city.holidays))


def _with_opinion(session: Session, town: Town, case: Case) -> None:
    """One question that walkers may answer, one that they can only take back."""
    for department in (next(key for key in town.departments() if key != case.department), CLOSED[1]):
        opinions.ask(
            session,
            case,
            department=department,
            question=hostile.MARKUP[4],
            due_on=None,
            actor=town.actor("reviewer"),
            known=list(town.services.city.departments),
        )


def _with_duties(session: Session, town: Town, case: Case) -> None:
    due = clock.today() + timedelta(days=9)
    for kind in ("report", "renewal"):
        duties.add(
            session,
            case,
            key=f"crawl-{kind}",
            kind=kind,
            label=LABEL,
            due_on=due,
            actor=town.actor("reviewer"),
        )


def _with_paper_owed(session: Session, town: Town, definition: Definition, answers: dict[str, Any]) -> None:
    left = {key: value for key, value in answers.items() if key != OWED[1]}
    for _ in range(2):
        case = _must_send(session, town, definition, left)
        town.mine += [f"/cases/{case.reference}/hand-in/{duty.id}" for duty in owed.waiting(session, case.id)]


def _signed(session: Session, town: Town, case: Case) -> None:
    """An electronic signature that was judged and can be judged once more."""
    pki = town.folder / "crawl-pki"
    pki.mkdir(exist_ok=True)
    authority = TestAuthority.load_or_make(pki / "ca.pem")
    document = signatures.canonical({"shown": [["申請する人", [["氏名", hostile.MARKUP[5]]]]]})
    signed = sign_digest(*authority.issue(BY_KEY["hanako"]), hashlib.sha256(document).digest())
    verdict = JpkiVerifier([authority.anchor(with_list=False)]).verify(document, signed, at=clock.now())
    row = signatures.prepare(session, town.owner, "crawl", document)
    signatures.store(session, row, signed, verdict, Actor("resident", str(town.owner.id)))
    signatures.attach(session, "crawl", case.id)
    town.desk.append(f"/staff/cases/{case.reference}/signatures/{row.id}/")


def _changed_meanwhile(session: Session, town: Town, definition: Definition, answers: dict[str, Any]) -> None:
    """Drafts of a version that is no longer the live one."""
    body = definition.model_dump(mode="json", by_alias=True, exclude_unset=True)
    body["summary"] = {"ja": "前の版です。"}
    before = Definition.model_validate(body)
    for _ in range(2):
        owner = drafts.Owner(town.owner.id)
        draft = drafts.start(session, before, owner, lang="ja", actor=VISITOR, answers=dict(answers))
        town.mine.append(f"/apply/{draft.token}/newer")


def _worked(town: Town) -> Iterator[tuple[Definition, dict[str, Any]]]:
    """Each procedure with the answers of its first worked case that has no mistake."""
    for folder in folders([ROOT / "forms"]):
        definition = town.services.library.get(folder.name)
        if definition is None or not (folder / "cases.yaml").exists():
            continue
        given = cases.load(folder)
        good = [one for one in given.cases if not one.expect.problems and not one.expect.stops]
        if good:
            yield definition, cases.answers_of(given, good[0])


def _renamed(answers: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        key: name if key.endswith("name") and isinstance(value, str) else value
        for key, value in answers.items()
    }


def _must_send(session: Session, town: Town, definition: Definition, answers: dict[str, Any]) -> Case:
    case = _send(session, definition, answers, town.owner.id)
    assert case is not None
    town.mine.append(f"/cases/{case.reference}")
    town.desk.append(f"/staff/cases/{case.reference}")
    return case


def _send(session: Session, definition: Definition, answers: dict[str, Any], by: int) -> Case | None:
    """Send it if today is a day for it."""
    now = clock.tokyo(clock.now())
    owner = drafts.Owner(by)
    draft = drafts.start(session, definition, owner, lang="ja", actor=VISITOR, answers=dict(answers))
    try:
        with session.begin_nested():
            context = Context(today=now.date(), now=now, calendar=city_hall())
            return submit(session, draft, context=context, actor=Actor("resident", str(by), "申請者")).case
    except MadoguchiError:
        session.delete(draft)
        return None
