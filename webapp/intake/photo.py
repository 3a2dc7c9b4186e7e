"""Take the place (and everything else that tells where and by whom) out of a photo's metadata.

The picture itself is never re-encoded: pixels stay as they were taken, the orientation is kept.
"""

import re
import struct

from webapp.intake.photo_tiff import blanked, orientation_of

_JPEG_TELLING = frozenset({0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE})
_SCAN, _END = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker inside of coded pixels: neither a stuffed byte nor a restart."""
_PNG_TELLING = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_WEBP_PICTURE = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_HAS_EXIF, _WEBP_HAS_XMP = 0x08, 0x04


def without_position(data: bytes, media_type: str) -> bytes:
    """The same picture without position. Other types come back as they are."""
    if media_type == "image/jpeg":
        return _jpeg(data)
    if media_type == "image/png":
        return _png(data)
    if media_type == "image/webp":
        return _webp(data)
    if media_type in ("image/heic", "image/tiff"):
        return blanked(data, media_type)
    return data


def _jpeg(data: bytes) -> bytes:
    """Segment by segment to the end mark, between the scans as well; phones hide more pictures behind it."""
    kept, at, orientation = bytearray(), 2, 0
    while (found := _MARKER.search(data, at)) is not None:
        start, marker = found.start(), data[found.start() + 1]
        if marker == _END:
            kept += data[start : start + 2]
            break
        end = start + 2 + max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
        if marker == 0xE1 and data[start + 4 : start + 10] == b"Exif\0\0":
            orientation = orientation or orientation_of(data[start + 10 : end])
        if marker == _SCAN:
            end = _end_of_scan(data, end)
        if marker not in _JPEG_TELLING and data[start + 4 : start + 8] != b"MPF\0":
            kept += data[start:end]
        at = end
    return data[:2] + (_exif_segment(orientation) if orientation > 1 else b"") + kept


def _end_of_scan(data: bytes, at: int) -> int:
    following = _MARKER.search(data, at)
    return following.start() if following else len(data)


def _exif_segment(orientation: int) -> bytes:
    body = b"Exif\0\0" + _exif(orientation)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _exif(orientation: int) -> bytes:
    """A directory that holds the orientation alone."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def _png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind not in _PNG_TELLING:
            kept.append(data[at:end])
        at = end
        if kind == b"IEND":
            break
    return b"".join(kept)


def _webp(data: bytes) -> bytes:
    """The chunks that make the picture, and the orientation if there was one."""
    kept, at, orientation = [], 12, 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        kind, end = data[at : at + 4], at + 8 + size + size % 2
        if kind == b"EXIF":
            orientation = orientation_of(data[at + 8 : end].removeprefix(b"Exif\0\0"))
        if kind in _WEBP_PICTURE:
            kept.append(data[at:end])
        at = end
    if orientation > 1:
        body = _exif(orientation)
        kept.append(b"EXIF" + struct.pack("<I", len(body)) + body)
    chunks = b"".join(_flagged(chunk, has_exif=orientation > 1) for chunk in kept)
    return data[:4] + struct.pack("<I", len(chunks) + 4) + data[8:12] + chunks


def _flagged(chunk: bytes, *, has_exif: bool) -> bytes:
    """The chunk that says what the file holds, told what is left."""
    if chunk[:4] != b"VP8X" or len(chunk) < 9:
        return chunk
    flags = chunk[8] & ~(_WEBP_HAS_EXIF | _WEBP_HAS_XMP) | (_WEBP_HAS_EXIF if has_exif else 0)
    return chunk[:8] + bytes([flags]) + chunk[9:]
