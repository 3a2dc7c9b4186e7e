"""Rows of repeating groups: each has an id that stays, whatever its position."""

from typing import Any

from webapp.errors import InvalidInput
from webapp.form_engine.fields import Group
from webapp.form_engine.model import Definition
from webapp.intake import places
from webapp.intake.models import Answers


def add_row(definition: Definition, answers: Answers, path: str) -> tuple[Answers, str]:
    """Answers with an empty row more at ``path``, and the row's id. Raises InvalidInput beyond the limit."""
    group = _group(definition, path)
    rows = places.get(answers, path) or []
    if len(rows) >= group.max_rows:
        raise InvalidInput("too many rows", field=path, say=f"{group.max_rows}件まで追加できます。")
    row_id = _fresh_id(rows)
    return places.put(answers, path, [*rows, _fresh_row(group, row_id)]), row_id


def remove_row(definition: Definition, answers: Answers, path: str) -> Answers:
    """Answers without the row ``children[r3]``; a row that is gone already is no error."""
    group_path, _, row_id = path.rstrip("]").rpartition("[")
    _group(definition, group_path)
    rows = places.get(answers, group_path) or []
    return places.put(answers, group_path, [row for row in rows if row.get("id") != row_id] or None)


def with_least_rows(definition: Definition, answers: Answers) -> Answers:
    """Answers in which every group has its fewest rows, so that there is something to fill."""
    for page in definition.pages:
        for question in page.fields:
            if isinstance(question, Group):
                for _ in range(question.min_rows - len(answers.get(question.key) or [])):
                    answers, _row = add_row(definition, answers, question.key)
    return answers


def _fresh_row(group: Group, row_id: str) -> dict[str, Any]:
    row: dict[str, Any] = {"id": row_id}
    for column in group.fields:
        if isinstance(column, Group) and column.min_rows:
            row[column.key] = [_fresh_row(column, f"r{n}") for n in range(1, column.min_rows + 1)]
    return row


def _group(definition: Definition, path: str) -> Group:
    question: Any = definition.fields.get(places.plain(path))
    if not isinstance(question, Group):
        raise InvalidInput(f"{path} is no repeating group")
    return question


def _fresh_id(rows: list[dict[str, Any]]) -> str:
    taken = [int(row["id"][1:]) for row in rows if row["id"][:1] == "r" and row["id"][1:].isdecimal()]
    return f"r{max(taken, default=0) + 1}"
