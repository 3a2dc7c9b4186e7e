"""An agent writes and sends for someone else, as far as the mandate reaches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.fakes.procedures import ANSWERS, context, sample
from webapp import clock
from webapp.applications.submit import submit
from webapp.audit import Actor
from webapp.errors import Forbidden
from webapp.form_engine.model import Definition
from webapp.identity import mandates
from webapp.identity.models import Resident
from webapp.intake import drafts, saving, sheets
from webapp.intake.models import Draft


def people(session: Session) -> tuple[Resident, Resident]:
    pair = [Resident(created_at=clock.now(), profile={"name": name}) for name in ("本人", "代理")]
    session.add_all(pair)
    session.flush()
    return pair[0], pair[1]


def written(session: Session, *procedures: str) -> tuple[Draft, Resident, Actor, int]:
    """A draft an agent has written under a mandate for these procedures."""
    grantor, agent = people(session)
    giver = Actor("resident", str(grantor.id))
    until = clock.today() + timedelta(days=30)
    _row, token = mandates.offer(
        session, grantor, procedures=procedures, valid_to=until, note="", actor=giver
    )
    actor = Actor("resident", str(agent.id), on_behalf_of=str(grantor.id))
    mandate = mandates.accept(session, token, agent, actor)
    draft = drafts.start(
        session,
        sample(),
        drafts.Owner(agent.id),
        lang="ja",
        actor=actor,
        answers=dict(ANSWERS),
        agency=drafts.Agency(mandate.id, grantor.id),
    )
    return draft, grantor, actor, mandate.id


def test_the_case_is_that_of_the_person_and_the_sheet_names_the_agent(session: Session) -> None:
    draft, grantor, actor, _mandate = written(session)
    case = submit(session, draft, context=context(), actor=actor).case
    assert case.resident_id == grantor.id
    assert sheets.sent_by(session, case.id) == actor.id


def test_what_the_agent_types_is_marked_as_the_agents(session: Session) -> None:
    draft, _grantor, _actor, _mandate = written(session)
    definition: Definition = sample()
    form = {"copies": ["3"], "kind": ["full"]}
    saved = saving.save_page(
        session, draft, definition, definition.pages[0], form, seen={}, context=context()
    )
    assert saved.draft.provenance["copies"]["source"] == "proxy"


def test_a_mandate_that_has_ended_sends_nothing(session: Session) -> None:
    draft, grantor, actor, mandate_id = written(session)
    mandates.revoke(session, mandate_id, grantor, Actor("resident", str(grantor.id)))
    with pytest.raises(Forbidden):
        submit(session, draft, context=context(), actor=actor)


def test_a_mandate_for_something_else_sends_nothing(session: Session) -> None:
    draft, _grantor, actor, _mandate = written(session, "another-procedure")
    with pytest.raises(Forbidden):
        submit(session, draft, context=context(), actor=actor)
