"""Writing a table as CSV, spreadsheet or JSON, safe to be opened in a spreadsheet program."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.applications.export_reduce import Reduced, reduce
from webapp.applications.export_table import Table

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class Written:
    """A file ready to be sent."""

    name: str
    media_type: str
    data: bytes


def guarded(cell: str) -> str:
    """Return the cell so that no spreadsheet program takes it for a formula.

    Full-width ＝＋－＠ count as well, and so do leading blanks before any of them.
    """
    bare = cell.lstrip(" \u3000")
    return f"'{cell}" if cell.startswith(_RISKY) or bare.startswith(_RISKY) else cell


def csv_utf8(table: Table, name: str) -> Written:
    """Return UTF-8 with BOM, which spreadsheet programs need to see."""
    return Written(f"{name}.csv", "text/csv", b"\xef\xbb\xbf" + _csv(_lines(table)).encode())


def csv_shift_jis(table: Table, name: str) -> Written:
    """Return Shift_JIS; when characters were reduced, a ZIP with the list of them beside the table."""
    reduced: list[Reduced] = []
    lines = [[reduce(column.label, "", "")[0] for column in table.columns]]
    for reference, row in zip(table.references, table.rows, strict=True):
        cells = []
        for column, cell in zip(table.columns, row, strict=True):
            text, changed = reduce(cell, reference, column.label)
            cells.append(guarded(text))
            reduced += changed
        lines.append(cells)
    data = _csv(lines).encode("cp932")
    if not reduced:
        return Written(f"{name}.csv", "text/csv", data)
    return Written(
        f"{name}.zip", "application/zip", _zip([(f"{name}.csv", data), ("縮退一覧.csv", _list(reduced))])
    )


def spreadsheet(table: Table, name: str) -> Written:
    """Return an .xlsx whose cells are all text."""
    from openpyxl import Workbook  # large, and only exports need it
    from openpyxl.styles import Font

    book = Workbook(write_only=False)
    sheet = book.active
    assert sheet is not None
    sheet.title = "案件"
    for y, line in enumerate([[column.label for column in table.columns], *table.rows], start=1):
        for x, text in enumerate(line, start=1):
            cell = sheet.cell(row=y, column=x)
            cell.value = _CONTROLS.sub("", text)
            cell.data_type = "s"
            cell.quotePrefix = text.startswith(_RISKY)
            if y == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Written(f"{name}.xlsx", media, out.getvalue())


def json_file(cases: Sequence[dict[str, Any]], name: str) -> Written:
    """Return the cases whole, as stored."""
    return Written(
        f"{name}.json", "application/json", json.dumps(cases, ensure_ascii=False, indent=1).encode()
    )


def _lines(table: Table) -> list[list[str]]:
    return [
        [guarded(column.label) for column in table.columns],
        *([guarded(cell) for cell in row] for row in table.rows),
    ]


def _csv(lines: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue()


def _list(reduced: list[Reduced]) -> bytes:
    lines = [["受付番号", "項目", "元の文字", "文字コード", "置き換え"]]
    lines += [
        [one.reference, one.column, one.original, one.code, one.replacement or "(なし)"] for one in reduced
    ]
    # The list itself holds the originals, so it cannot be Shift_JIS.
    return b"\xef\xbb\xbf" + _csv(lines).encode()


def _zip(files: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()
