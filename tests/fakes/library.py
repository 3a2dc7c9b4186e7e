"""Applications for the procedures of forms/, filled in from the base of their own worked cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.submit import submit
from webapp.audit import Actor
from webapp.calendar.business import city_hall
from webapp.casework.models import Case
from webapp.form_engine import cases
from webapp.form_engine.load import load_definition
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Person
from webapp.intake import drafts

FORMS = Path(__file__).resolve().parents[2] / "forms"
VISITOR = Actor("visitor", None, "申請者")


def load(slug: str) -> Definition:
    """A procedure of forms/."""
    return load_definition(FORMS / slug)


def base(slug: str) -> dict[str, object]:
    """Answers with which it can be sent."""
    return dict(cases.load(FORMS / slug).base)


def sent(
    session: Session,
    slug: str,
    *,
    definition: Definition | None = None,
    resident_id: int | None = None,
    channel: str = "web",
    **answers: object,
) -> Case:
    """Send an application now (``clock.now``) and return its case."""
    actor = replace(VISITOR, channel=channel)
    draft = drafts.start(
        session,
        definition or load(slug),
        drafts.Owner(resident_id),
        lang="ja",
        actor=actor,
        answers={**base(slug), **answers},
    )
    now = clock.tokyo(clock.now())
    person = Person(level="signed") if resident_id is not None else None
    context = Context(now.date(), now, person, channel, city_hall())
    return submit(session, draft, context=context, actor=actor).case
