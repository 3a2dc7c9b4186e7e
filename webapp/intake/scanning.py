"""Files the scanner could not look at in time: held until it has, then let go or kept locked."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit
from webapp.errors import NotFound, Unavailable
from webapp.intake.models import StoredFile
from webapp.intake.upkeep import Transaction
from webapp.ports.scanner import ScannerPort, ScannerUnavailable
from webapp.ports.storage import MissingFile, StorageError, StoragePort

AT_ONCE = 100
"""Files of one run."""


def fit_to_open(row: StoredFile) -> StoredFile:
    """Return the row. Raises Unavailable while it is not scanned, NotFound when something was found."""
    if row.scan_state == "infected":
        raise NotFound("infected file", say="このファイルからウイルスが見つかったため、開けません。")
    if row.scan_state != "clean":
        say = "ウイルスの検査がまだ終わっていないため、開けません。検査は数分おきにやり直します。"
        raise Unavailable("not scanned", say=say)
    return row


def scan_waiting(transaction: Transaction, scanner: ScannerPort, storage: StoragePort) -> int:
    """Scan what waits, with no transaction open meanwhile; returns how many were judged.

    Stops at the first sign that scanner or store do not answer: the next run goes on.
    """
    with transaction() as session:
        found = [(row.id, row.storage_key) for row in _waiting(session)]
    for number, (file_id, key) in enumerate(found):
        try:
            is_clean = scanner.scan(storage.get(key)).clean
        except MissingFile:
            continue
        except (ScannerUnavailable, StorageError):
            return number
        with transaction() as session:
            _judge(session, file_id, is_clean)
    return len(found)


def _waiting(session: Session) -> list[StoredFile]:
    waits = select(StoredFile).where(StoredFile.scan_state == "unscanned", StoredFile.removed_at.is_(None))
    return list(session.scalars(waits.order_by(StoredFile.created_at).limit(AT_ONCE)))


def _judge(session: Session, file_id: str, is_clean: bool) -> None:
    row = session.get(StoredFile, file_id, with_for_update=True)
    if row is None or row.scan_state != "unscanned":
        return
    row.scan_state = "clean" if is_clean else "infected"
    if not is_clean:
        audit.record(
            session, audit.SYSTEM, "file.infected", object_kind="file", object_id=row.id, case_id=row.case_id
        )
