"""The attachments of many cases as one ZIP, named by a pattern that staff choose."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications.export_table import Read
from webapp.errors import InvalidInput, NotFound
from webapp.intake import files

USUAL = "{reference}_{name}/{label}_{number}"
LONGEST_PATTERN = 200
PLACES = {
    "reference": "受付番号",
    "name": "氏名",
    "label": "項目名",
    "number": "番号",
    "original": "元のファイル名",
    "arrived": "受付日",
    "procedure": "手続き",
}
MOST_BYTES = 500 * 1024 * 1024
_UNSAFE = re.compile(r'[<>:"|?*\\\x00-\x1f]')


@dataclass(frozen=True)
class Wanted:
    """One file: its name in the ZIP and where its bytes lie."""

    name: str
    storage_key: str
    size: int


def wanted(session: Session, found: Sequence[Read], pattern: str) -> list[Wanted]:
    """Return what the ZIP will hold. Raises InvalidInput for an unknown place or more than 500 MB."""
    check_pattern(pattern)
    names: set[str] = set()
    result = []
    for one in found:
        for number, (label, item) in enumerate(_files(one), start=1):
            try:
                row = files.find(session, str(item["file_id"]), case_id=one.case.id)
            except NotFound:
                continue
            if row.scan_state != "clean":
                continue  # infected, or the scanner has not looked at it yet
            name = _unique(_name(pattern, one, label, number, row.name), names)
            result.append(Wanted(name, row.storage_key, row.size))
    if sum(one.size for one in result) > MOST_BYTES:
        raise InvalidInput(
            "too large", field="format", say="添付ファイルの合計が500MBを超えます。案件を分けてください。"
        )
    return result


def pack(wished: Sequence[Wanted], get: Callable[[str], bytes]) -> IO[bytes]:
    """Fetch the bytes through the storage port, with no transaction open, and return the ZIP."""
    out = tempfile.SpooledTemporaryFile(max_size=16 * 1024 * 1024)  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for one in wished:
            archive.writestr(one.name, get(one.storage_key))
    out.seek(0)
    return out


def _files(one: Read) -> list[tuple[str, dict[str, object]]]:
    rows = one.seen.attachments if one.seen else []
    return [(row.label, dict(item)) for row in rows for item in row.files]


def _name(pattern: str, one: Read, label: str, number: int, original: str) -> str:
    stem, dot, ending = original.rpartition(".")
    values = {
        "reference": one.case.reference,
        "name": str(one.case.contact.get("name") or "氏名なし"),
        "label": label,
        "number": f"{number:02d}",
        "original": stem or original,
        "arrived": clock.tokyo(one.case.arrived_at).date().isoformat(),
        "procedure": str(one.case.title.get("ja") or ""),
    }
    clean = {key: _part(value) for key, value in values.items()}
    # Each folder and name on its own: a value can neither climb out of the ZIP nor make folders.
    parts = [part.strip(" .") for part in pattern.format(**clean).split("/")]
    path = "/".join(part for part in parts if part) or one.case.reference
    return f"{path}{dot}{_part(ending)}" if dot else path


def _part(value: str) -> str:
    return _UNSAFE.sub("_", value).replace("/", "_").strip()[:80]


def _unique(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    candidate, number = name, 2
    while candidate in taken:
        candidate = f"{stem or name}({number}){dot}{ending if stem else ''}"
        number += 1
    taken.add(candidate)
    return candidate


def check_pattern(pattern: str) -> None:
    """Raise InvalidInput for a pattern that is too long, or with a place that does not exist."""
    if len(pattern) > LONGEST_PATTERN:
        say = f"ファイル名の付け方は{LONGEST_PATTERN}文字以内で入力してください。"
        raise InvalidInput("pattern", field="pattern", say=say)
    used = set(re.findall(r"\{([^{}]*)\}", pattern))
    rest = re.sub(r"\{[a-z]+\}", "", pattern)
    if not used <= PLACES.keys() or "{" in rest or "}" in rest:
        shown = "、".join(f"{{{key}}}" for key in PLACES)
        raise InvalidInput("pattern", field="pattern", say=f"ファイル名には {shown} だけを使えます。")
