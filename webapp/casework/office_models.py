"""Tables beside the case: what applications draw on, and what the office keeps for its own work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, EncryptedJson, Instant, Json


class BenefitBudget(Base):
    """The row that applications for one budget lock one after the other; the sum stands on the cases."""

    __tablename__ = "benefit_budget"

    slug: Mapped[str] = mapped_column(String(64), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class CaseRegistration(Base):
    """利用登録: what an accepted application made its applicant, until it is ended."""

    __tablename__ = "case_registration"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id", ondelete="CASCADE"), index=True)
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"), index=True)
    key: Mapped[str] = mapped_column(String(64))
    label: Mapped[dict[str, Any]] = mapped_column(Json)
    began_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class ExportTemplate(Base):
    """Chosen columns and names of files under a name: of one officer, or of a whole department."""

    __tablename__ = "export_template"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    department: Mapped[str | None] = mapped_column(String(64), index=True)
    """Set where the whole department may use it; else only ``staff_id``."""
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    columns: Mapped[list[str]] = mapped_column(Json)
    format: Mapped[str] = mapped_column(String(16))
    pattern: Mapped[str] = mapped_column(String(200))
    updated_at: Mapped[datetime] = mapped_column(Instant)


class CaseBatch(Base):
    """The same work ordered for many cases; the worker does one after the other and writes down each."""

    __tablename__ = "case_batch"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    action: Mapped[str] = mapped_column(String(16))
    given: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    """What goes with the action: a message, a colleague, whether a letter is wanted."""
    references: Mapped[list[str]] = mapped_column(Json)
    results: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """One entry per case that was dealt with: ``{"reference", "done", "why"}``, in order."""
    ordered_at: Mapped[datetime] = mapped_column(Instant)
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant, index=True)

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None
