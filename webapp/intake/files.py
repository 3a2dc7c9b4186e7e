"""Uploaded files: looked at, cleaned, stored through the storage port, and taken away again.

The bytes travel in three steps, because no transaction is open while the store is spoken to:
``announce`` writes the row, the caller puts the bytes, ``arrived`` makes the file an answer.
A crash in between leaves an announced row that ``forsaken`` finds.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import new_token
from webapp.errors import InvalidInput, NotFound
from webapp.form_engine.fields import File
from webapp.intake import drafts, hazards, places
from webapp.intake.models import Answers, Draft, StoredFile
from webapp.intake.photo import without_position
from webapp.intake.sniffing import EXTENSIONS, sniff

_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/tiff")
_OFFICE = tuple(name for name in EXTENSIONS if "officedocument" in name)
ALLOWED = {"pdf": ("application/pdf",), "image": _IMAGES, "office": _OFFICE, "text": ("text/plain",)}
MEGABYTE = 1024 * 1024
LONGEST_NAME = 120


class FileRefused(InvalidInput):
    """A file that cannot be taken. ``code``: empty, too_large, too_many, wrong_type, virus, or of hazards."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(f"file refused: {code}")
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Upload:
    """A file that was looked at: what it is, and its bytes without position."""

    name: str
    data: bytes
    media_type: str
    position_removed: bool


def inspect(name: str, data: bytes, field: File, *, already: int) -> Upload:
    """Look at an upload against the rules of its question. Raises FileRefused."""
    if not data:
        raise FileRefused("empty", name=name)
    if len(data) > field.max_mb * MEGABYTE:
        raise FileRefused("too_large", name=name, limit=field.max_mb)
    if already >= field.max_files:
        raise FileRefused("too_many", name=name, limit=field.max_files)
    media_type = sniff(data)
    if media_type not in media_types(field):
        raise FileRefused("wrong_type", name=name)
    if (hazard := hazards.found(data, media_type)) is not None:
        raise FileRefused(hazard, name=name)
    cleaned = without_position(data, media_type)
    return Upload(_safe_name(name, media_type), cleaned, media_type, cleaned != data)


def media_types(field: File) -> tuple[str, ...]:
    """Every media type the question takes."""
    return tuple(media_type for group in field.allow for media_type in ALLOWED[group])


def extensions(field: File) -> tuple[str, ...]:
    """File name endings for the ``accept`` attribute and for people to read."""
    return tuple(ending for media_type in media_types(field) for ending in EXTENSIONS[media_type])


def announce(
    session: Session, path: str, upload: Upload, *, draft: Draft | None, case_id: int | None
) -> StoredFile:
    """Write down that this file is on its way to the store; not an answer yet."""
    places.steps(path)
    file_id = new_token(18)
    row = StoredFile(
        id=file_id,
        draft_id=draft.id if draft else None,
        case_id=case_id,
        path=path,
        name=upload.name,
        size=len(upload.data),
        sniffed_type=upload.media_type,
        sha256=hashlib.sha256(upload.data).hexdigest(),
        storage_key=f"intake/{file_id[:2].lower().strip('-_') or 'x'}/{file_id}",
        position_removed=upload.position_removed,
    )
    session.add(row)
    session.flush()
    return row


def arrived(session: Session, row: StoredFile, draft: Draft, *, scanned: bool) -> None:
    """The bytes are in the store: the file becomes part of the draft's answer."""
    row.scan_state = "clean" if scanned else "unscanned"
    draft = drafts.locked(session, draft)
    given = [*(places.get(draft.answers, row.path) or []), row.as_answer()]
    drafts.touch(draft, answers=places.put(draft.answers, row.path, given))


def infected(row: StoredFile) -> None:
    """The scanner found something: the row stays as a record, the file is no answer."""
    row.scan_state = "infected"
    row.removed_at = clock.now()


def remove(session: Session, draft: Draft, file_id: str) -> StoredFile:
    """Take a file out of the draft. The bytes are deleted by the sweep. Raises NotFound."""
    row = find(session, file_id, draft_id=draft.id)
    draft = drafts.locked(session, draft)
    left = [given for given in places.get(draft.answers, row.path) or [] if given["file_id"] != file_id]
    drafts.touch(draft, answers=places.put(draft.answers, row.path, left or None))
    row.removed_at = clock.now()
    return row


def find(
    session: Session, file_id: str, *, draft_id: int | None = None, case_id: int | None = None
) -> StoredFile:
    """A file of this draft or of this case that is still there. Raises NotFound."""
    row = session.get(StoredFile, file_id)
    mine = row is not None and (
        (draft_id is not None and row.draft_id == draft_id)
        or (case_id is not None and row.case_id == case_id)
    )
    if row is None or not mine or row.removed_at is not None:
        raise NotFound(f"file {file_id[:12]}")
    return row


def hand_over(session: Session, answers: Answers, *, draft_id: int, case_id: int) -> list[StoredFile]:
    """Move the files named by these answers to the case; other files of the draft are given up."""
    named = set(file_ids(answers))
    rows = list(session.scalars(select(StoredFile).where(StoredFile.draft_id == draft_id)))
    for row in rows:
        if row.id in named:
            row.case_id = case_id
        elif row.removed_at is None:
            row.removed_at = clock.now()
    return [row for row in rows if row.id in named]


def file_ids(value: Any) -> Iterable[str]:
    """Every file id inside answers, rows of groups included."""
    if isinstance(value, dict):
        if "file_id" in value:
            yield value["file_id"]
        else:
            for inner in value.values():
                yield from file_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from file_ids(inner)


def of_case(session: Session, case_id: int) -> list[StoredFile]:
    """The files of a case, oldest first."""
    mine = select(StoredFile).where(StoredFile.case_id == case_id, StoredFile.removed_at.is_(None))
    return list(session.scalars(mine.order_by(StoredFile.created_at)))


def forsaken(
    session: Session, *, older_than: timedelta = timedelta(hours=1), limit: int = 200
) -> list[StoredFile]:
    """Rows whose bytes nobody needs: removed ones, and announced ones that never arrived."""
    stale = StoredFile.created_at < clock.now() - older_than
    gone = StoredFile.removed_at.is_not(None) | ((StoredFile.scan_state == "storing") & stale)
    return list(session.scalars(select(StoredFile).where(gone, StoredFile.storage_key != "").limit(limit)))


def forgotten(session: Session, row: StoredFile) -> None:
    """The store has deleted the bytes; only a file in which something was found stays on record."""
    if row.scan_state != "infected":
        session.delete(row)
        return
    row.removed_at = row.removed_at or clock.now()
    row.storage_key = ""


def bury(session: Session, storage_key: str) -> None:
    """Have the sweep delete bytes that no row owns any more."""
    tomb = StoredFile(
        id=new_token(18),
        path="-",
        name="",
        size=0,
        sniffed_type="-",
        sha256="-",
        storage_key=storage_key,
        scan_state="removed",
        removed_at=clock.now(),
    )
    session.add(tomb)


def _safe_name(name: str, media_type: str) -> str:
    """The name as sent, without folders and control characters, with an ending that fits what it is."""
    bare = PurePath(name.replace("\\", "/")).name
    bare = (
        "".join(mark for mark in bare if mark.isprintable() and mark not in '<>:"/|?*').strip(" .") or "file"
    )
    stem, dot, ending = bare.rpartition(".")
    fitting = EXTENSIONS[media_type]
    if dot and ending.lower() in fitting:
        return f"{stem[:LONGEST_NAME]}.{ending.lower()}"
    return f"{bare[:LONGEST_NAME]}.{fitting[0]}"
