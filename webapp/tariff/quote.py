"""The quote: every yen explained, with the table's version, ready to be frozen on a booking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from webapp.tariff.adjust import Work, apply_adjustments, apply_exemption, round_at
from webapp.tariff.extras import extra_lines, overtime_line
from webapp.tariff.lines import FeeLine, Step
from webapp.tariff.money import YEN_FLOOR, yen_text
from webapp.tariff.prices import NoPrice, base_lines, row_for
from webapp.tariff.table import Table
from webapp.tariff.usage import Usage
from webapp.yaml_source import Text


@dataclass(frozen=True)
class Quote:
    """Lines sum up to `total_yen`. `undecided` names what an officer still has to decide."""

    lines: tuple[FeeLine, ...]
    total_yen: int
    table_key: str
    table_version: str
    citation: str
    undecided: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "lines": [line.to_json() for line in self.lines],
            "total_yen": self.total_yen,
            "table_key": self.table_key,
            "table_version": self.table_version,
            "citation": self.citation,
            "undecided": list(self.undecided),
        }


def table_for(tables: Sequence[Table], room: str, day: date) -> Table:
    """The table in force on the day of use that prices the room. Raises NoPrice."""
    for table in tables:
        if table.valid_on(day) and any(room in row.rooms for row in table.rows):
            return table
    raise NoPrice(room)


def quote(table: Table, usage: Usage) -> Quote:
    """Price one use. Raises NoPrice, NotExempt, TooLong."""
    facts = usage.facts_under(table)
    row = row_for(table, usage, facts)
    work = [
        Work(b.key, "room", b.label, b.quantity, b.unit_yen, b.unit_label, b.amount, table.citation)
        for b in base_lines(table, row, usage)
    ]
    room_yen = sum((line.amount for line in work), Fraction(0))
    work += extra_lines(table, usage, facts, room_yen)
    work += overtime_line(table, row, usage, room_yen)
    undecided: list[str] = []
    for line in work:
        _begin(line)
        round_at(table, "line", line)
        undecided += apply_adjustments(table, usage, line, facts)
        round_at(table, "adjusted", line)
    undecided += apply_exemption(table, usage, work, facts)
    for line in work:
        round_at(table, "exempted", line)
    return _finish(table, work, undecided)


def beyond(whole: Quote, without: Quote) -> Quote:
    """The part of `whole` that `without` lacks: its lines, and the difference that rounding makes."""
    known = {line.key for line in without.lines} | {"rounding"}
    lines = [line for line in whole.lines if line.key not in known]
    yen = whole.total_yen - without.total_yen
    rest = yen - sum(line.amount_yen for line in lines)
    if rest:
        lines.append(_rest(whole.citation, rest, yen))
    return replace(whole, lines=tuple(lines), total_yen=yen)


def _begin(work: Work) -> None:
    work.base = work.amount
    printed = f"{yen_text(Fraction(work.unit_yen))}×{_plain(work.quantity)}{work.unit_label}"
    work.steps.insert(0, Step(work.label, printed, work.amount, work.citation))


def _finish(table: Table, work: list[Work], undecided: list[str]) -> Quote:
    exact = sum((line.amount for line in work), Fraction(0))
    target = _rounded_total(table, exact)
    lines = [_line(table, one) for one in work]
    rest = target - sum(line.amount_yen for line in lines)
    if rest:
        lines.append(_rest(table.citation, rest, target))
    unique = tuple(dict.fromkeys(undecided))
    return Quote(tuple(lines), target, table.key, table.version, table.citation, unique)


def _rounded_total(table: Table, exact: Fraction) -> int:
    for rule in table.rounding:
        if rule.stage == "total":
            exact = Fraction(rule.rounding.apply(exact))
    return YEN_FLOOR.apply(exact)


def _rest(citation: str, rest: int, target: int) -> FeeLine:
    step = Step(
        Text(ja="合計の端数処理", easy="ぜんぶの お金（かね）の はし", en="Rounding of the total"),
        f"{rest:+,}円",
        Fraction(target),
        citation,
    )
    label = Text(ja="端数処理", easy="お金（かね）の はし", en="Rounding of the total")
    return FeeLine("rounding", "rounding", label, Fraction(1), rest, rest, citation, steps=(step,))


def _line(table: Table, work: Work) -> FeeLine:
    return FeeLine(
        work.key,
        work.line_class,
        work.label,
        work.quantity,
        int(work.unit_yen),
        YEN_FLOOR.apply(work.amount),
        work.citation,
        work.unit_label,
        table.tax_class,
        tuple(work.steps),
    )


def _plain(quantity: Fraction) -> str:
    return str(quantity.numerator) if quantity.denominator == 1 else f"{float(quantity):g}"
