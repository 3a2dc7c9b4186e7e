"""Every collected worked case and every printed cell of the facilities comes out of ours as it is printed.

The collection lies beside the repository where it was worked on. Where it is missing, nothing can be
compared: each test says so with a warning. Our own worked cases run everywhere (`facilities check`).
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from webapp.booking.facility import Facility, Worked
from webapp.booking.load import load_facility
from webapp.booking.worked import price_case

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT.parent / "shared" / "cases"
BY_LOT = {"f04 #3"}
"""Applying twice in one draw: draws by lot come with a later issue."""
BRACKETS = {"f08 #2"}
"""What is expected is which bracket counts, not an amount."""
BOTH_HALVES = {"f26 #2"}
"""The collection adds two bookings up; each of ours stands for itself."""
WEEKDAY, SATURDAY, JULY, NOVEMBER = "2026-06-10", "2026-06-13", "2026-07-08", "2026-11-11"
BANDS = {"午前": "am", "午後": "pm", "夜間": "ev", "昼間": "day", "午後夜間": "pm_ev", "昼夜間": "pm_ev",
         "全日": "all", "1日": "all", **{key: key for key in ("am", "pm", "ev", "day", "pm_ev", "all")}}  # fmt: skip
DAYS = {"平日": WEEKDAY, "火–金(休日を除く)": WEEKDAY, "休日": SATURDAY, "土日祝": SATURDAY}
TICKETS = {"なし・2,000円未満": 1999, "2,000円以上": 2000, "無料・1,000円以下": 1000, "1,000円超2,000円以下": 2000,
           "2,000円超": 2001, "no_admission": 0, "admission": 1}  # fmt: skip
PURPOSES = {"amateur_sports_or_culture": "amateur", "other_non_commercial": "other",
            "commercial_or_advertising": "commercial"}  # fmt: skip
OUR_NAMES: dict[str, list[str]] = {
    "プール夏季 全体": ["プール(全体)"],
    "プール冬季 全体": ["プール(全体)"],
    "プール夏季 1コース": [f"プール(第{n}コース)" for n in range(1, 7)],
    "プール冬季 1コース": [f"プール(第{n}コース)" for n in range(1, 7)],
    "アーチェリー場 全面": ["アーチェリー場(全面)"],
    "アーチェリー場 半面": ["アーチェリー場(半面A)", "アーチェリー場(半面B)"],
    "アリーナ 専用使用": ["アリーナ(専用使用)"],
    "グラウンドゴルフ場": ["グラウンドゴルフ場(個人)"],
    "グラウンドゴルフ場 占用": ["グラウンドゴルフ場(占用)"],
    "占用をする場合の屋外スペース": ["屋外スペース(占用)"],
    "展示室": ["展示室(全部)"],
    "展示": ["展示ホール"],
    "会議室兼小ホール": ["会議室 兼 小ホール"],
    "美術陶芸室・第2–4会議室・総合練習室・第1–3研修室": [
        "美術陶芸室", "第2会議室", "第3会議室", "第4会議室", "総合練習室", "第1研修室", "第2研修室", "第3研修室",
    ],
    "控室1・2": ["控室1", "控室2"],
}  # fmt: skip
Cell = tuple[str, dict[str, Any], int]
"""A name in the collection, what is asked of the room, and the printed figure."""


@cache
def ours() -> dict[str, list[Facility]]:
    """Our facilities by what they were made from."""
    found: dict[str, list[Facility]] = {}
    for path in sorted((ROOT / "demo" / "facilities").glob("*.yaml")):
        facility = load_facility(path)
        for source in facility.source_case:
            found.setdefault(source, []).append(facility)
    return found


def collected(folder: str) -> dict[str, Any]:
    files = {file.stem: json.loads(file.read_text()) for file in sorted((COLLECTION / folder).glob("*.json"))}
    if not files:
        warnings.warn("the collected facilities are not here; nothing was compared", stacklevel=2)
    return files


def everything() -> dict[str, Any]:
    return collected("facilities") | collected("fees")


def examples(stem: str, file: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Number, expected result and status of each worked case of a file."""
    name = stem.partition("-")[0]
    for number, case in enumerate(file.get("worked_cases", []), start=1):
        yield f"{name} #{number}", case["expect"], case["status"]
    for number, case in enumerate(file.get("worked_examples", []), start=1):
        yield f"{name} #{number}", f"{case['result']}円", "computed"


def our_cases() -> dict[str, list[Worked]]:
    found: dict[str, list[Worked]] = {}
    for facility in {f.slug: f for places in ours().values() for f in places}.values():
        for case in facility.cases:
            if case.source is not None:
                found.setdefault(case.source, []).append(case)
    return found


def test_every_collected_file_is_expressed() -> None:
    assert [stem for stem in everything() if stem not in ours()] == []


def test_every_collected_case_has_its_own_and_ambiguous_ones_say_how_they_are_read() -> None:
    cases = our_cases()
    for stem, file in everything().items():
        for source, _, status in examples(stem, file):
            assert source in cases or source in BY_LOT, source
            if status == "ambiguous":
                assert all(case.status == "ambiguous" and case.reading for case in cases[source]), source


def test_our_results_are_the_collected_ones() -> None:
    """The first amount in yen, and the dates, that the collection expects; the rest is for the eye."""
    cases = our_cases()
    compared = 0
    for stem, file in everything().items():
        for source, expected, _ in examples(stem, file):
            mine = [case.expect for case in cases.get(source, [])]
            amount = re.search(r"([\d,]+)円", expected)
            if amount and source not in BRACKETS:
                wanted = int(amount.group(1).replace(",", ""))
                times = 2 if source in BOTH_HALVES else 1
                assert any(wanted in [times * yen for yen in _amounts(one)] for one in mine), source
                compared += 1
            if days := set(re.findall(r"\d{4}-\d\d-\d\d", expected)):
                assert all(days & set(re.findall(r"\d{4}-\d\d-\d\d", str(one))) for one in mine), source
                compared += bool(mine)
    assert compared > 50 or not COLLECTION.exists(), compared


def _amounts(result: Any) -> list[int]:
    found = result.values() if isinstance(result, dict) else [result]
    return [one for one in found if isinstance(one, int) and not isinstance(one, bool)]


def printed() -> Iterator[tuple[str, Cell]]:
    for stem, file in everything().items():
        for room in file.get("rooms", []):
            for cell in _of_room(room):
                yield stem, cell
        for row in (file.get("fee_table") or {}).get("rows", []):
            for cell in _of_row(row):
                yield stem, cell


def test_every_printed_cell_comes_out_as_it_is_printed() -> None:
    wrong, compared = [], 0
    for stem, (name, given, yen) in printed():
        for facility in ours()[stem]:
            for room in _rooms(facility, name):
                compared += 1
                got = price_case(facility, {"room": room, **given}).total_yen
                if got != yen:
                    wrong.append(f"{stem} {name} {given}: printed {yen}, computed {got}")
    assert wrong == [], wrong
    assert compared > 300 or not COLLECTION.exists()


def test_every_printed_figure_of_equipment_heating_and_cooling_stands_in_a_table() -> None:
    for stem, file in everything().items():
        parts = [file.get(part) for part in ("equipment", "equipment_fees", "air_conditioning", "hvac_fees")]
        wanted = set(_figures(parts))
        mine = {yen for facility in ours()[stem] for yen in _figures(_extras(facility))}
        assert wanted <= mine, f"{stem}: {wanted - mine}"


def _extras(facility: Facility) -> list[Any]:
    return [price.yen for table in facility.tariffs for extra in table.extras for price in extra.prices]


def _figures(tree: Any) -> Iterator[int]:
    """Every whole amount of yen in a piece of JSON; rates are fractions."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        for one in tree:
            yield from _figures(one)
    elif isinstance(tree, int) and not isinstance(tree, bool):
        yield tree


def _of_room(room: dict[str, Any]) -> Iterator[Cell]:
    """The figures of a file of fees: by band, by kind of day, by a matrix, or one per unit."""
    name, fees = str(room["name"]), room.get("fees", room.get("fee"))
    day = NOVEMBER if "冬季" in name else JULY if "夏季" in name else WEEKDAY
    if isinstance(fees, int):
        area = 2 if "平方" in str(room.get("unit")) else 1  # 15円 alone would be rounded away
        if "回数券" not in name:
            yield name, {"hours": 1, "persons": 1, "sqm": area}, fees * area
        return
    for row in fees if isinstance(fees, list) else [fees or {}]:
        facts = (
            {"ticket": TICKETS[row["admission"]], "use_kind": PURPOSES[row["purpose"]]}
            if "purpose" in row
            else {}
        )
        for kind, figures in _by_day(row, day).items():
            yield from _by_band(name, kind, facts, figures)
    yield from _by_band(name, day, {"ticket": 1001}, room.get("published_fees_admission_over_1000", {}))


def _of_row(row: dict[str, Any]) -> Iterator[Cell]:
    """The figures of a row of a facility's own table."""
    name = str(row.get("room") or "")
    facts = {"ticket": TICKETS[row["admission"]]} if row.get("admission") else {}
    day = DAYS.get(row.get("day", ""), WEEKDAY)
    yield from _by_band(name, day, facts, {key: yen for key, yen in row.items() if key != "day"})
    if "yen" in row:
        yield name, {"hours": 1, "date": JULY}, row["yen"]
    if isinstance(row.get("heating"), int):
        yield name, {"hours": 1, "date": NOVEMBER}, row["yen"] + row["heating"]
    elif "heating" in row:
        for band, yen in zip(("am", "pm", "ev", "all"), row["heating"], strict=True):
            base = row[
                "1日"
                if band == "all"
                else {v: k for k, v in BANDS.items() if len(k) == 2 and not k.isascii()}[band]
            ]
            yield name, {"bands": [band], "extras": {"heating": 1}}, base + yen
    if "2時間まで" in row:
        outside = {"resident": False}
        yield name, {"hours": 2, "facts": outside}, row["2時間まで"]
        yield name, {"hours": 3, "facts": outside}, row["2時間まで"] + row["以後1時間"]


def _by_day(row: dict[str, Any], day: str) -> dict[str, dict[str, Any]]:
    if set(row) <= set(DAYS):
        return {DAYS[kind]: figures for kind, figures in row.items()}
    return {day: row}


def _by_band(name: str, day: str, facts: dict[str, Any], figures: dict[str, Any]) -> Iterator[Cell]:
    for label, yen in figures.items():
        given = {"date": day, "facts": facts}
        if label in BANDS and yen is not None:
            yield name, {**given, "bands": [BANDS[label]]}, yen
        elif label in ("超過1h", "extension_per_hour"):
            first = next(key for key in figures if key in BANDS)
            yield name, {**given, "bands": [BANDS[first]], "overtime_hours": 1}, figures[first] + yen


def _rooms(facility: Facility, name: str) -> list[str]:
    """Our keys of the rooms that a printed name means; half a hall is any of its halves."""
    tidy = re.sub(r"\((各|楽屋含む|row order.*|1室|1面)\)", "", name).strip()
    wanted = OUR_NAMES.get(tidy) or [tidy]
    keys = [room.key for room in facility.rooms if room.name.ja in wanted]
    keys = keys or [room.key for room in facility.rooms if room.name.ja in tidy.split("・")]
    keys = keys or [room.key for room in facility.rooms if room.name.ja.startswith(tidy.rstrip(")"))]
    if not keys:
        pytest.fail(f"{facility.slug} has no room {name!r}")
    return keys
