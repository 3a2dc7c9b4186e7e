"""Message templates: versioned data with typed placeholders.

A placeholder is public or private. LINE bodies may hold public ones only; a template that breaks this
does not load (rule: national guideline for municipalities' use of LINE, 2021-04-30).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from webapp.errors import InvalidInput
from webapp.yaml_source import LANGS, Complaint, Source, SourceErrors, Text, read, validate

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "templates" / "messages"
MARK: Final = re.compile(r"\{([?/]?)([a-z][a-z0-9_]*)\}")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Placeholder(_Data):
    """One thing a template may name."""

    type: Literal["text", "date", "datetime", "yen", "list"]
    privacy: Literal["public", "private"] = "private"
    max: Annotated[int, Field(ge=1, le=4000)] = 200


class Placeholders(_Data):
    """The dictionary all templates share."""

    placeholders: dict[str, Placeholder]


class MailPart(_Data):
    subject: Text
    body: Text
    button: Text


class LinePart(_Data):
    """Fixed public words; the link is added as a button."""

    text: Text
    button: Text


class Template(_Data):
    """One event in all languages and on all channels."""

    id: str
    version: Annotated[int, Field(ge=1)]
    lane: Literal["emergency", "transactional", "reminder", "bulk"]
    keep_hours: Annotated[int, Field(ge=1, le=240)]
    must_reach: bool = False
    needs: list[str] = []
    mail: MailPart
    line: LinePart
    why: Text
    samples: Annotated[list[dict[str, Any]], Field(min_length=1)]

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"


class Frame(_Data):
    """What stands around every mail."""

    version: int
    greeting: Text
    greeting_nameless: Text
    reference: Text
    link: Text
    contact: Text
    why: Text
    automatic: Text
    line_why: Text


class Library:
    """All templates by event, the shared placeholders and the mail frame."""

    def __init__(
        self, templates: Mapping[str, Template], placeholders: Mapping[str, Placeholder], frame: Frame
    ) -> None:
        self.templates = dict(templates)
        self.placeholders = dict(placeholders)
        self.frame = frame

    def template(self, event: str) -> Template:
        """Raises InvalidInput for an event that has no template."""
        try:
            return self.templates[event]
        except KeyError:
            raise InvalidInput(f"no message template for event {event!r}") from None

    def check(self, event: str, data: Mapping[str, Any]) -> None:
        """Refuse unknown and missing placeholders before anything is written. Raises InvalidInput."""
        template = self.template(event)
        if unknown := sorted(set(data) - set(self.placeholders)):
            raise InvalidInput(f"message {event}: unknown placeholders {unknown}; see templates/messages")
        if missing := [key for key in template.needs if data.get(key) in (None, "", [])]:
            raise InvalidInput(f"message {event}: missing {missing}")


@lru_cache(maxsize=4)
def load(folder: Path = FOLDER) -> Library:
    """Read every template. Raises SourceErrors with all complaints at once."""
    placeholders = validate(read(folder / "_placeholders.yaml"), Placeholders).placeholders
    frame = validate(read(folder / "_frame.yaml"), Frame)
    templates: dict[str, Template] = {}
    complaints: list[Complaint] = []
    for path in sorted(folder.glob("[a-z]*.yaml")):
        try:
            source = read(path, name=f"templates/messages/{path.name}")
            template = validate(source, Template)
        except SourceErrors as error:
            complaints += error.complaints
            continue
        complaints += _check(source, template, placeholders, path.stem)
        templates[template.id] = template
    if complaints:
        raise SourceErrors(complaints)
    return Library(templates, placeholders, frame)


def names_in(text: str) -> set[str]:
    """Return the placeholders a text uses, conditions included."""
    return {match.group(2) for match in MARK.finditer(text)}


def _check(
    source: Source, template: Template, known: Mapping[str, Placeholder], stem: str
) -> Iterator[Complaint]:
    if template.id != stem:
        yield source.complain(("id",), f"id is {template.id}", f"write {stem}, like the file")
    for path, text in _texts(template):
        for lang in text.missing():
            yield source.complain(path, f"{lang} is missing", "write it in all three languages")
        used = set().union(*(names_in(text.in_(lang)) for lang in LANGS))
        for name in sorted(used - set(known)):
            yield source.complain(path, f"unknown placeholder {name}", "declare it in _placeholders.yaml")
        if path[0] == "line":
            for name in sorted(used & set(known)):
                if known[name].privacy == "private":
                    yield source.complain(
                        path, f"private placeholder {name} in a LINE text", "use fixed public words"
                    )
    for index, sample in enumerate(template.samples):
        for name in sorted((set(template.needs) - set(sample)) | (set(sample) - set(known))):
            yield source.complain(
                ("samples", index), f"sample and placeholder {name} do not fit", "mend the sample"
            )


def _texts(template: Template) -> Iterator[tuple[tuple[str, ...], Text]]:
    yield ("mail", "subject"), template.mail.subject
    yield ("mail", "body"), template.mail.body
    yield ("mail", "button"), template.mail.button
    yield ("line", "text"), template.line.text
    yield ("line", "button"), template.line.button
    yield ("why",), template.why
