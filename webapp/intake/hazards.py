"""Files that are what they say and still do harm: picture bombs, zip bombs, PDFs that act by themselves."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 60_000_000
MOST_UNPACKED = 300 * 1024 * 1024
MOST_ENTRIES = 3000
MOST_RATIO = 200
MOST_STREAM = 2 * 1024 * 1024
ACTIONS = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA|SubmitForm|ImportData)\b")
STREAM = re.compile(rb"stream\r?\n")
PROGRAMS = re.compile(
    r"vbaProject|/activeX/|/embeddings/.*\.bin$|\.(?:exe|js|vbs|hta|lnk|bat|cmd|ps1)$", re.I
)
RELATION = re.compile(rb"<Relationship\b[^>]{1,4000}>")
FETCHED = re.compile(rb"/(?:attachedTemplate|oleObject|frame|subDocument)[\"\']")
HIDDEN_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")


def found(data: bytes, media_type: str) -> str | None:
    """Return ``picture_bomb``, ``zip_bomb``, ``acts`` (runs or fetches something), ``wrong_type``, or None.

    ``wrong_type``: it is a picture or a PDF and an archive at the same time.
    """
    if "officedocument" in media_type or media_type == "application/zip":
        return _zip(data)
    if media_type.startswith("image/") and (bomb := _picture(data)) is not None:
        return bomb
    if media_type == "application/pdf" and _acts(data):
        return "acts"
    return "wrong_type" if media_type != "text/plain" and _is_archive_too(data) else None


def _picture(data: bytes) -> str | None:
    """Judge by the header; nothing is unpacked."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
            frames = int(getattr(picture, "n_frames", 1))
    except Image.DecompressionBombError:
        return "picture_bomb"
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None  # HEIC and the like, which this library does not read; nothing here unpacks them either
    return "picture_bomb" if width * height * frames > MOST_PIXELS else None


def _zip(data: bytes) -> str | None:
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        return "zip_bomb"
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    is_bomb = len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED
    if is_bomb or (unpacked > 10_000_000 and unpacked / packed > MOST_RATIO):
        return "zip_bomb"
    return "acts" if _office_acts(data, entries) else None


def _office_acts(data: bytes, entries: list[zipfile.ZipInfo]) -> bool:
    """Tell whether an office file carries a program, or fetches its template from elsewhere when opened."""
    if any(PROGRAMS.search(entry.filename) for entry in entries):
        return True
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in entries:
            if entry.filename.endswith(".rels"):
                with archive.open(entry) as file:
                    if any(_fetches(relation) for relation in RELATION.findall(file.read(MOST_STREAM))):
                        return True
    return False


def _fetches(relation: bytes) -> bool:
    return b"External" in relation and FETCHED.search(relation) is not None


def _is_archive_too(data: bytes) -> bool:
    try:
        return bool(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False


def _acts(data: bytes) -> bool:
    """Tell whether an action stands in the PDF: plainly, with #xx, or in a packed object stream."""
    return any(ACTIONS.search(_unhidden(part)) for part in (data, *_object_streams(data)))


def _object_streams(data: bytes) -> Iterator[bytes]:
    """Yield the unpacked beginnings of object streams, where newer PDFs keep their names."""
    for match in STREAM.finditer(data):
        head = data[max(0, match.start() - 400) : match.start()]
        if b"/ObjStm" not in head:
            continue
        try:
            yield zlib.decompressobj().decompress(data[match.end() :], MOST_STREAM)
        except zlib.error:
            continue


def _unhidden(data: bytes) -> bytes:
    return HIDDEN_NAME.sub(lambda found: bytes([int(found[1], 16)]), data)
