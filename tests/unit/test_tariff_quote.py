"""What the language of fee tables can say, one feature at a time; figures are those of a sum on paper."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from webapp.booking.load import load_facility
from webapp.booking.worked import price_case
from webapp.tariff.adjust import NotExempt
from webapp.tariff.extras import TooLong
from webapp.tariff.prices import NoPrice
from webapp.tariff.quote import Quote, quote, table_for
from webapp.tariff.table import Table
from webapp.tariff.usage import Usage

DEMO = Path(__file__).parents[2] / "demo" / "facilities"
WEEKDAY, SATURDAY, HOLIDAY = date(2026, 6, 10), date(2026, 6, 13), date(2026, 7, 20)
BANDS = {"am": 1000, "pm": 2000, "ev": 3000, "all": 5500}
COMBINED = {"all": ("am", "pm", "ev")}


def table(*rows: Mapping[str, Any], **parts: Any) -> Table:
    first = {"rooms": ["hall"], "yen": BANDS}
    return Table.model_validate(
        {"key": "t", "title": "表", "citation": "別表", "rows": list(rows) or [first], **parts}
    )


def ask(of: Table, *bands: str, day: date = WEEKDAY, **more: Any) -> Quote:
    return quote(of, Usage("hall", day, bands=bands, combined=COMBINED, **more))


def rate(key: str, when: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": key, "label": key, "when": when, **more}


SOLD = rate("commercial", {"commercial": True}, add="1/2")
OUTSIDE = rate("outside", {"resident": False}, add="3/10")
BOTH = {"commercial": True, "resident": False}


@pytest.mark.parametrize("all_day", [5500, 7000])
def test_the_printed_longer_band_counts_whichever_way_it_differs_from_the_sum(all_day: int) -> None:
    printed = table({"rooms": ["hall"], "yen": {**BANDS, "all": all_day}})
    assert ask(printed, "am", "pm", "ev").total_yen == all_day


def test_bands_that_are_not_printed_together_are_summed_or_not_let() -> None:
    assert ask(table(), "am", "pm").total_yen == 3000
    with pytest.raises(NoPrice):
        ask(table(combined="printed_only"), "am", "pm")
    assert ask(table(combined="printed_only"), "am", "pm", "ev").total_yen == 5500


@pytest.mark.parametrize("combination, total", [("sum", 1800), ("product", 1950), ("highest", 1500)])
def test_surcharges_are_summed_multiplied_or_the_highest_counts(combination: str, total: int) -> None:
    of = table(adjustments=[SOLD, OUTSIDE], combination=combination)
    assert ask(of, "am", facts=BOTH).total_yen == total


def test_of_a_group_only_the_highest_counts_and_the_rest_is_added() -> None:
    weekend = rate("weekend", {"day": "weekend"}, add="1/5")
    grouped = [{**SOLD, "group": "who"}, {**OUTSIDE, "group": "who"}, weekend]
    days = [{"key": "weekend", "weekdays": ["sat", "sun"], "holidays": True}]
    of = table(adjustments=grouped, days=days)
    assert ask(of, "am", day=SATURDAY, facts=BOTH).total_yen == 1700


def test_a_rate_that_is_decided_later_is_not_passed_over_in_its_group() -> None:
    board = rate("board", {"resident": False}, at_most="3", decided_by="教育委員会", group="who")
    of = table(adjustments=[{**SOLD, "group": "who"}, board])
    assert ask(of, "am", facts=BOTH).undecided
    assert ask(of, "am", facts=BOTH, decided={"board": Fraction(2)}).total_yen == 2000
    assert ask(of, "am", facts=BOTH, decided={"board": Fraction(1)}).total_yen == 1500


def test_a_public_holiday_is_the_kind_of_day_the_table_says() -> None:
    days = [
        {"key": "weekday", "weekdays": ["tue", "wed", "thu", "fri"], "holidays": False},
        {"key": "weekend", "weekdays": ["mon", "sat", "sun"], "holidays": True},
    ]
    row = {"rooms": ["hall"], "yen": BANDS}
    of = table(
        {**row, "when": {"day": "weekday"}}, {**row, "when": {"day": "weekend"}, "yen": {"am": 9}}, days=days
    )
    assert [ask(of, "am", day=day).total_yen for day in (WEEKDAY, SATURDAY, HOLIDAY)] == [1000, 9, 9]


@pytest.mark.parametrize(
    "stage, mode, total",
    [
        # 333 x 3/2 = 499.5; half of it exempted = 249.75; heating 105 beside it, not exempted.
        ("line", "ceil", 255 + 105),  # 340 x 3/2 = 510
        ("adjusted", "floor", 245 + 105),
        ("exempted", "floor", 240 + 105),
        ("total", "floor", 350),
        ("total", "half_up", 350),
        ("total", "ceil", 360),
    ],
)
def test_each_stage_rounds_at_its_own_time(stage: str, mode: str, total: int) -> None:
    classes = [] if stage == "total" else ["room"]
    of = table(
        {"rooms": ["hall"], "yen": {"am": 333}},
        adjustments=[rate("commercial", {"commercial": True}, factor="3/2")],
        extras=[{"key": "heat", "label": "暖房", "class": "hvac", "prices": [{"yen": 105}]}],
        exemptions=[{"key": "half", "label": "減免", "shares": {"room": "1/2"}}],
        rounding=[{"mode": mode, "unit": 10, "stage": stage, "classes": classes}],
    )
    found = ask(of, "am", facts={"commercial": True}, extras={"heat": 1}, exemption="half")
    assert found.total_yen == total == sum(line.amount_yen for line in found.lines)


def test_the_rounding_of_the_total_is_a_line_of_its_own() -> None:
    of = table(
        {"rooms": ["hall"], "yen": {"am": 333}}, rounding=[{"mode": "ceil", "unit": 10, "stage": "total"}]
    )
    assert [(line.key, line.amount_yen) for line in ask(of, "am").lines] == [
        ("room.am", 333),
        ("rounding", 7),
    ]


@pytest.mark.parametrize(
    "row, usage, total",
    [
        ({"per": "hour", "yen": 100}, {"hours": Fraction(3, 2)}, 200),
        ({"per": "hour", "yen": 100, "first": {"hours": 2, "yen": 150}}, {"hours": Fraction(2)}, 150),
        ({"per": "hour", "yen": 100, "first": {"hours": 2, "yen": 150}}, {"hours": Fraction(5, 2)}, 250),
        ({"per": "person", "yen": 200}, {"persons": 7}, 1400),
        ({"per": "person_hour", "yen": 20}, {"persons": 7, "hours": Fraction(3, 2)}, 280),
        ({"per": "sqm_hour", "yen": 15}, {"sqm": Fraction("12.3"), "hours": Fraction(2)}, 390),
        ({"per": "sqm_day", "yen": 15}, {"sqm": Fraction("12.3"), "count": 2}, 390),
        ({"per": "night", "yen": 4000}, {"count": 2}, 8000),
        ({"per": "day", "yen": 900}, {"count": 3}, 2700),
        ({"per": "sheet", "yen": 2000}, {"count": 1}, 2000),
        ({"per": "use", "yen": 500}, {"hours": Fraction(9)}, 500),
    ],
)  # fmt: skip
def test_a_price_per_unit_counts_its_unit_and_a_part_as_a_whole(
    row: dict[str, Any], usage: dict[str, Any], total: int
) -> None:
    assert ask(table({"rooms": ["hall"], **row}), **usage).total_yen == total


def test_where_a_part_of_an_hour_counts_as_it_is_nothing_is_rounded_up() -> None:
    of = table({"rooms": ["hall"], "per": "hour", "yen": 100}, part_hour="exact")
    assert ask(of, hours=Fraction(3, 2)).total_yen == 150
    of = table({"rooms": ["hall"], "per": "sqm_hour", "yen": 10}, part_sqm="exact")
    assert ask(of, hours=Fraction(1), sqm=Fraction("12.5")).total_yen == 125


def test_a_bracket_stands_on_the_highest_ticket_with_the_printed_word_for_its_edge() -> None:
    row = {"rooms": ["hall"]}
    of = table(
        {**row, "when": {"ticket": {"at_most": 1000}}, "yen": {"am": 1}},
        {**row, "when": {"ticket": {"above": 1000, "below": 3000}}, "yen": {"am": 2}},
        {**row, "when": {"ticket": {"at_least": 3000}}, "yen": {"am": 3}},
    )
    tickets = (0, 1000, 1001, 2999, 3000)
    assert [ask(of, "am", facts={"ticket": yen}).total_yen for yen in tickets] == [1, 1, 2, 2, 3]


def test_a_figure_derived_from_another_stays_exact_until_it_is_rounded() -> None:
    of = table(
        {"rooms": ["hall"], "yen": {"pm": 455}, "derived": {"ev": ["pm", "13/10"]}},
        adjustments=[rate("commercial", {"commercial": True}, factor="2")],
    )
    assert ask(of, "ev", facts={"commercial": True}).total_yen == 1183


def extras_of(**price: Any) -> Table:
    return table(extras=[{"key": "x", "label": "設備", **price}])


@pytest.mark.parametrize(
    "extra, usage, total",
    [
        ({"per": "band", "prices": [{"yen": {"am": 10, "pm": 20, "ev": 30, "all": 50}}]}, {}, 50),
        ({"per": "band", "prices": [{"yen": {"am": 10, "pm": 20, "ev": 30}}]}, {}, 60),
        ({"per": "band", "prices": [{"yen": 10}]}, {}, 30),
        ({"per": "person", "prices": [{"yen": 10}]}, {"persons": 7}, 70),
        ({"per": "hour", "prices": [{"yen": 10}]}, {"hours": Fraction(7, 2)}, 40),
        ({"per": "block", "block_hours": 4, "prices": [{"yen": 10}]}, {"hours": Fraction(9)}, 30),
        ({"per": "use", "prices": [{"when": {"commercial": True}, "yen": 90}, {"yen": 10}]}, {}, 10),
        ({"per": "use", "prices": [{"share_of_room": "1/5"}]}, {}, 1100),
    ],
)
def test_equipment_costs_by_band_person_hour_block_use_or_share(
    extra: dict[str, Any], usage: dict[str, Any], total: int
) -> None:
    found = ask(extras_of(**extra), "am", "pm", "ev", extras={"x": 1}, **usage)
    assert found.total_yen == 5500 + total


def test_heating_is_charged_by_itself_only_in_its_season_over_the_new_year() -> None:
    of = extras_of(**{"class": "hvac", "automatic": True, "season": {"from": "11-01", "to": "04-30"}},
                   prices=[{"yen": 300}])  # fmt: skip
    for day, heated in ((date(2026, 10, 31), 0), (date(2026, 11, 1), 300), (date(2027, 1, 3), 300),
                        (date(2027, 4, 30), 300), (date(2027, 5, 1), 0)):  # fmt: skip
        assert ask(of, "am", day=day).total_yen == 1000 + heated


def test_started_overtime_counts_whole_and_not_beyond_its_limit() -> None:
    of = table(overtime={"share": "3/10", "max_hours": 1})
    assert ask(of, "am", overtime_hours=Fraction(1, 4)).total_yen == 1300
    with pytest.raises(TooLong):
        ask(of, "am", overtime_hours=Fraction(3, 2))


def test_an_exemption_takes_from_each_class_its_own_share_and_is_barred_where_tickets_are_sold() -> None:
    of = table(
        extras=[{"key": "piano", "label": "ピアノ", "prices": [{"yen": 1000}]}],
        exemptions=[
            {"key": "cohost", "label": "共催", "shares": {"room": "1/2", "equipment": "3/10"}},
            {"key": "mayor", "label": "市長"},
        ],
        exemption_barred_when={"ticket": {"above": 0}},
    )
    wish = {"extras": {"piano": 1}, "exemption": "cohost"}
    assert ask(of, "am", **wish).total_yen == 500 + 700
    with pytest.raises(NotExempt):
        ask(of, "am", **wish, facts={"ticket": 1})
    assert ask(of, "am", exemption="mayor").undecided
    assert ask(of, "am", exemption="mayor", exemption_share=Fraction(1, 4)).total_yen == 750


def test_the_table_of_the_day_of_use_counts_and_its_version_stands_in_the_quote() -> None:
    old = table(valid_to="2026-03-31")
    new = table({"rooms": ["hall"], "yen": {"am": 1100}}, valid_from="2026-04-01", citation="改正条例 別表")
    for day, yen, used in ((date(2026, 3, 31), 1000, old), (date(2026, 4, 1), 1100, new)):
        found = ask(table_for([old, new], "hall", day), "am", day=day)
        assert (found.total_yen, found.table_version, found.citation) == (yen, used.version, used.citation)
    assert old.version != new.version


def test_every_line_and_every_step_of_every_worked_quote_names_its_rule() -> None:
    for path in sorted(DEMO.glob("*.yaml")):
        facility = load_facility(path)
        for case in facility.cases:
            if case.kind != "quote" or (isinstance(case.expect, str) and case.expect != "undecided"):
                continue
            found = price_case(facility, case.given)
            named = [line.citation for line in found.lines]
            named += [step.citation for line in found.lines for step in line.steps]
            assert found.lines and all(named), f"{path.name}: {case.name}"
