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
HIDDEN_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")


def found(data: bytes, media_type: str) -> str | None:
    """Return ``picture_bomb``, ``zip_bomb``, ``acts`` (a PDF with a script or a launch), or None."""
    if media_type.startswith("image/"):
        return _picture(data)
    if media_type == "application/pdf":
        return "acts" if _acts(data) else None
    if "officedocument" in media_type or media_type == "application/zip":
        return _zip(data)
    return None


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
    return "zip_bomb" if is_bomb or (unpacked > 10_000_000 and unpacked / packed > MOST_RATIO) else None


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
