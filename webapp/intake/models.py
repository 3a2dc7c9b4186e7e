"""Tables of everything people fill in. Personal answers sit in encrypted columns only."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp import clock
from webapp.db import Base, EncryptedJson, EncryptedText, Instant, Json

Answers = dict[str, Any]
Provenance = dict[str, dict[str, Any]]


class DefinitionVersion(Base):
    """A definition stored whole under its content hash; never changed, never deleted while used."""

    __tablename__ = "definition_version"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), index=True)
    body: Mapped[str] = mapped_column(Text)
    stored_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class Publication(Base):
    """Which version of a procedure is offered since when; the newest row of a slug is the live one."""

    __tablename__ = "definition_publication"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), index=True)
    version: Mapped[str] = mapped_column(ForeignKey("definition_version.hash"))
    previous: Mapped[str | None] = mapped_column(ForeignKey("definition_version.hash"))
    published_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    published_by: Mapped[str | None] = mapped_column(String(80))
    explanation: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    closes_old: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether drafts on earlier versions may no longer be sent as they are (a changed fee or law)."""
    effect: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class Draft(Base):
    """An application being written. Owned by a resident, or by whoever's server session lists its token."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_slug_open", "slug", "submitted_case_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    resident_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(ForeignKey("definition_version.hash"), index=True)
    seen_version: Mapped[str] = mapped_column(String(64))
    upgraded_from: Mapped[str | None] = mapped_column(String(64))
    declined_version: Mapped[str | None] = mapped_column(String(64))
    """The newer version its writer chose not to switch to; asked once, not on every page."""
    answers: Mapped[Answers] = mapped_column(EncryptedJson, default=dict)
    provenance: Mapped[Provenance] = mapped_column(EncryptedJson, default=dict)
    overwritten: Mapped[list[dict[str, Any]]] = mapped_column(EncryptedJson, default=list)
    page: Mapped[str | None] = mapped_column(String(80))
    reached: Mapped[list[str]] = mapped_column(Json, default=list)
    lang: Mapped[str] = mapped_column(String(8), default="ja")
    again_of_case_id: Mapped[int | None] = mapped_column(Integer)
    line_user_id: Mapped[str | None] = mapped_column(EncryptedText)
    """The talk this was begun from without signing in; news about it go there. It proves nothing."""
    mandate_id: Mapped[int | None] = mapped_column(Integer)
    """The mandate under which an agent writes; it must still be in force when they send."""
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("resident.id"))
    revision: Mapped[int] = mapped_column(Integer, default=0)
    kept_days: Mapped[int] = mapped_column(Integer, default=30)
    """Days it lives after its last change, from the definition's retention."""
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    submitted_case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))

    files: Mapped[list["StoredFile"]] = relationship(back_populates="draft", order_by="StoredFile.created_at")


class Submission(Base):
    """The guard of "exactly once": one row per draft, written first in the submitting transaction.

    The lookup password stays readable here for the writer's own receipt page until it is forgotten.
    """

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("draft_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    draft_id: Mapped[int] = mapped_column(Integer)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    lookup_password: Mapped[str | None] = mapped_column(EncryptedText)
    charge_id: Mapped[int | None] = mapped_column(Integer)
    digest: Mapped[str | None] = mapped_column(String(64))
    same_key: Mapped[str | None] = mapped_column(String(64), index=True)
    submitted_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)


class StoredFile(Base):
    """One uploaded file; its bytes live behind the storage port under storage_key."""

    __tablename__ = "stored_file"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    path: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(EncryptedText)
    size: Mapped[int] = mapped_column(Integer)
    sniffed_type: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    scan_state: Mapped[str] = mapped_column(String(16), default="storing")
    position_removed: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)

    draft: Mapped[Draft | None] = relationship(back_populates="files")

    def as_answer(self) -> dict[str, Any]:
        return {"file_id": self.id, "name": self.name, "size": self.size, "type": self.sniffed_type}


class AnswerSheet(Base):
    """The answers of a case as sent, one row per revision; revision 1 is the submission."""

    __tablename__ = "answer_sheet"
    __table_args__ = (UniqueConstraint("case_id", "revision"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    version: Mapped[str] = mapped_column(ForeignKey("definition_version.hash"))
    answers: Mapped[Answers] = mapped_column(EncryptedJson, default=dict)
    provenance: Mapped[Provenance] = mapped_column(EncryptedJson, default=dict)
    submitted_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class Correction(Base):
    """A request to mend marked fields of a case (補正). At most one is open per case."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    open_key: Mapped[int | None] = mapped_column(Integer, unique=True)
    opened_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    opened_by: Mapped[str] = mapped_column(String(80))
    deadline: Mapped[date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(EncryptedText)
    status: Mapped[str] = mapped_column(String(16), default="open")
    answers: Mapped[Answers] = mapped_column(EncryptedJson, default=dict)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    sheet_revision: Mapped[int | None] = mapped_column(Integer)

    items: Mapped[list["CorrectionItem"]] = relationship(
        back_populates="correction", order_by="CorrectionItem.id"
    )


class CorrectionItem(Base):
    """One marked field: why it was returned, what stood there, what stands there now."""

    __tablename__ = "correction_item"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    correction_id: Mapped[int] = mapped_column(ForeignKey("correction.id"), index=True)
    path: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(EncryptedText)
    before: Mapped[Any] = mapped_column(EncryptedJson, nullable=True)
    after: Mapped[Any] = mapped_column(EncryptedJson, nullable=True)

    correction: Mapped[Correction] = relationship(back_populates="items")
