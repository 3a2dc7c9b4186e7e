"""Columns, format and file names under a name, for one officer or for the whole department."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.export_files import check_pattern
from webapp.casework.office_models import ExportTemplate
from webapp.errors import InvalidInput, NotFound
from webapp.identity.models import Staff

LONGEST_NAME = 80


def usable(session: Session, staff: Staff) -> list[ExportTemplate]:
    """Return what this officer may use: their own and their department's, by name."""
    query = select(ExportTemplate).where(_mine(staff))
    return list(session.scalars(query.order_by(ExportTemplate.name, ExportTemplate.id)))


def find(session: Session, number: int, staff: Staff) -> ExportTemplate:
    """Return one that this officer may use. Raises NotFound."""
    found = session.scalar(select(ExportTemplate).where(ExportTemplate.id == number, _mine(staff)))
    if found is None:
        raise NotFound("no such template", say="この書き出しの型は、もうありません。")
    return found


def keep(
    session: Session,
    staff: Staff,
    name: str,
    columns: Sequence[str],
    *,
    format: str,
    pattern: str,
    is_shared: bool,
) -> ExportTemplate:
    """Keep a template; the same name at the same place is replaced.

    Raises InvalidInput without a name or columns, for a name that is too long, or a wrong pattern.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(
            "name", field="template_name", say=f"型の名前を{LONGEST_NAME}文字以内で入力してください。"
        )
    if not columns and format not in ("json", "zip"):
        raise InvalidInput("columns", field="columns", say="書き出す項目を1つ以上選んでください。")
    check_pattern(pattern)
    place = _of_department(staff) if is_shared else _own(staff)
    kept = session.scalar(select(ExportTemplate).where(ExportTemplate.name == name, place))
    if kept is None:
        kept = ExportTemplate(
            name=name,
            department=staff.department if is_shared else None,
            staff_id=None if is_shared else staff.id,
        )
        session.add(kept)
    kept.columns, kept.format, kept.pattern = list(columns), format, pattern
    kept.updated_at = clock.now()
    session.flush()
    return kept


def drop(session: Session, number: int, staff: Staff) -> None:
    """Remove a template that this officer may use. Raises NotFound."""
    session.delete(find(session, number, staff))
    session.flush()


def _own(staff: Staff) -> ColumnElement[bool]:
    return ExportTemplate.staff_id == staff.id


def _of_department(staff: Staff) -> ColumnElement[bool]:
    return and_(ExportTemplate.staff_id.is_(None), ExportTemplate.department == staff.department)


def _mine(staff: Staff) -> ColumnElement[bool]:
    return or_(_own(staff), _of_department(staff))
