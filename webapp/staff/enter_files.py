"""Scans that staff put beside a paper application: looked at, scanned for viruses, stored."""

from __future__ import annotations

from flask import request

from webapp.errors import NotFound
from webapp.form_engine.fields import File
from webapp.form_engine.model import Definition
from webapp.intake import drafts, files, places
from webapp.intake.files import FileRefused
from webapp.intake.models import Draft
from webapp.ports.scanner import ScannerUnavailable
from webapp.ports.storage import StorageError
from webapp.web.services import services
from webapp.web.transaction import commit, db

_WHY = {
    "empty": "「{name}」は中身が空です。",
    "too_large": "「{name}」は大きすぎます。{limit}MBまでにしてください。",
    "too_many": "ファイルは{limit}個までです。",
    "virus": "「{name}」からウイルスが見つかったため、受け取れません。",
    "picture_bomb": "「{name}」は画像が大きすぎて開けません。",
    "zip_bomb": "「{name}」は中身が大きすぎるため受け取れません。",
    "acts": "「{name}」は自動で動く仕掛けを含むPDFのため受け取れません。",
    "wrong_type": "「{name}」はこの種類のファイルでは受け取れません。",
}


def take(draft: Draft, definition: Definition) -> dict[str, list[str]]:
    """Store every file that came with the form; what was refused is told by path."""
    errors: dict[str, list[str]] = {}
    for path, sent in request.files.items(multi=True):
        question = _question(definition, path)
        if question is None or not sent.filename:
            continue
        try:
            _store(draft, path, question, sent.filename, sent.stream.read())
        except FileRefused as refused:
            text = _WHY.get(refused.code, _WHY["wrong_type"])
            errors.setdefault(path, []).append(
                text.format(**{"name": sent.filename, "limit": "", **refused.params})
            )
        except StorageError:
            errors.setdefault(path, []).append("ファイルを保存できませんでした。もう一度選んでください。")
    return errors


def remove(draft: Draft, file_id: str) -> None:
    """Take a file out of the draft again."""
    files.remove(db(), draft, file_id)


def _question(definition: Definition, path: str) -> File | None:
    try:
        question = definition.fields.get(places.plain(path))
    except NotFound:
        return None
    return question if isinstance(question, File) else None


def _store(draft: Draft, path: str, question: File, name: str, data: bytes) -> None:
    given = places.get(drafts.locked(db(), draft).answers, path) or []
    upload = files.inspect(name, data, question, already=len(given))
    row = files.announce(db(), path, upload, draft=draft, case_id=None)
    commit()  # nothing is open while the scanner and the store are spoken to
    scanned = True
    try:
        clean = services().scanner.scan(upload.data).clean
    except ScannerUnavailable:
        clean, scanned = True, False
    if not clean:
        files.infected(row)
        raise FileRefused("virus", name=name)
    services().storage.put(row.storage_key, upload.data, upload.media_type)
    files.arrived(db(), row, draft, scanned=scanned)
