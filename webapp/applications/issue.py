"""Issuing a document on a case: made or uploaded, stored outside any transaction, opened by the resident.

Three steps: ``prepare`` builds the bytes and the storage key, the view puts them through the storage
port with nothing open, ``issue`` writes the row, tells the resident and marks the timeline. A crash in
between leaves bytes under a random key that nothing points to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.audit import record as audit
from webapp.casework import steps, telling, timeline
from webapp.casework.models import Case, CaseDocument
from webapp.city import City
from webapp.db import new_token
from webapp.documents import letters
from webapp.documents.render import render
from webapp.errors import InvalidInput, NotFound
from webapp.intake.sniffing import sniff

KINDS = {
    "receipt": "受付票",
    "notice": "お知らせ",
    "decision": "決定通知",
    "correction": "補正のお願い",
    "letter": "文書",
}
LARGEST = 20 * 1024 * 1024
UPLOADS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
}


@dataclass(frozen=True)
class Prepared:
    """A document with its bytes, ready for the storage port."""

    kind: str
    title: str
    filename: str
    media_type: str
    data: bytes
    storage_key: str


def prepare_letter(
    city: City,
    case: Case,
    template: str,
    *,
    kind: str,
    title: str,
    fields: Mapping[str, Any],
    sample: bool,
) -> Prepared:
    """Fill a template of templates/documents. Raises Unprintable naming characters without a glyph."""
    if not title.strip():
        raise InvalidInput("no title", field="title", say="文書の題名を入力してください。")
    frame = letters.frame(
        city,
        title=title,
        number=case.reference,
        department=case.department,
        name=str(case.contact.get("name") or ""),
        sample=sample,
    )
    return _prepared(kind, title, f"{title}.pdf", "application/pdf", render(template, {**frame, **fields}))


def prepare_upload(title: str, name: str, data: bytes, *, kind: str = "letter") -> Prepared:
    """Take a file made elsewhere: PDF, JPEG or PNG up to 20 MB. Raises InvalidInput saying what to do."""
    if not title.strip():
        raise InvalidInput("no title", field="title", say="文書の題名を入力してください。")
    if not data:
        raise InvalidInput("no file", field="file", say="ファイルを選んでください。")
    if len(data) > LARGEST:
        raise InvalidInput("too large", field="file", say="20MBまでのファイルを選んでください。")
    media_type = sniff(data)
    if media_type not in UPLOADS:
        raise InvalidInput(
            "wrong type", field="file", say="PDF、JPEG、PNGのどれかのファイルを選んでください。"
        )
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or title
    return _prepared(kind, title, f"{stem[:120]}.{UPLOADS[media_type]}", media_type, data)


def issue(
    session: Session,
    case: Case,
    prepared: Prepared,
    actor: Actor,
    *,
    expires_on: date | None = None,
    tell: bool = True,
) -> CaseDocument:
    """Put a stored document on the case and tell the resident; the bytes lie in the store already."""
    document = CaseDocument(
        token=new_token(),
        case_id=case.id,
        kind=prepared.kind,
        title=prepared.title[:200],
        filename=prepared.filename[:200],
        media_type=prepared.media_type,
        size=len(prepared.data),
        sha256=hashlib.sha256(prepared.data).hexdigest(),
        storage_key=prepared.storage_key,
        issued_at=clock.now(),
        issued_by=actor.id,
        expires_on=expires_on,
    )
    session.add(document)
    session.flush()
    timeline.record(
        session,
        case,
        "document_issued",
        actor,
        public=True,
        data={"document": document.id, "title": document.title},
    )
    steps.settle_news(case)
    if tell:
        telling.tell_resident(
            session,
            case,
            "document_ready",
            dedupe_key=f"case:{case.id}:document:{document.id}",
            data={"document": KINDS.get(document.kind, "文書")},
        )
    return document


def open_document(session: Session, case: Case, token: str) -> CaseDocument:
    """Return a document of this case that may still be opened. Raises NotFound."""
    document = session.scalar(
        select(CaseDocument).where(CaseDocument.case_id == case.id, CaseDocument.token == token)
    )
    if document is None:
        raise NotFound("no such document")
    if document.expires_on is not None and document.expires_on < clock.today():
        raise NotFound("expired", say="この書類を開ける期間は終わりました。担当課にお問い合わせください。")
    return document


def opened(session: Session, document_id: int, actor: Actor) -> None:
    """Note that the resident opened a document; the first time stands on the timeline."""
    document = session.get(CaseDocument, document_id)
    if document is None:
        return
    if document.opened_at is None and actor.kind != "staff":
        document.opened_at = clock.now()
        case = session.get(Case, document.case_id)
        assert case is not None
        timeline.record(session, case, "document_opened", actor, data={"document": document.id})
        return
    audit(
        session,
        actor,
        "document.open",
        object_kind="document",
        object_id=document.id,
        case_id=document.case_id,
    )


def _prepared(kind: str, title: str, filename: str, media_type: str, data: bytes) -> Prepared:
    clean = "".join(mark for mark in filename if mark.isprintable() and mark not in '<>:"/|?*\\')
    return Prepared(kind, title, clean, media_type, data, f"documents/{new_token(18)}")
