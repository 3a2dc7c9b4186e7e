"""The public API describes itself: every view below ``/api/`` carries its description, and the document is
made of what the routes really are (OpenAPI 3.1).

A described view checks its query through the same model the document shows, so neither can drift.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypeVar, cast

from flask import Flask, jsonify, request
from pydantic import BaseModel, PlainValidator, TypeAdapter, ValidationError, WithJsonSchema
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from webapp.errors import InvalidInput

PREFIX = "/api/"
PROBLEM = "application/problem+json"
SCHEMAS = "#/components/schemas/"
ARGUMENT = re.compile(r"<(?:[^:>]+:)?([^>]+)>")
View = TypeVar("View", bound=Callable[..., Any])
Asked = TypeVar("Asked", bound=BaseModel)
MEANINGS = {
    "400": "The request holds U+0000, which no text has.",
    "404": "There is no such thing.",
    "422": "A parameter cannot be read.",
    "503": "Closed for maintenance, or too busy; try again later.",
}

WRITTEN_DAY = r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


def _day(text: Any) -> date:
    if not isinstance(text, str) or not re.match(WRITTEN_DAY, text) or not text.isascii():
        raise ValueError("write YYYY-MM-DD")
    return date.fromisoformat(text)


QueryDay = Annotated[
    date,
    PlainValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": WRITTEN_DAY}),
]
"""A day of this century: what a calendar of rooms can be asked for."""


class NothingAsked(BaseModel):
    """A query without parameters."""


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    status: int
    title: str
    detail: str


@dataclass(frozen=True)
class Description:
    """What a view answers; ``answer`` is a type pydantic knows, or None where ``media_type`` is no JSON."""

    summary: str
    answer: Any
    query: type[BaseModel]
    media_type: str


def described(
    summary: str,
    answer: Any = None,
    *,
    query: type[BaseModel] = NothingAsked,
    media_type: str = "application/json",
) -> Callable[[View], View]:
    """Describe a view of the API; goes below the guard."""

    def mark(view: View) -> View:
        cast(Any, view).__api__ = Description(summary, answer, query, media_type)
        return view

    return mark


def asked(model: type[Asked]) -> Asked:
    """Return the query of this request; raises InvalidInput where one cannot be read or comes twice."""
    given = {name: values for name, values in request.args.lists() if name in _names(model)}
    twice = [name for name, values in given.items() if len(values) > 1]
    if twice:
        raise InvalidInput(f"{twice[0]} twice", field=twice[0], say=f"{twice[0]} は1つだけ送ってください。")
    try:
        return model.model_validate({name: values[0] for name, values in given.items()})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise InvalidInput(
            f"{name} cannot be read", field=name, say=f"{name} の値を読み取れません。"
        ) from None


def problem(status: int, title: str, detail: str) -> Response:
    """Return an error as machines read it."""
    answer = jsonify(Problem(status=status, title=title, detail=detail).model_dump())
    answer.status_code, answer.mimetype = status, PROBLEM
    return answer


def document(app: Flask, *, title: str, server: str) -> dict[str, Any]:
    """Return the document of every route below ``/api/``; raises LookupError for one without description."""
    schemas: dict[str, Any] = {"Problem": Problem.model_json_schema()}
    paths: dict[str, Any] = {}
    for rule in sorted(_rules(app), key=str):
        description = description_of(app, rule)
        if description is None:
            raise LookupError(f"{rule.rule} has no description")
        paths[path_of(rule)] = {"get": _operation(rule, description, schemas)}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def description_of(app: Flask, rule: Rule) -> Description | None:
    """Return what the view of a rule carries."""
    return getattr(app.view_functions[rule.endpoint], "__api__", None)


def _rules(app: Flask) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX))


def path_of(rule: Rule) -> str:
    """Return the address as OpenAPI writes it."""
    return ARGUMENT.sub(r"{\1}", rule.rule)


def _operation(rule: Rule, description: Description, schemas: dict[str, Any]) -> dict[str, Any]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in sorted(rule.arguments)
    ]
    in_query = list(_parameters(description.query))
    wrong = ["400", *(["404"] if in_path else []), *(["422"] if in_query else []), "503"]
    answers: dict[str, Any] = {"200": {"description": "OK", "content": _content(description, schemas)}}
    for status in wrong:
        told = {PROBLEM: {"schema": {"$ref": SCHEMAS + "Problem"}}}
        answers[status] = {"description": MEANINGS[status], "content": told}
    return {
        "operationId": rule.endpoint.rpartition(".")[2],
        "summary": description.summary,
        "parameters": [*in_path, *in_query],
        "responses": answers,
    }


def _content(description: Description, schemas: dict[str, Any]) -> dict[str, Any]:
    if description.answer is None:
        return {description.media_type: {"schema": {"type": "string"}}}
    shape = TypeAdapter(description.answer).json_schema(
        mode="serialization", ref_template=SCHEMAS + "{model}"
    )
    schemas.update(shape.pop("$defs", {}))
    return {description.media_type: {"schema": shape}}


def _parameters(query: type[BaseModel]) -> Iterator[dict[str, Any]]:
    for name, schema in query.model_json_schema().get("properties", {}).items():
        told = {key: value for key, value in schema.items() if key not in ("title", "description")}
        yield {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.get("description", ""),
            "schema": told,
        }


def _names(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}
