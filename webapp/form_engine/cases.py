"""Worked cases beside a definition: answers in, what must come out; run by the check and by the tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator

from webapp.calendar.business import city_hall
from webapp.conditions.model import Channel
from webapp.form_engine.case_looks import LOOKS, Found
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import Strict
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.form_engine.parse import parse_page
from webapp.form_engine.process_cases import GivenPerson, WorkedProcess, in_tokyo
from webapp.form_engine.rules_model import Level
from webapp.yaml_source import Complaint, Source, read, validate


class Expected(Strict):
    """What must come out; a key that is not written is not looked at."""

    pages: list[str] = []
    visible: list[str] = []
    hidden: list[str] = []
    required: list[str] = []
    optional: list[str] = []
    problems: dict[str, str] = {}
    stops: list[str] = []
    notices: list[str] = []
    fee: int | None = None
    fee_lines: dict[str, int] = {}
    after_review: bool = False
    benefit: int | None = None
    options: dict[str, list[str]] = {}
    earliest: dict[str, date] = {}
    latest: dict[str, date] = {}
    attachments: dict[str, Literal["given", "missing", "owed", "optional"]] = {}
    level: Level = "none"
    department: str = ""
    due: date | None = None
    examined_from: date | None = None
    sent_on: date | None = None
    follow_ups: dict[str, date] = {}
    registrations: list[str] = []
    kept: dict[str, Any] = {}


class WorkedCase(Strict):
    """One example. ``at`` is the moment in Asia/Tokyo, the only clock of a case."""

    name: str
    source: str | None = None
    at: datetime
    person: GivenPerson | None = None
    channel: Channel = "web"
    without: list[str] = []
    answers: dict[str, Any] = {}
    typed: dict[str, str] = {}
    """Inputs of the form by name, read as a browser sends them; over ``answers``."""
    budget_left: int | None = None
    paid_on: date | None = None
    expect: Expected

    @field_validator("at")
    @classmethod
    def _tokyo(cls, at: datetime) -> datetime:
        return in_tokyo(at)


class CaseFile(Strict):
    """cases.yaml: answers all cases begin with, and the cases."""

    base: dict[str, Any] = {}
    cases: list[WorkedCase]
    processes: list[WorkedProcess] = []


def load(path: Path) -> CaseFile:
    """Read a cases.yaml (or the one of a folder). Raises SourceErrors with every complaint at once."""
    return load_with_source(path)[0]


def load_with_source(path: Path) -> tuple[CaseFile, Source]:
    """As ``load``, with the source for the places of further complaints."""
    file = path / "cases.yaml" if path.is_dir() else path
    source = read(file, name=str(file))
    return validate(source, CaseFile), source


def answers_of(file: CaseFile, case: WorkedCase) -> dict[str, Any]:
    """Return the answers of a case: the base, without what it takes away, with its own over it."""
    base = {key: value for key, value in file.base.items() if key not in case.without}
    return {**base, **case.answers}


def run(definition: Definition, file: CaseFile, case: WorkedCase) -> list[str]:
    """Evaluate a case; returns a sentence for everything that came out otherwise than expected."""
    context = context_of(case)
    answers = _read(definition, answers_of(file, case), case.typed, context)
    found = Found(definition, answers, context, evaluate(definition, answers, context), case.at, case.paid_on)
    complaints: list[str] = []
    for name in Expected.model_fields:
        if name in case.expect.model_fields_set:
            complaints += LOOKS[name](found, getattr(case.expect, name))
    return complaints


def context_of(case: WorkedCase) -> Context:
    """The circumstances a case stands for."""
    return Context(
        today=case.at.date(),
        now=case.at,
        person=case.person.known() if case.person else None,
        channel=case.channel,
        calendar=city_hall(),
        budget_left=case.budget_left,
    )


def _read(
    definition: Definition, answers: dict[str, Any], typed: Mapping[str, str], context: Context
) -> dict[str, Any]:
    form = {name: [text] for name, text in typed.items()}
    for page in definition.pages:
        tops = {field.key for field in page.fields}
        sent = {name: texts for name, texts in form.items() if name.partition(".")[0] in tops}
        if sent:
            answers = parse_page(definition, page.key, sent, answers, context)
    return answers


def complaints(definition: Definition, file: CaseFile, source: Source) -> Iterator[Complaint]:
    """Yield every misspelt answer and every case that does not come out, each with its place."""
    known = {question.key for page in definition.pages for question in page.fields}
    for key in file.base:
        if key not in known:
            yield source.complain(("base", key), f"there is no question {key!r}", _some(known))
    for index, case in enumerate(file.cases):
        for where, given in (("answers", case.answers), ("typed", case.typed)):
            for key in given:
                if key.partition(".")[0] not in known:
                    yield source.complain(
                        ("cases", index, where, key), f"there is no question {key!r}", _some(known)
                    )
        for complaint in run(definition, file, case):
            yield source.complain(
                ("cases", index), f"case {case.name!r}: {complaint}", "mend the form or the case"
            )


def _some(known: Iterable[str]) -> str:
    return f"use one of: {', '.join(sorted(known)[:8])}"
