"""The desk on which one draft lies: its definition, what the engine says, the way through."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from webapp.applications import budget
from webapp.calendar.business import BusinessCalendar, city_hall
from webapp.errors import NotFound
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Outcome, PageState, Problem
from webapp.form_engine.problems import problems
from webapp.intake import drafts, upgrading, versions
from webapp.intake.merging import Seen, fingerprints
from webapp.intake.models import Draft
from webapp.resident import applicant
from webapp.web import guards, ruby, sessions
from webapp.web.services import services
from webapp.web.transaction import db
from webapp.yaml_source import Lang


@dataclass
class Desk:
    """One request's view of a draft."""

    draft: Draft
    definition: Definition
    context: Context
    lang: Lang

    @property
    def outcome(self) -> Outcome:
        """What follows from the answers as they stand now."""
        key = self.draft.revision
        kept: tuple[int, Outcome] | None = self.__dict__.get("_outcome")
        if kept is None or kept[0] != key:
            kept = (key, evaluate(self.definition, self.draft.answers, self.context))
            self.__dict__["_outcome"] = kept
        return kept[1]

    @cached_property
    def title(self) -> str:
        return self.definition.title.in_(self.lang)

    def page(self, key: str) -> PageState:
        """A visible page. Raises NotFound."""
        state = self.outcome.page(key)
        if state is None:
            raise NotFound(f"page {key} of {self.definition.slug}")
        return state

    def before(self, key: str) -> PageState | None:
        """The visible page before ``key``."""
        keys = [page.key for page in self.outcome.pages]
        position = keys.index(key) if key in keys else 0
        return self.outcome.pages[position - 1] if position else None

    def all_problems(self) -> list[Problem]:
        """Everything that is missing or wrong, on all visible pages."""
        return problems(self.definition, self.draft.answers, self.context, outcome=self.outcome)

    def stops_at(self, key: str) -> bool:
        """Whether the way ends on this page: a stop that belongs here or earlier."""
        keys = [page.key for page in self.outcome.pages]
        passed = set(keys[: keys.index(key) + 1]) if key in keys else set(keys)
        here = {
            place for page in self.outcome.pages if page.key in passed for place in (page.key, *page.fields)
        }
        return any(stop.at is None or stop.at in here for stop in self.outcome.stops)

    def steps(self, current: str) -> list[tuple[str, str, str | None]]:
        """The pages as the stepper shows them, check and sending last."""
        wrong = {self.page_of(problem.path) for problem in self.all_problems()}
        shown = []
        for page in self.outcome.pages:
            passed = page.key in (self.draft.reached or [])
            state = (
                "current" if page.key == current else ("done" if passed and page.key not in wrong else "todo")
            )
            if passed and page.key in wrong and page.key != current:
                state = "error"
            url = (
                url_for("resident.apply.page", token=self.draft.token, page_key=page.key) if passed else None
            )
            shown.append((page.title.in_(self.lang), state, url))
        return [*shown, (_("確認して送る"), "current" if current == "check" else "todo", None)]

    def page_of(self, path: str) -> str:
        """The page on which a path is asked."""
        return self.definition.page_of[path.split("[")[0].split(".")[0]].key if path else ""

    @cached_property
    def newer(self) -> upgrading.Upgrade | None:
        """The newer version its writer could switch to, unless they chose to finish on this one."""
        live = services().library.get(self.definition.slug)
        found = upgrading.waiting(db(), self.draft, live, self.context)
        is_declined = found is not None and self.draft.declined_version == found.definition.version
        return None if found is None or (is_declined and not found.must) else found

    def label_of(self, path: str) -> str:
        """What a question is called."""
        plain = ".".join(piece.split("[")[0] for piece in path.split("."))
        question = self.definition.fields.get(plain)
        return question.label.in_(self.lang) if question else path

    def first_open_page(self) -> str:
        """Where to go on: the page left last, or the first one not yet passed."""
        keys = [page.key for page in self.outcome.pages]
        reached = self.draft.reached or []
        return next((key for key in keys if key not in reached), "check")


def open_desk(token: str) -> Desk:
    """The draft of this token for its owner. Raises NotFound for anyone else."""
    draft = drafts.find(db(), token, applicant.owner())
    return desk_of(draft)


def open_for_writing(token: str) -> tuple[Desk, bool]:
    """The draft for its owner, or for whoever still has a page of it open; and whether it may be shown.

    The page itself carries a signed mark. With it, what was typed is saved even when the session
    that owned the draft has ended; a draft of a signed-in resident is shown again after sign-in only.
    """
    owner = applicant.owner()
    try:
        return desk_of(drafts.find(db(), token, owner)), True
    except NotFound:
        if not _page_was_theirs(token):
            raise
    draft = drafts.by_token(db(), token)
    if draft.resident_id is not None and draft.resident_id != owner.resident_id:
        return desk_of(draft), False
    sessions.own("draft", token)
    return desk_of(draft), True


def desk_of(draft: Draft) -> Desk:
    definition = versions.load(db(), draft.version)
    ruby.uses(definition)
    return Desk(draft, definition, with_budget(definition, context(draft)), guards.lang())


def with_budget(definition: Definition, found: Context) -> Context:
    """The same circumstances, with what is left of the procedure's budget."""
    if definition.budget is None:
        return found
    return replace(found, budget_left=budget.left(db(), definition, found.today))


def context(draft: Draft | None = None) -> Context:
    """Today, now, the person (of a draft: for whom it is written), the city's calendar."""
    return applicant.context(calendar(), services().city, draft)


def calendar() -> BusinessCalendar:
    """The city hall's own calendar, local holidays included."""
    return city_hall(services().city.holidays)


def live_definition(slug: str) -> Definition:
    """The procedure as it is offered now. Raises NotFound."""
    definition = services().library.get(slug)
    if definition is None:
        raise NotFound(f"procedure {slug}")
    return definition


def page_mark(token: str) -> str:
    """The mark that a page of this draft carries: proof, later, that it was once shown to its owner."""
    return str(_marker().dumps(token))


def seen_of(desk: Desk, page_key: str) -> str:
    """Fingerprints of what the page shows, to be sent back with it."""
    page = desk.page(page_key)
    tops = [path for path in page.fields if "[" not in path]
    return json.dumps(fingerprints(desk.draft.answers, tops), separators=(",", ":"))


def seen_sent() -> Seen:
    """The fingerprints the browser sent back."""
    try:
        seen = json.loads(request.form.get("_seen", "{}"))
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in seen.items()} if isinstance(seen, Mapping) else {}


def department(desk: Desk) -> Any:
    """The department whose contact stands at the foot of the page."""
    return department_of(desk.definition, desk.outcome.department)


def department_of(definition: Definition, routed: str = "") -> Any:
    """The department in charge of a procedure, or the one the answers lead to; else the front desk."""
    city = services().city
    return city.departments.get(routed or definition.department) or city.front_desk


def _page_was_theirs(token: str) -> bool:
    try:
        return bool(_marker().loads(request.form.get(guards.PAGE_MARK, "")) == token)
    except BadSignature:
        return False


def _marker() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="page of a draft")
