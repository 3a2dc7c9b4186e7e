"""Taking a file in: looked at, announced, scanned and stored with nothing open, then handed to the caller."""

from flask_babel import gettext as _

from webapp.form_engine.fields import File
from webapp.identity import throttle
from webapp.intake import files
from webapp.intake.files import FileRefused
from webapp.intake.models import Draft, StoredFile
from webapp.ports.scanner import ScannerUnavailable
from webapp.ports.storage import StorageError
from webapp.web.place import place
from webapp.web.services import services
from webapp.web.transaction import commit, db

__all__ = ["FileRefused", "StorageError", "keep", "refusal_text"]


def keep(
    path: str,
    question: File,
    name: str,
    data: bytes,
    *,
    already: int,
    draft: Draft | None = None,
    case_id: int | None = None,
    is_throttled: bool = True,
) -> tuple[StoredFile, bool]:
    """Store one upload; returns its row and whether it was scanned. Making it an answer is the caller's.

    ``is_throttled`` counts it against its sender's place; staff who enter paper are not counted.
    Raises FileRefused with what to do, StorageError when the store does not answer.
    """
    if is_throttled:
        throttle.count(db(), "upload.here", place())
    upload = files.inspect(name, data, question, already=already)
    row = files.announce(db(), path, upload, draft=draft, case_id=case_id)
    commit()  # nothing is open while the scanner and the store are spoken to
    try:
        is_clean, is_scanned = services().scanner.scan(upload.data).clean, True
    except ScannerUnavailable:
        is_clean, is_scanned = True, False
    if not is_clean:
        files.infected(row)
        raise FileRefused("virus", name=name)
    services().storage.put(row.storage_key, upload.data, upload.media_type)
    return row, is_scanned


def refusal_text(error: FileRefused | StorageError) -> str:
    """What to do about a file that was not taken."""
    if isinstance(error, StorageError):
        return str(_("ファイルを保存できませんでした。少し待ってから、もう一度選んでください。"))
    texts = {
        "empty": _("「%(name)s」は中身が空です。別のファイルを選んでください。"),
        "too_large": _("「%(name)s」は大きすぎます。%(limit)sMBまでのファイルにしてください。"),
        "too_many": _("ファイルは%(limit)s個までです。どれかを取り消してから追加してください。"),
        "virus": _("「%(name)s」からウイルスが見つかったため、受け取れません。"),
        "picture_bomb": _("「%(name)s」は画像が大きすぎて開けません。小さくしてから選んでください。"),
        "zip_bomb": _("「%(name)s」は中身が大きすぎるため受け取れません。別の形で保存してください。"),
        "acts": _("「%(name)s」は自動で動く仕掛けを含むため受け取れません。印刷してPDFにし直してください。"),
        "wrong_type": _("「%(name)s」はこの種類では受け取れません。写真かPDFなどにしてください。"),
    }
    return str(texts[error.code]) % {"name": "", "limit": "", **error.params}
