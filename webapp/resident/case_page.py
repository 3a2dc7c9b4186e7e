"""Drawing the case page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, url_for
from flask_babel import gettext as _

from webapp import clock
from webapp.applications import owed, withdraw
from webapp.casework import duties, thread, timeline
from webapp.casework.models import Case, CaseDuty, CaseMessage
from webapp.casework.states import state_of
from webapp.errors import NotFound
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.outcome import Context
from webapp.form_engine.present import present
from webapp.intake import corrections, sheets, versions
from webapp.payment import charges
from webapp.resident import desk
from webapp.resident.summary import ReadSection, read_sections
from webapp.web import guards, ruby
from webapp.web.services import services
from webapp.web.transaction import db

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def page(case: Case, *, errors: list[tuple[str, str]] | None = None, body: str = "") -> str:
    """The whole screen of a case."""
    lang = guards.lang()
    return render_template(
        "resident/cases_case.html",
        case=case,
        state=state_of(case.kind, case.status),
        correction=corrections.waiting(db(), case.id),
        charges=[charge for charge in charges.of_case(db(), case.id) if charge.cancelled_at is None],
        duties=owed.waiting(db(), case.id),
        follow_ups=[(duty, _offered(duty)) for duty in duties.follow_ups(db(), case)],
        entries=[
            {"title": timeline.words(event, lang), "at": event.at, "text": _detail(event.data)}
            for event in reversed(timeline.of_case(db(), case, public_only=True))
        ],
        messages=[_message(message) for message in thread.of_case(db(), case)],
        documents=[(entry, _open_until(entry)) for entry in case.documents],
        sections=answers_of(case),
        may_withdraw=withdraw.may_withdraw(case),
        may_repeat=services().library.get(case.slug) is not None,
        department=department(case),
        errors=errors or [],
        body=body,
    )


def _offered(duty: CaseDuty) -> str | None:
    """Where the duty is done online; None where its procedure is not offered or there is none."""
    if duty.procedure is None or services().library.get(duty.procedure) is None:
        return None
    return url_for("resident.catalogue.procedure", slug=duty.procedure)


def read(session: Session, case_id: int) -> None:
    """The resident has seen the messages of the office."""
    case = session.get(Case, case_id)
    for message in thread.unread(session, case, from_staff=True) if case else []:
        message.read_at = clock.now()


def answers_of(case: Case) -> list[ReadSection]:
    """What was sent, newest revision; empty for a case without answers."""
    try:
        sheet = sheets.latest(db(), case.id)
    except NotFound:
        return []
    definition = versions.load(db(), sheet.version)
    ruby.uses(definition)
    outcome = evaluate(definition, sheet.answers, context_of(case))
    return read_sections(present(definition, sheet.answers, guards.lang(), outcome), sheet.provenance)


def context_of(case: Case) -> Context:
    """The circumstances in which a case is judged: those of its arrival."""
    arrived = clock.tokyo(case.arrived_at)
    return Context(today=arrived.date(), now=arrived, channel=case.channel, calendar=desk.calendar())


def department(case: Case) -> Any:
    """The department in charge of the case now."""
    city = services().city
    return city.departments.get(case.department) or city.front_desk


def _message(message: CaseMessage) -> dict[str, Any]:
    name = _("市の担当") if message.from_staff else _("あなた")
    return {"by": name, "mine": not message.from_staff, "at": message.at, "text": message.body, "files": []}


def _detail(data: dict[str, Any]) -> str | None:
    return data.get("reason") or data.get("title") or None


def _open_until(document: Any) -> bool:
    return document.expires_on is None or document.expires_on >= clock.today()
