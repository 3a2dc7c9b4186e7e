"""Take the place (and everything else that tells where and by whom) out of a photo's metadata.

The picture itself is never re-encoded: pixels stay as they were taken, the orientation is kept.
"""

import struct

_GPS = 0x8825
_ORIENTATION = 0x0112
_JPEG_TELLING = frozenset({0xE1, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xEB, 0xEC, 0xED, 0xFE})
_PNG_TELLING = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})


def without_position(data: bytes, media_type: str) -> bytes:
    """The same picture without position. Other types come back as they are."""
    if media_type == "image/jpeg":
        return _jpeg(data)
    if media_type == "image/png":
        return _png(data)
    if media_type in ("image/heic", "image/webp", "image/tiff"):
        return _blank_in_place(data, media_type)
    return data


def _jpeg(data: bytes) -> bytes:
    kept, at, orientation = [data[:2]], 2, 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            break
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            orientation = orientation or _orientation(data[at + 10 : end])
        if marker not in _JPEG_TELLING and data[at + 4 : at + 8] != b"MPF\0":
            kept.append(data[at:end])
        at = end
    if orientation > 1:
        kept.insert(1, _exif_segment(orientation))
    return b"".join(kept) + _pixels(data[at:])


def _pixels(rest: bytes) -> bytes:
    """From the scan to the end mark; phones hide more pictures and data behind it."""
    end = rest.rfind(b"\xff\xd9")
    first = rest.find(b"\xff\xd9\xff\xd8")
    if first >= 0:
        return rest[: first + 2]
    return rest if end < 0 else rest[: end + 2]


def _exif_segment(orientation: int) -> bytes:
    ifd = struct.pack(">HHHIHHI", 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    body = b"Exif\0\0MM\0*" + struct.pack(">I", 8) + ifd
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


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


def _blank_in_place(data: bytes, media_type: str) -> bytes:
    changed = bytearray(data)
    for start in _tiff_starts(data, media_type):
        _blank_gps(changed, start)
    _blank_between(changed, b"<x:xmpmeta", b"</x:xmpmeta>")
    return bytes(changed)


def _tiff_starts(data: bytes, media_type: str) -> list[int]:
    if media_type == "image/tiff":
        return [0]
    starts, at = [], -1
    for mark in (b"II*\x00", b"MM\x00*"):
        while (at := data.find(mark, at + 1)) >= 0:
            starts.append(at)
    return starts


def _blank_between(data: bytearray, opening: bytes, closing: bytes) -> None:
    at = data.find(opening)
    while at >= 0:
        end = data.find(closing, at)
        if end < 0:
            return
        data[at : end + len(closing)] = b" " * (end + len(closing) - at)
        at = data.find(opening, at + 1)


def _entries(data: bytes | bytearray, start: int, offset: int, order: str) -> list[tuple[int, int]]:
    at = start + offset
    if at + 2 > len(data):
        return []
    (count,) = struct.unpack_from(order + "H", data, at)
    rows = [at + 2 + 12 * n for n in range(count)]
    return [(struct.unpack_from(order + "H", data, row)[0], row) for row in rows if row + 12 <= len(data)]


def _byte_order(data: bytes | bytearray, start: int) -> str:
    return "<" if data[start : start + 2] == b"II" else ">"


def _first_directory(data: bytes | bytearray, start: int) -> tuple[str, list[tuple[int, int]]]:
    order = _byte_order(data, start)
    if start + 8 > len(data):
        return order, []
    (offset,) = struct.unpack_from(order + "I", data, start + 4)
    return order, _entries(data, start, offset, order)


def _orientation(tiff: bytes) -> int:
    order, entries = _first_directory(tiff, 0)
    found = [struct.unpack_from(order + "H", tiff, row + 8)[0] for tag, row in entries if tag == _ORIENTATION]
    return int(found[0]) if found and 1 <= found[0] <= 8 else 0


def _blank_gps(data: bytearray, start: int) -> None:
    order, entries = _first_directory(data, start)
    for tag, row in entries:
        if tag != _GPS:
            continue
        (offset,) = struct.unpack_from(order + "I", data, row + 8)
        for _, inner in _entries(data, start, offset, order):
            _blank_entry(data, start, inner, order)


def _blank_entry(data: bytearray, start: int, row: int, order: str) -> None:
    kind, count = struct.unpack_from(order + "HI", data, row + 2)
    size = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}.get(kind, 1) * count
    if size > 4:
        (value,) = struct.unpack_from(order + "I", data, row + 8)
        begin = min(start + value, len(data))
        end = min(begin + size, len(data))
        data[begin:end] = bytes(end - begin)
    data[row + 8 : row + 12] = bytes(4)
