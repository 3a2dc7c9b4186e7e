"""The answers as a list to read: for the check page, the case page and the correction page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from webapp.form_engine.outcome import Row
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
    heading: str | None = None


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
    return [
        ReadSection(section.title, [read_row(row, opened.draft.provenance, url(row)) for row in section.rows])
        for section in found
    ]


def read_row(row: Row, provenance: Mapping[str, Any], change_url: str | None = None) -> ReadRow:
    """One row of ``present`` for people; rows of groups carry their heading in the label."""
    label = f"{row.heading} {row.label}" if row.heading else row.label
    return ReadRow(label, row.text, row.path, provenance_text(provenance.get(row.path)), change_url)
