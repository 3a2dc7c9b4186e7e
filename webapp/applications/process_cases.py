"""Worked cases of the process, played through the real services on an empty database.

``forms check`` and the tests call this; everything is rolled back afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications import budget, issue, same
from webapp.applications.decide import Ruling, decide
from webapp.applications.submit import NotReady, submit
from webapp.audit import Actor
from webapp.calendar.business import city_hall
from webapp.casework import lookup, registrations, statistics
from webapp.casework.models import Case
from webapp.city import City
from webapp.db import Base, Database
from webapp.form_engine.cases import CaseFile
from webapp.form_engine.load import load_definition
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.form_engine.process_cases import ProcessStep, WorkedProcess
from webapp.identity.models import Resident
from webapp.intake import drafts
from webapp.yaml_source import Complaint, Source

WRITER = Actor("visitor", None, "申請者")
OFFICER = Actor("staff", "worked-case", "職員")
PAGE = b"%PDF-1.7\n%%EOF\n"


@dataclass
class Play:
    """A process under way: the cases by the name of their step, each with its lookup password."""

    session: Session
    folder: Path
    definition: Definition
    file: CaseFile
    city: City
    sent: dict[str, list[tuple[Case, str]]] = field(default_factory=dict)
    residents: dict[str, Resident] = field(default_factory=dict)
    fetched: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def of(self, name: str) -> list[Case]:
        return [case for case, _ in self.sent.get(name, [])]


@contextmanager
def stage() -> Iterator[Database]:
    """An empty database of our own, gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/worked.sqlite3")
        Base.metadata.create_all(database.engine)
        try:
            yield database
        finally:
            database.dispose()


def complaints(
    database: Database, city: City, folder: Path, definition: Definition, file: CaseFile, source: Source
) -> Iterator[Complaint]:
    """Yield every process that does not come out, with its place in cases.yaml."""
    for index, process in enumerate(file.processes):
        for said in run(database, city, folder, definition, file, process):
            what = f"process {process.name!r}: {said}"
            yield source.complain(("processes", index), what, "mend the form or the case")


def run(
    database: Database,
    city: City,
    folder: Path,
    definition: Definition,
    file: CaseFile,
    process: WorkedProcess,
) -> list[str]:
    """Play a process; returns a sentence for everything that came out otherwise than expected."""
    with database.session() as session:
        play = Play(session, folder, definition, file, city)
        for step in process.steps:
            with clock.frozen(step.at):
                _take(play, step)
        with clock.frozen(process.steps[-1].at):
            for name in process.expect.model_fields_set:
                play.said += _LOOKS[name](play, getattr(process.expect, name))
        session.rollback()
    return play.said


def _take(play: Play, step: ProcessStep) -> None:
    if step.send is not None:
        for _ in range(step.times):
            _send(play, step, step.send)
    elif step.decide is not None:
        for case in [case for name in step.of for case in play.of(name)]:
            ruling = Ruling(step.decide, reasons=step.reasons, message=step.message)
            decide(play.session, case, ruling, OFFICER, city=play.city, calendar=city_hall())
    elif step.fetch is not None:
        _fetch(play, step, step.fetch)


def _send(play: Play, step: ProcessStep, name: str) -> None:
    session = play.session
    definition, base = play.definition, play.file.base
    if step.procedure is not None:
        definition, base = load_definition(play.folder.parent / step.procedure), {}
    resident = _resident(play, step.resident) if step.resident else None
    person = step.person.known() if step.person else None
    if person is not None and resident is not None:
        person = replace(person, registered=registrations.held_by(session, resident.id))
    answers = {key: value for key, value in base.items() if key not in step.without}
    actor = replace(WRITER if step.channel in ("web", "line") else OFFICER, channel=step.channel)
    owner = drafts.Owner(resident.id if resident else None)
    draft = drafts.start(
        session, definition, owner, lang="ja", actor=actor, answers={**answers, **step.answers}
    )
    now = clock.tokyo(clock.now())
    context = Context(now.date(), now, person, step.channel, city_hall())
    try:
        with session.begin_nested():
            done = submit(session, draft, context=context, actor=actor)
    except NotReady as refused:
        _say_refused(play, step, name, refused)
        return
    if step.stopped_by:
        play.said.append(f"{name!r} was taken, but should have been stopped by {', '.join(step.stopped_by)}")
    play.sent.setdefault(name, []).append((done.case, done.password or ""))


def _say_refused(play: Play, step: ProcessStep, name: str, refused: NotReady) -> None:
    stops = sorted(stop.key for stop in refused.outcome.stops)
    wrong = [f"{problem.path}: {problem.code}" for problem in refused.problems]
    if wrong or stops != sorted(step.stopped_by):
        play.said.append(f"{name!r} was not taken: {', '.join([*stops, *wrong])}")


def _resident(play: Play, name: str) -> Resident:
    if name not in play.residents:
        play.residents[name] = Resident(created_at=clock.now(), profile={})
        play.session.add(play.residents[name])
        play.session.flush()
    return play.residents[name]


def _fetch(play: Play, step: ProcessStep, name: str) -> None:
    ((case, password),) = play.sent[name]
    prepared = issue.prepare_upload("受験票", "document.pdf", PAGE)
    issued = issue.issue(play.session, case, prepared, OFFICER, tell=False)
    for _ in range(step.times):
        found = lookup.with_password(play.session, case.reference, password)
        opened = issue.open_document(play.session, found, issued.token)
        issue.opened(play.session, opened.id, WRITER)
        play.fetched[name] = play.fetched.get(name, 0) + 1


def _each(what: str, wanted: Mapping[Any, Any], got: Callable[[Any], Any]) -> list[str]:
    return [
        f"{what} of {key!r}: expected {value}, got {found}"
        for key, value in wanted.items()
        if (found := got(key)) != value
    ]


def _status(play: Play, name: str) -> str:
    return ", ".join(sorted({case.status for case in play.of(name)})) or "not sent"


def _same(play: Play, name: str) -> list[str]:
    found = {other.id for case in play.of(name) for other in same.others(play.session, case)}
    return sorted(other for other in play.sent if any(case.id in found for case in play.of(other)))


def _line(play: Play, year: int) -> statistics.ProcedureLine | None:
    lines = statistics.by_procedure(play.session, year, city_hall())
    return next((line for line in lines if line.slug == play.definition.slug), None)


def _years(play: Play) -> dict[int, statistics.YearLine]:
    return {line.year: line for line in statistics.by_year(play.session, play.definition.slug)}


def _registered(play: Play, name: str) -> list[str]:
    return sorted(registrations.held_by(play.session, _resident(play, name).id))


def _left(play: Play, wanted: int | None) -> list[str]:
    got = budget.left(play.session, play.definition, clock.today())
    return [] if got == wanted else [f"left of the budget: expected {wanted}, got {got}"]


_LOOKS: dict[str, Callable[[Play, Any], list[str]]] = {
    "status": lambda play, wanted: _each("status", wanted, lambda name: _status(play, name)),
    "same_as": lambda play, wanted: _each("same", wanted, lambda name: _same(play, name)),
    "arrived": lambda play, wanted: _each(
        "arrived in", wanted, lambda year: line.total if (line := _years(play).get(year)) else 0
    ),
    "handled": lambda play, wanted: _each(
        "handled in", wanted, lambda year: line.handled if (line := _line(play, year)) else 0
    ),
    "running_total": lambda play, wanted: _each(
        "running total", wanted, lambda year: line.running if (line := _years(play).get(year)) else 0
    ),
    "left_yen": _left,
    "fetched": lambda play, wanted: _each("fetched", wanted, lambda name: play.fetched.get(name, 0)),
    "registered": lambda play, wanted: _each("registered", wanted, lambda name: _registered(play, name)),
}
