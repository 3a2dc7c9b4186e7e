"""Directories as TIFF, HEIC and Exif write them: blank what tells where and by whom, in place.

Nothing moves: other parts of such a file are found by their distance from its beginning.
"""

import struct
from collections.abc import Iterator

_GPS, _EXIF, _ORIENTATION = 0x8825, 0x8769, 0x0112
_TELLING = frozenset(
    {
        *(0x010E, 0x013B, 0x013C, 0x02BC, 0x83BB, 0x8298, 0x8649),
        # description, artist, host computer, XMP, IPTC, copyright, Photoshop
        *range(0x9C9B, 0x9CA0),  # title, comment, author, keywords and subject as Windows writes them
        *(0x927C, 0x9286, 0xA420, 0xA430, 0xA431, 0xA435),
        # maker's note, user's comment, picture's id, owner, serial numbers of camera and lens
    }
)
_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of a value by its kind; of the others one."""
_MOST_DIRECTORIES = 64
_XMP = ((b"<x:xmpmeta", b"</x:xmpmeta>"), (b"<rdf:RDF", b"</rdf:RDF>"))


def blanked(data: bytes, media_type: str) -> bytes:
    """The same file of the same length, its telling values overwritten."""
    changed = bytearray(data)
    for start in [0] if media_type == "image/tiff" else _starts(data):
        for directory in _directories(changed, start):
            _blank_directory(changed, start, directory)
    for opening, closing in _XMP:
        _blank_between(changed, opening, closing)
    return bytes(changed)


def orientation_of(tiff: bytes) -> int:
    """How the camera was turned, 1 to 8; 0 where it is not said."""
    order = _order(tiff, 0)
    rows = _rows(tiff, 0, _first(tiff, 0), order)
    found = [struct.unpack_from(order + "H", tiff, row + 8)[0] for tag, row in rows if tag == _ORIENTATION]
    return int(found[0]) if found and 1 <= found[0] <= 8 else 0


def _starts(data: bytes) -> list[int]:
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


def _order(data: bytes | bytearray, start: int) -> str:
    return "<" if data[start : start + 2] == b"II" else ">"


def _number(data: bytes | bytearray, at: int, order: str) -> int:
    return int(struct.unpack_from(order + "I", data, at)[0]) if at + 4 <= len(data) else 0


def _first(data: bytes | bytearray, start: int) -> int:
    return _number(data, start + 4, _order(data, start))


def _rows(data: bytes | bytearray, start: int, offset: int, order: str) -> list[tuple[int, int]]:
    """(tag, place) of every entry of the directory at ``offset``."""
    at = start + offset
    if not offset or at + 2 > len(data):
        return []
    (count,) = struct.unpack_from(order + "H", data, at)
    rows = [at + 2 + 12 * n for n in range(count)]
    return [(struct.unpack_from(order + "H", data, row)[0], row) for row in rows if row + 12 <= len(data)]


def _directories(data: bytearray, start: int) -> Iterator[int]:
    """The first directory and those that follow it, a page of a scan each."""
    order, offset = _order(data, start), _first(data, start)
    for _ in range(_MOST_DIRECTORIES):
        if not offset or start + offset + 2 > len(data):
            return
        yield offset
        (count,) = struct.unpack_from(order + "H", data, start + offset)
        offset = _number(data, start + offset + 2 + 12 * count, order)


def _blank_directory(data: bytearray, start: int, offset: int) -> None:
    order = _order(data, start)
    for tag, row in _rows(data, start, offset, order):
        if tag in _TELLING:
            _blank_entry(data, start, row, order)
        if tag in (_GPS, _EXIF):
            for inner_tag, inner in _rows(data, start, _number(data, row + 8, order), order):
                if tag == _GPS or inner_tag in _TELLING:
                    _blank_entry(data, start, inner, order)


def _blank_entry(data: bytearray, start: int, row: int, order: str) -> None:
    kind, count = struct.unpack_from(order + "HI", data, row + 2)
    size = _SIZES.get(kind, 1) * count
    if size <= 4:
        data[row + 8 : row + 12] = bytes(4)
        return
    begin = min(start + _number(data, row + 8, order), len(data))
    end = min(begin + size, len(data))
    data[begin:end] = bytes(end - begin)
