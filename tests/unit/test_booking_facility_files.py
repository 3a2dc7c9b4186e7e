import io
from pathlib import Path

import pytest

from webapp.booking.check import check, run

SAMPLE = Path(__file__).parents[2] / "demo" / "facilities"


def test_every_facility_of_the_sample_city_proves_itself() -> None:
    out = io.StringIO()
    assert run([SAMPLE], out) == 0, out.getvalue()
    assert out.getvalue().splitlines()[-1].endswith("cases, 0 errors")


def test_every_public_source_is_expressed() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SAMPLE.glob("*.yaml"))
    sources = [f"f{n:02d}-" for n in (1, 2, 4, 5, 6, 7, 8, 10, 14, 16, 18, 19, 20, 21, 22, 23, 24, 26)]
    sources += ["cloverplaza_sports", "minoh_higashi_center", "nagato_gymnasium_arena", "nagato_sports_park"]
    sources += ["nagato_koryu_hiroba_exemption", "shimonoseki_plaza_rules", "tokigawa_bunka_center"]
    sources += ["yamanashi_shiminkaikan"]
    assert [source for source in sources if source not in text] == []


GOOD = """slug: hall
name: 会館
municipality: 見本
kind: ホール
operator: {name: 市}
opening: {start: "09:00", end: "22:00"}
bands:
  two:
    - {key: am, name: 午前, start: "09:00", end: "12:00"}
    - {key: pm, name: 午後, start: "13:00", end: "17:00"}
    - {key: all, name: 全日, start: "09:00", end: "17:00", covers: [am, pm]}
rooms:
  - {key: whole, name: 全面, bands: two, cells: [a, b]}
  - {key: a, name: 半面, bands: two, part_of: whole}
tariffs:
  - key: t
    title: 表
    citation: 別表
    rows:
      - {rooms: [whole, a], yen: {am: 100, pm: 200, all: 250}}
windows: [{opens: {months_before: 2, day: 1}, closes: {days_before: 3}}]
cancellation: [{tiers: [{until: {days_before: 7}, refund: "1"}]}]
cases:
  - {name: 午前, kind: quote, given: {room: whole, bands: [am]}, expect: 100}
"""

MISTAKES = [
    ("price wrong in a case", "expect: 100}", "expect: 110}", "expected 110, got 100"),
    ("unknown key", "municipality: 見本", "municipality: 見本\nwindow: []", "unknown key 'window'"),
    ("band overlaps", 'start: "13:00"', 'start: "11:00"', "overlaps"),
    ("band outside hours", 'start: "09:00", end: "12:00"', 'start: "08:00", end: "12:00"', "opening hours"),
    ("covers a missing band", "covers: [am, pm]", "covers: [am, ev]", "does not exist"),
    ("longer band too short", 'end: "17:00", covers', 'end: "16:00", covers', "not as long"),
    ("missing price", "pm: 200, ", "", "no price for band 'pm'"),
    ("price for an unknown band", "all: 250", "all: 250, ev: 3", "no band 'ev'"),
    ("price for an unknown room", "rooms: [whole, a], yen", "rooms: [whole, a, c], yen", "room 'c' does not"),
    ("room without price", "rooms: [whole, a], yen", "rooms: [whole], yen", "no price for room 'a'"),
    ("unknown band set", "name: 半面, bands: two", "name: 半面, bands: three", "band set 'three'"),
    ("part that is none", "cells: [a, b]", "cells: [c, b]", "is no part"),
    ("two rooms with one key", "key: a, name", "key: whole, name", "stands twice"),
    ("window that never opens", "days_before: 3}", "days_before: 90}", "never opens"),
    ("condition on an unknown fact", "closes: {days_before: 3}", "when: {moon: full}", "asked for 'moon'"),
    ("moment in two units", "{months_before: 2, day: 1}", "{months_before: 2, days_before: 1}", "one unit"),
    ("day without months", "{months_before: 2, day: 1}", "{days_before: 2, day: 1}", "months_before"),
    ("time that is none", 'end: "22:00"', 'end: "25時"', "no time"),
    ("a float rate", 'refund: "1"', "refund: 0.5", "not exact"),
    ("a case about a missing room", "given: {room: whole", "given: {room: c", "午前"),
    ("tiers out of order", 'refund: "1"}', 'refund: "1"}, {until: {days_before: 9}, refund: "1"}', "order"),
    ("syntax", "rooms:\n", "rooms: [\n", "YAML"),
]


def test_the_example_itself_is_right(tmp_path: Path) -> None:
    (tmp_path / "hall.yaml").write_text(GOOD, encoding="utf-8")
    assert [str(error) for error in check([tmp_path]).errors] == []


@pytest.mark.parametrize("name, old, new, words", MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_named_with_its_line(tmp_path: Path, name: str, old: str, new: str, words: str) -> None:
    assert old in GOOD
    (tmp_path / "hall.yaml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    errors = [str(error) for error in check([tmp_path]).errors]
    assert any(words in error and "hall.yaml:" in error for error in errors), errors
