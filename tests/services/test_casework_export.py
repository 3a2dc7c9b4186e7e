import csv
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.applications import export_files, export_write
from webapp.applications.export_reduce import reduce
from webapp.applications.export_table import Column, Table
from webapp.errors import InvalidInput


def table_of(*cells: str) -> Table:
    return Table(
        [Column("name", "氏名")], [[cell] for cell in cells], [f"26-{n}" for n, _ in enumerate(cells)]
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", " =", "\u3000＝"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(start: str) -> None:
    written = export_write.csv_utf8(table_of(f"{start}SUM(A1)"), "t").data.decode("utf-8-sig")
    cell = list(csv.reader(io.StringIO(written, newline="")))[1][0]
    assert cell.startswith("'")


def test_utf8_begins_with_the_mark_spreadsheet_programs_need() -> None:
    assert export_write.csv_utf8(table_of("髙橋"), "t").data.startswith(b"\xef\xbb\xbf")


def test_shift_jis_that_holds_everything_is_a_plain_csv() -> None:
    written = export_write.csv_shift_jis(table_of("髙﨑"), "t")
    assert written.name == "t.csv" and "髙﨑" in written.data.decode("cp932")


def test_shift_jis_lists_every_character_it_reduced() -> None:
    written = export_write.csv_shift_jis(table_of("𠮷田", "葛\U000e0100城"), "t")
    with zipfile.ZipFile(io.BytesIO(written.data)) as archive:
        assert "吉田" in archive.read("t.csv").decode("cp932")
        listed = list(csv.reader(io.StringIO(archive.read("縮退一覧.csv").decode("utf-8-sig"))))
    assert listed[1] == ["26-0", "氏名", "𠮷", "U+20BB7", "吉"]
    assert listed[2][3] == "U+E0100"


def test_a_character_without_stand_in_becomes_a_geta_mark() -> None:
    assert reduce("𓀀", "", "")[0] == "〓"


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_whatever_was_typed_can_be_written_as_shift_jis(text: str) -> None:
    reduced, _ = reduce(text, "", "")
    reduced.encode("cp932")


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r")))
def test_csv_brings_every_text_back(text: str) -> None:
    written = export_write.csv_utf8(table_of(text), "t").data.decode("utf-8-sig")
    cell = list(csv.reader(io.StringIO(written, newline="")))[1][0]
    assert cell in (text, f"'{text}")


def test_a_spreadsheet_holds_text_and_no_formula() -> None:
    from openpyxl import load_workbook

    written = export_write.spreadsheet(table_of("=1+1", "0012", "\x07ベル"), "t")
    sheet = load_workbook(io.BytesIO(written.data)).active
    assert sheet is not None
    assert [sheet.cell(row, 1).value for row in (2, 3, 4)] == ["=1+1", "0012", "ベル"]
    assert sheet.cell(2, 1).data_type == "s"


def test_json_keeps_rare_characters() -> None:
    assert json.loads(export_write.json_file([{"name": "𠮷"}], "t").data) == [{"name": "𠮷"}]


def test_a_pattern_with_an_unknown_place_says_which_ones_there_are() -> None:
    with pytest.raises(InvalidInput) as caught:
        export_files.check_pattern("{reference}/{password}")
    assert "{reference}" in (caught.value.say or "")


def test_a_pattern_that_no_template_can_hold_is_refused() -> None:
    export_files.check_pattern("あ" * export_files.LONGEST_PATTERN)
    with pytest.raises(InvalidInput, match="pattern"):
        export_files.check_pattern("あ" * (export_files.LONGEST_PATTERN + 1))


def test_two_files_of_one_name_both_stay() -> None:
    taken: set[str] = set()
    assert [export_files._unique("a/b.pdf", taken) for _ in range(3)] == [
        "a/b.pdf",
        "a/b(2).pdf",
        "a/b(3).pdf",
    ]
