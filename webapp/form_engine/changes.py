"""What a correction changed, question by question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webapp.form_engine.fields import AnyField, Group
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Change
from webapp.form_engine.present import NOT_ANSWERED, label_of, text_of
from webapp.yaml_source import Lang


def changes(
    definition: Definition, before: Mapping[str, Any], after: Mapping[str, Any], lang: Lang
) -> list[Change]:
    """Return the answers that really differ, rows of groups compared by their id."""
    return [
        change
        for page in definition.pages
        for field in page.fields
        for change in _field(field, field.key, before.get(field.key), after.get(field.key), lang, "")
    ]


def _field(field: AnyField, path: str, old: Any, new: Any, lang: Lang, heading: str) -> Iterator[Change]:
    if old == new:
        return
    if not isinstance(field, Group):
        texts = [text_of(field, value, lang) or NOT_ANSWERED[lang] for value in (old, new)]
        yield Change(path, heading + label_of(field, lang), texts[0], texts[1])
        return
    old_rows, new_rows = _by_id(old), _by_id(new)
    ids = list(dict.fromkeys([*old_rows, *new_rows]))
    for number, row_id in enumerate(ids, start=1):
        mark = f"{heading}{field.row.in_(lang)} {number} › "
        old_row, new_row = old_rows.get(row_id, {}), new_rows.get(row_id, {})
        for column in field.fields:
            inner = f"{path}[{row_id}].{column.key}"
            yield from _field(column, inner, old_row.get(column.key), new_row.get(column.key), lang, mark)


def _by_id(rows: Any) -> dict[str, Mapping[str, Any]]:
    return {row["id"]: row for row in rows if "id" in row} if isinstance(rows, list) else {}
