"""A page of a procedure as a Flask-WTF form class, built once from its definition.

The class carries the conventions of the ecosystem: CSRF token, file fields, errors per field. What the
fields mean and whether they are right is the engine's business, how they look is that of the macros
in templates/components/fields.html; WTForms' own widgets and validators are not used.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, ClassVar

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field

from webapp.form_engine import messages
from webapp.form_engine.fields import AnyField
from webapp.form_engine.model import Definition, Page
from webapp.form_engine.outcome import Context, Problem
from webapp.form_engine.problems import problems
from webapp.web.field_views import Drawing, page_views
from webapp.web.widgets import FieldView
from webapp.yaml_source import Lang

Errors = dict[str, list[str]]


class QuestionField(Field):
    """One question of a page. It holds the answer as stored or typed; it neither parses nor draws."""

    def __init__(self, question: AnyField, **given: Any) -> None:
        super().__init__(label=question.label.ja, **given)
        self.question = question

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.data = data
        self.errors: list[str] = []


class PageForm(FlaskForm):
    """Base of all page forms."""

    definition: ClassVar[Definition]
    page: ClassVar[Page]

    def __init__(self, answers: Mapping[str, Any], context: Context, lang: Lang) -> None:
        super().__init__(formdata=None, data=answers)
        self.answers = answers
        self.context = context
        self.lang = lang
        self.problems: list[Problem] = []
        self.messages: Errors = {}
        self.wrong_parts: dict[str, frozenset[str]] = {}

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask the engine; every problem becomes an error of its field."""
        self.note(problems(self.definition, self.answers, self.context, page_key=self.page.key))
        return not self.problems

    def note(self, found: Iterable[Problem]) -> None:
        """Take problems as errors of the fields they belong to."""
        for problem in found:
            self.problems.append(problem)
            self.wrong_parts[problem.path] = frozenset(problem.params.get("parts", ()))
            self.messages.setdefault(problem.path, []).append(
                messages.text(problem, self.definition, self.lang)
            )
        for field in self:
            if isinstance(field, QuestionField):
                field.errors = self.messages.get(field.name, [])

    def views(self, drawing: Drawing) -> list[FieldView]:
        """The visible questions as the macros draw them."""
        drawing.errors = {**self.messages, **drawing.errors}
        drawing.wrong_parts = self.wrong_parts
        return page_views(self.page.key, drawing)


def page_form(definition: Definition, page: Page) -> type[PageForm]:
    """The form class of one page; built once per version."""
    return _built(definition.version, page.key, _Held(definition, page))


def typed_form() -> dict[str, list[str]]:
    """What the browser sent, every name with all its values, as the engine reads it."""
    typed = {name: values for name, values in request.form.lists() if not name.startswith("_")}
    for name in [name for name in typed if name.endswith(".era")]:
        era, year = typed.pop(name)[0], f"{name.removesuffix('.era')}.year"
        if era and typed.get(year, [""])[0].strip().isdecimal():
            typed[year] = [f"{era}{typed[year][0].strip()}"]
    return typed


class _Held:
    """Carries a definition past the cache: two of the same version are the same."""

    def __init__(self, definition: Definition, page: Page) -> None:
        self.definition, self.page = definition, page

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=2048)
def _built(version: str, page_key: str, held: _Held) -> type[PageForm]:
    fields = {question.key: QuestionField(question) for question in held.page.fields}
    name = f"PageForm_{held.definition.slug.replace('-', '_')}_{page_key}"
    return type(name, (PageForm,), {"definition": held.definition, "page": held.page, **fields})
