import io
import re
from pathlib import Path

import pytest

from webapp.booking.check import check, run

SAMPLE = Path(__file__).parents[2] / "demo" / "facilities"


def test_every_facility_of_the_sample_city_proves_itself() -> None:
    out = io.StringIO()
    assert run([SAMPLE], out) == 0, out.getvalue()
    assert out.getvalue().splitlines()[-1].endswith("cases, 0 errors")


def test_every_word_of_the_sample_city_is_there_in_three_languages() -> None:
    assert [warning for warning in check([SAMPLE]).warnings if " without " in warning] == []


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

ROW = "      - {rooms: [whole, a], yen: {am: 100, pm: 200, all: 250}}\n"
LATE = 'sessions: {first: "22:00", last: "22:30", minutes: 30, cap: 3}'
EVER = "mon, tue, wed, thu, fri, sat, sun"


def season(first: str, last: str) -> str:
    return ROW.replace("yen:", f'season: {{from: "{first}", to: "{last}"}}, yen:')


def twice(*whens: str) -> str:
    return "".join(ROW.replace("yen:", f"when: {{{when}}}, yen:") for when in whens)


def surcharge(more: str, key: str = "x") -> str:
    return f"    adjustments: [{{key: {key}, label: 加算, when: {{}}, add: '1/2', {more}}}]\n"


def extra(price: str) -> str:
    return f"    extras: [{{key: x, label: 冷房, prices: [{{{price}}}]}}]\n"


def later(begins: str) -> str:
    """A second table from a day of 2026 on; the first one ends on 31 March."""
    dated = f'citation: 別表\n    valid_from: "2026-{begins}"'
    return f"  - key: u\n    title: 表\n    {dated}\n    rows:\n{ROW}"


def backwards() -> str:
    return 'citation: 別表\n    valid_from: "2026-04-02"\n    valid_to: "2026-03-31"'


def invoice(when: str, more: str = "") -> str:
    return f"payment: {{{more}invoice: {{who: 団体, when: {{{when}}}, days_after_use: 30}}}}\nrooms:\n"


BOTH = """    adjustments:
      - {key: x, label: 加算, when: {ticket: {above: 0, at_most: 9}}, add: '1/2'}
      - {key: y, label: 加算, when: {ticket: {at_least: 9}}, add: '1'}
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
    (
        "a gap between two brackets",
        ROW,
        twice("ticket: {below: 1000}", "ticket: {above: 1000}"),
        "ticket is 1000",
    ),
    ("brackets that overlap", ROW, twice("ticket: {at_most: 9}", "ticket: {at_least: 9}"), "two prices"),
    ("a gap between seasons", ROW, season("07-01", "09-29") + season("10-01", "06-30"), "on 2026-09-30"),
    ("a kind of day that is none", ROW, twice("day: weekday", "day: holyday"), "never 'holyday'"),
    ("a season on no day", ROW, season("7/1", "09-30"), "no day of the year"),
    ("surcharges that both count", ROW, ROW + BOTH, "both count where ticket is 9"),
    ("a surcharge for a missing room", ROW, ROW + surcharge("rooms: [c]"), "room 'c' does not"),
    ("equipment for a missing room", ROW, ROW + extra("rooms: [c], yen: 1"), "room 'c' does not"),
    ("equipment on an unknown fact", ROW, ROW + extra("when: {moon: full}, yen: 1"), "asked for 'moon'"),
    ("equipment without a band", ROW, ROW + extra("yen: {am: 1}"), "no price for band 'pm'"),
    ("overtime without a price", ROW, ROW + "    overtime: {max_hours: 1}\n", "no price for overtime"),
    ("more than all given back", 'refund: "1"', 'refund: "2"', "no share of a whole"),
    ("a table without a source", "citation: 別表", 'citation: ""', "at least 1 character"),
    ("a day without a table", "windows:", later("04-02") + "windows:", "no table between"),
    ("a day with two tables", "windows:", later("03-31") + "windows:", "two tables"),
    ("a table that ends before it begins", "citation: 別表", backwards(), "ends before it begins"),
    ("a window that is never used", "windows: [", "windows: [{opens: {months_before: 3}}, ", "never used"),
    (
        "the counter opens too late",
        "day: 1}, c",
        "day: 1}, counter_opens: {days_before: 1}, c",
        "counter_opens",
    ),
    ("a band twice", "key: pm, name", "key: am, name", "stands twice"),
    ("a longer band covers less", "covers: [am, pm]", "covers: [am]", "not as long"),
    ("sessions after closing", "name: 半面, bands: two", f"name: 半面, {LATE}", "outside the opening"),
    ("closed for ever", "rooms:\n", f"closed: {{weekdays: [{EVER}]}}\nrooms:\n", "every day of a year"),
    ("a purpose without words", "cells: [a, b]", "cells: [a, b], purposes: [dance]", "purpose 'dance'"),
    ("no way to pay", "rooms:\n", "payment: {methods: []}\nrooms:\n", "no way to pay"),
    ("a way to pay that is none", "rooms:\n", "payment: {methods: [gold]}\nrooms:\n", "'gold' is not"),
    ("a way to pay twice", "rooms:\n", "payment: {methods: [cash, cash]}\nrooms:\n", "'cash' stands twice"),
    ("an invoice for whoever asks", "rooms:\n", invoice("resident: true"), "anybody may declare 'resident'"),
    ("an invoice for everybody", "rooms:\n", invoice(""), "at least 1"),
    (
        "an invoice nobody can pay",
        "rooms:\n",
        invoice("group_class: youth", "methods: [card], "),
        "no method",
    ),
    ("syntax", "rooms:\n", "rooms: [\n", "YAML"),
]


def test_a_word_without_a_language_is_named_with_its_line(tmp_path: Path) -> None:
    easy = "{ja: 半面, easy: 半分（はんぶん）, en: Half}"
    (tmp_path / "hall.yaml").write_text(GOOD.replace("name: 半面", f"name: {easy}"), encoding="utf-8")
    warnings = [warning for warning in check([tmp_path]).warnings if " without " in warning]
    assert any("hall.yaml:13:" in warning and "'全面' without easy and en" in warning for warning in warnings)
    assert not any("半面" in warning for warning in warnings)


def test_the_example_itself_is_right(tmp_path: Path) -> None:
    (tmp_path / "hall.yaml").write_text(GOOD, encoding="utf-8")
    assert [str(error) for error in check([tmp_path]).errors] == []


@pytest.mark.parametrize("name, old, new, words", MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_named_with_its_line(tmp_path: Path, name: str, old: str, new: str, words: str) -> None:
    text = GOOD if "key: u" not in new else GOOD.replace("別表", '別表\n    valid_to: "2026-03-31"', 1)
    assert old in text
    (tmp_path / "hall.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    errors = [str(error) for error in check([tmp_path]).errors]
    assert any(words in error and re.match(r".*hall\.yaml:\d+:\d+: ", error) for error in errors), errors
