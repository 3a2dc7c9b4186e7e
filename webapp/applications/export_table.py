"""Cases as a table: chosen columns about the case, and the answers as their definition calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.review import Examined, examine
from webapp.calendar.business import BusinessCalendar
from webapp.casework.models import Case
from webapp.casework.states import life, state_of
from webapp.identity.models import Staff
from webapp.identity.protection import is_protected


@dataclass(frozen=True)
class Column:
    """One column: ``key`` is stable, ``label`` is for people."""

    key: str
    label: str


@dataclass
class Table:
    """Columns and rows; every cell is text, as people read it."""

    columns: list[Column]
    rows: list[list[str]] = field(default_factory=list)
    references: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Read:
    """A case with its answers, read once for every format."""

    case: Case
    seen: Examined | None
    assignee: str
    is_withheld: bool = False
    """The person is under 支援措置: a file that travels says nothing of where they are."""


WITHHELD = "支援措置のため書き出しません"

_CASE: dict[str, tuple[str, Callable[[Read], str]]] = {
    "reference": ("受付番号", lambda read: read.case.reference),
    "kind": ("種類", lambda read: life(read.case.kind).label.ja),
    "title": ("手続き", lambda read: str(read.case.title.get("ja") or "")),
    "status": ("状態", lambda read: state_of(read.case.kind, read.case.status).staff),
    "arrived": ("受付日時", lambda read: _moment(read.case.arrived_at)),
    "due": ("処理の期限", lambda read: read.case.due_on.isoformat() if read.case.due_on else ""),
    "closed": ("終了日時", lambda read: _moment(read.case.closed_at)),
    "channel": ("受付方法", lambda read: read.case.channel),
    "department": ("担当課", lambda read: read.case.department),
    "assignee": ("担当者", lambda read: read.assignee),
    "name": ("氏名", lambda read: str(read.case.contact.get("name") or "")),
    "kana": ("フリガナ", lambda read: _contact(read, "kana")),
    "tel": ("電話番号", lambda read: _contact(read, "tel")),
    "email": ("メールアドレス", lambda read: _contact(read, "email")),
}
USUAL = ("reference", "title", "status", "arrived", "name", "tel")


def read(session: Session, cases: Iterable[Case], calendar: BusinessCalendar) -> list[Read]:
    """Read the answers of cases, each with the definition it was sent with."""
    names: dict[int, str] = {}
    found = []
    for case in cases:
        if case.assignee_id and case.assignee_id not in names:
            staff = session.get(Staff, case.assignee_id)
            names[case.assignee_id] = staff.name if staff else ""
        is_withheld = is_protected(session, case.resident_id)
        seen = None if is_withheld else examine(session, case, calendar=calendar)
        found.append(Read(case, seen, names.get(case.assignee_id or 0, ""), is_withheld))
    return found


def case_columns() -> list[Column]:
    """Return the columns about the case itself."""
    return [Column(key, label) for key, (label, _) in _CASE.items()]


def answer_columns(found: Sequence[Read]) -> list[Column]:
    """Return a column for every answer that occurs, rows of groups numbered (``家族 2 / 氏名``)."""
    columns: dict[str, Column] = {}
    several = len({one.case.slug for one in found}) > 1
    for one in found:
        for key, row in _answers(one):
            if key not in columns:
                label = f"{row.heading} / {row.label}" if row.heading else row.label
                title = f"{one.case.title.get('ja')}: {label}" if several else label
                columns[key] = Column(key, title)
    return list(columns.values())


def table(found: Sequence[Read], chosen: Sequence[str]) -> Table:
    """Return the chosen columns of every case, in the order of the list of columns."""
    wanted = set(chosen)
    columns = [one for one in [*case_columns(), *answer_columns(found)] if one.key in wanted]
    made = Table(columns)
    for one in found:
        answers = {key: row.text if row.value not in (None, "", []) else "" for key, row in _answers(one)}
        cells = {key: make(one) for key, (_, make) in _CASE.items() if key in wanted}
        none = WITHHELD if one.is_withheld else ""
        made.rows.append([cells.get(column.key, answers.get(column.key, none)) for column in columns])
        made.references.append(one.case.reference)
    return made


def as_json(found: Sequence[Read]) -> list[dict[str, Any]]:
    """Return every case with its answers in their stored shapes, nothing reduced."""
    return [
        {
            **{key: make(one) for key, (_, make) in _CASE.items()},
            "slug": one.case.slug,
            "definition_version": one.seen.sheet.version if one.seen else None,
            "revision": one.seen.sheet.revision if one.seen else None,
            "answers": dict(one.seen.outcome.answers) if one.seen else {},
            "withheld": one.is_withheld,
        }
        for one in found
    ]


def _contact(read: Read, part: str) -> str:
    return WITHHELD if read.is_withheld else str(read.case.contact.get(part) or "")


def _answers(one: Read) -> list[tuple[str, Any]]:
    """Pair every shown answer with a key that is the same in all cases: row ids become numbers."""
    if one.seen is None:
        return []
    order: dict[str, dict[str, int]] = {}
    pairs = []
    for row in one.seen.rows:
        pairs.append((f"{one.case.slug}:{_numbered(row.path, order)}", row))
    return pairs


def _numbered(path: str, order: dict[str, dict[str, int]]) -> str:
    parts, way = [], ""
    for piece in path.split("."):
        key, bracket, rest = piece.partition("[")
        way = f"{way}.{key}"
        if bracket:
            row_id = rest.rstrip("]")
            known = order.setdefault(way, {})
            number = known.setdefault(row_id, len(known) + 1)
            parts.append(f"{key}[{number}]")
            way = f"{way}[{row_id}]"
        else:
            parts.append(key)
    return ".".join(parts)


def _moment(at: Any) -> str:
    return clock.tokyo(at).strftime("%Y-%m-%d %H:%M") if at else ""
