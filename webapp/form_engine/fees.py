"""Fees and benefits from a definition's own lines, with the tariff's exact amounts and rounding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from webapp.form_engine.compiled import Compiled
from webapp.form_engine.fee_model import Band, FeeLine, FeeRule, Reduction
from webapp.form_engine.outcome import Fee, FeeLineAmount, Stop
from webapp.form_engine.quantities import Rows, amount_of, counted, key_of, rows_of_group
from webapp.form_engine.situation import Situation
from webapp.tariff.money import Rounding
from webapp.yaml_source import Text

BEYOND = Text(
    ja="この数は料金表にありません。",
    easy="この 数は 料金の 表に ありません。",
    en="The fee table does not cover this number.",
)
ASK = Text(
    ja="数を減らして分けて申し込むか、担当の窓口に問い合わせてください。",
    easy="数を 少なくして 分けて 申し込んで ください。または 担当の 窓口に 聞いて ください。",
    en="Reduce the number and apply separately, or ask the office in charge.",
)
CAP = Text(ja="上限による調整", easy="いちばん 高い 金額までに します", en="Limited to the maximum")


class Unknown(Exception):
    """An amount that the table leaves to staff."""


class Beyond(Exception):
    """A number beyond the table."""


@dataclass(frozen=True)
class _Raw:
    line: FeeLine
    quantity: int
    unit: Fraction | None
    amount: Fraction


def compute(rule: FeeRule, situation: Situation, ready: Compiled) -> Fee | None:
    """The lines that apply now and their total in yen; None where nothing applies yet.

    ``after_review`` when staff fix the amount, or when the table leaves one open.
    """
    try:
        raw = list(_raw_lines(rule, situation, ready))
    except Unknown:
        return Fee((), None, after_review=True, note=rule.note)
    except Beyond:
        return None
    if not raw:
        return None
    rounding = Rounding(rule.rounding.mode, rule.rounding.unit)
    lines = [_line(r, rounding) for r in raw]
    lines += _reductions(rule, lines, situation, ready, rounding)
    total = sum(line.amount_yen for line in lines)
    capped = min(total, _left(rule, situation)) if rule.cap_yen is not None else total
    if capped < total:
        lines.append(FeeLineAmount("cap", CAP, 1, None, capped - total, None, lines[0].tax_class))
    review, later = rule.when == "after_review", rule.when == "later"
    return Fee(tuple(lines), capped, after_review=review, later=later, note=rule.note)


def stop(rule: FeeRule, situation: Situation, ready: Compiled) -> Stop | None:
    """A number beyond the table stops the application; nothing is guessed."""
    try:
        list(_raw_lines(rule, situation, ready))
    except Unknown:
        return None
    except Beyond:
        return Stop("fee_table", BEYOND, ASK)
    return None


def _raw_lines(rule: FeeRule, situation: Situation, ready: Compiled) -> Iterator[_Raw]:
    for line in rule.lines:
        if not _is_valid(line, situation):
            continue
        if line.each is None:
            yield from _applied(line, situation, ready, ())
        else:
            for row in rows_of_group(situation, line.each):
                yield from _applied(line, situation, ready, (row,))


def _is_valid(line: FeeLine, situation: Situation) -> bool:
    begun = line.valid_from is None or line.valid_from <= situation.today
    return begun and (line.valid_until is None or situation.today < line.valid_until)


def _applied(line: FeeLine, situation: Situation, ready: Compiled, rows: Rows) -> Iterator[_Raw]:
    if line.if_ is not None and not ready.tests[id(line)](situation, rows):
        return
    unit = _unit(line, situation, rows)
    if unit is None:
        return
    quantity = Fraction(1) if line.quantity is None else counted(line.quantity, situation, rows)
    if not quantity:
        return
    amount = unit * quantity
    if line.cap_yen is not None:
        amount = min(amount, Fraction(line.cap_yen))
    whole = quantity.denominator == 1
    yield _Raw(line, int(quantity) if whole else 1, unit if whole else None, amount)


def _unit(line: FeeLine, situation: Situation, rows: Rows) -> Fraction | None:
    if line.yen is not None:
        return Fraction(line.yen)
    if line.bands is not None:
        number = counted(line.bands.by, situation, rows)
        return Fraction(band_for(line.bands.table, number).yen) if number else None
    if line.choice is not None:
        chosen = key_of(situation, line.choice.field, rows)
        if chosen is None or chosen not in line.choice.yen:
            return None
        yen = line.choice.yen[chosen]
        if yen is None:
            raise Unknown(line.key)
        return Fraction(yen)
    assert line.share is not None
    base = amount_of(situation, line.share.of, rows)
    return None if base is None else base * Fraction(line.share.rate)


def band_for(table: list[Band], number: Fraction) -> Band:
    """The first band that reaches ``number``. Raises Beyond."""
    for band in table:
        if band.up_to is None or number <= Fraction(str(band.up_to)):
            return band
    raise Beyond(str(number))


def _line(raw: _Raw, rounding: Rounding) -> FeeLineAmount:
    unit = int(raw.unit) if raw.unit is not None and raw.unit.denominator == 1 else None
    line = raw.line
    amount = rounding.apply(raw.amount)
    if unit is not None and unit * raw.quantity != amount:
        unit = None
    return FeeLineAmount(line.key, line.label, raw.quantity, unit, amount, line.citation, line.tax)


def _reductions(
    rule: FeeRule, lines: list[FeeLineAmount], situation: Situation, ready: Compiled, rounding: Rounding
) -> list[FeeLineAmount]:
    """At most one reduction holds for a line: the one that takes most off."""
    best: dict[int, tuple[Fraction, Reduction]] = {}
    for reduction in rule.reductions:
        if not ready.tests[id(reduction)](situation, ()):
            continue
        rate = Fraction(reduction.rate)
        for index, line in enumerate(lines):
            concerned = reduction.lines is None or line.key in reduction.lines
            if concerned and (index not in best or best[index][0] < rate):
                best[index] = (rate, reduction)
    off: dict[str, Fraction] = {}
    for index, (rate, reduction) in best.items():
        kept = rounding.apply(lines[index].amount_yen * (1 - rate))
        off[reduction.key] = off.get(reduction.key, Fraction(0)) + lines[index].amount_yen - kept
    return [
        FeeLineAmount(r.key, r.label, 1, None, -int(off[r.key]), r.citation, lines[0].tax_class)
        for r in rule.reductions
        if off.get(r.key)
    ]


def _left(rule: FeeRule, situation: Situation) -> int:
    """What the cap leaves after what was used before (a cap over several times)."""
    used = amount_of(situation, rule.used_before, ()) if rule.used_before else None
    return max(0, int((rule.cap_yen or 0) - (used or 0)))
