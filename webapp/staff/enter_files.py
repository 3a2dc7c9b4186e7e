"""Scans that staff put beside a paper application."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import request
from werkzeug.datastructures import FileStorage

from webapp.errors import NotFound
from webapp.form_engine.fields import File
from webapp.form_engine.model import Definition
from webapp.intake import drafts, files, places
from webapp.intake.models import Draft
from webapp.web import uploads
from webapp.web.transaction import db

Errors = dict[str, list[str]]
Keep = Callable[[str, File, str, bytes], None]


def take(draft: Draft, definition: Definition) -> Errors:
    """Store every file that came with the form; what was refused is told by path."""

    def keep(path: str, question: File, name: str, data: bytes) -> None:
        given = places.get(drafts.locked(db(), draft).answers, path) or []
        row, is_scanned = uploads.keep(
            path, question, name, data, already=len(given), draft=draft, is_throttled=False
        )
        files.arrived(db(), row, draft, scanned=is_scanned)

    return each(definition, keep)


def each(definition: Definition, keep: Keep) -> Errors:
    """Give every file of the request that answers a question to ``keep``; returns what was refused."""
    errors: Errors = {}
    for path, question, sent in _sent(definition):
        try:
            keep(path, question, sent.filename or "", sent.stream.read())
        except (uploads.FileRefused, uploads.StorageError) as refused:
            errors.setdefault(path, []).append(uploads.refusal_text(refused))
    return errors


def remove(draft: Draft, file_id: str) -> None:
    """Take a file out of the draft again."""
    files.remove(db(), draft, file_id)


def _sent(definition: Definition) -> Iterator[tuple[str, File, FileStorage]]:
    for path, sent in request.files.items(multi=True):
        question = _question(definition, path)
        if question is not None and sent.filename:
            yield path, question, sent


def _question(definition: Definition, path: str) -> File | None:
    try:
        question = definition.fields.get(places.plain(path))
    except NotFound:
        return None
    return question if isinstance(question, File) else None
