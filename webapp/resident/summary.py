"""The answers as a list to read: for the check page, the case page and the correction page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from webapp.form_engine.outcome import Row, Section
from webapp.form_engine.present import present
from webapp.resident.desk import Desk
from webapp.web.field_views import provenance_text
from webapp.web.widgets import dom_id


@dataclass(frozen=True)
class ReadRow:
    """One answer with where it came from and where it can be changed."""

    label: str
    text: str
    path: str
    provenance: str | None = None
    change_url: str | None = None
    note: str | None = None
    changed: bool = False
    kind: str = ""
    """The type of its question; what people chose carries readings, what they typed does not."""


@dataclass(frozen=True)
class ReadSection:
    """The answers of one page or of one row of a group."""

    title: str
    rows: list[ReadRow] = field(default_factory=list)


def sections(opened: Desk, *, back: str) -> list[ReadSection]:
    """What the writer has answered, with links to change it that come ``back``."""

    def url(row: Row) -> str | None:
        state = opened.outcome.fields.get(row.path)
        if state is not None and state.readonly:
            return None
        page = opened.page_of(row.path)
        here = url_for("resident.apply.page", token=opened.draft.token, page_key=page, back=back)
        return f"{here}#{dom_id(row.path)}"

    found = present(opened.definition, opened.draft.answers, opened.lang, opened.outcome)
    return read_sections(found, opened.draft.provenance, url)


def read_sections(
    found: Iterable[Section],
    provenance: Mapping[str, Any],
    url: Callable[[Row], str | None] = lambda row: None,
) -> list[ReadSection]:
    """Sections as people read them; each row of a repeating group stands under a heading of its own."""
    result: list[ReadSection] = []
    for section in found:
        result.append(ReadSection(section.title))
        heading = None
        for row in section.rows:
            if row.heading != heading:
                heading = row.heading
                result.append(ReadSection(heading or section.title))
            result[-1].rows.append(read_row(row, provenance, url(row)))
    return [section for section in result if section.rows]


def read_row(row: Row, provenance: Mapping[str, Any], change_url: str | None = None) -> ReadRow:
    """One row of ``present`` for people."""
    said_by = provenance_text(provenance.get(row.path))
    return ReadRow(row.label, row.text, row.path, said_by, change_url, kind=row.kind)
