"""Applying again: a new draft on today's definition, filled from an earlier application."""

from sqlalchemy.orm import Session

from webapp.audit import Actor
from webapp.casework.models import Case
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Person
from webapp.intake import drafts, prefill, sheets, versions
from webapp.intake.models import Draft


def again(
    session: Session,
    case: Case,
    definition: Definition,
    owner: drafts.Owner,
    *,
    person: Person | None,
    lang: str,
    actor: Actor,
) -> Draft:
    """Start a draft with the answers of ``case`` that still fit; card and profile win where they are known.

    Files and consents are not copied. Raises NotFound when the case holds no answers.
    """
    sheet = sheets.latest(session, case.id)
    answers, marks = prefill.from_earlier(definition, versions.load(session, sheet.version), sheet.answers)
    known, known_marks = prefill.from_person(definition, person, {})
    return drafts.start(
        session,
        definition,
        owner,
        lang=lang,
        actor=actor,
        answers={**answers, **known},
        provenance={**marks, **known_marks},
        again_of_case_id=case.id,
    )
