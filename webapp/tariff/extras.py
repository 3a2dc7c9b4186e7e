"""Equipment, heating and cooling, light and overtime: the lines beside the room's own."""

from fractions import Fraction
from math import ceil

from webapp.tariff.adjust import Work
from webapp.tariff.facts import Fact, holds
from webapp.tariff.prices import NoPrice
from webapp.tariff.table import Extra, ExtraPrice, PriceRow, Table
from webapp.tariff.usage import Usage
from webapp.yaml_source import Text

UNIT_LABEL = {"band": "区分", "hour": "時間", "use": "回", "block": "回", "day": "日", "person": "人"}


class TooLong(ValueError):
    """More overtime than the table allows; args[0] is the limit in hours."""


def extra_lines(table: Table, usage: Usage, facts: dict[str, Fact], room_yen: Fraction) -> list[Work]:
    """The extras wished for, and those charged by themselves in their season. Raises NoPrice."""
    known = {extra.key for extra in table.extras}
    unknown = set(usage.extras) - known
    if unknown:
        raise NoPrice(f"{usage.room}: {sorted(unknown)[0]}")
    lines: list[Work] = []
    for extra in table.extras:
        wanted = usage.extras.get(extra.key, _automatic(extra, usage, facts))
        if wanted:
            lines += _lines(table, extra, usage, facts, wanted, room_yen)
    return lines


def overtime_line(table: Table, row: PriceRow, usage: Usage, room_yen: Fraction) -> list[Work]:
    """The line for time beyond the band; a started hour counts whole. Raises TooLong, NoPrice."""
    hours = ceil(usage.overtime_hours)
    if not hours:
        return []
    rule = table.overtime
    if rule is None:
        raise NoPrice(f"{usage.room}: overtime")
    if rule.max_hours is not None and usage.overtime_hours > rule.max_hours:
        raise TooLong(rule.max_hours)
    unit = room_yen * rule.share if rule.share is not None else Fraction(row.overtime_yen or 0)
    if not unit:
        raise NoPrice(f"{usage.room}: overtime")
    cite = rule.citation or table.citation
    label = Text(ja="時間超過", easy="のびた 時間（じかん）", en="Overtime")
    return [Work("overtime", "overtime", label, Fraction(hours), unit, "時間", unit * hours, cite)]


def price_for(extra: Extra, room: str, facts: dict[str, Fact]) -> ExtraPrice | None:
    for price in extra.prices:
        if (not price.rooms or room in price.rooms) and holds(price.when, facts):
            return price
    return None


def _automatic(extra: Extra, usage: Usage, facts: dict[str, Fact]) -> int:
    in_season = extra.season is None or extra.season.covers(usage.day)
    return int(extra.automatic and in_season and price_for(extra, usage.room, facts) is not None)


def _lines(
    table: Table, extra: Extra, usage: Usage, facts: dict[str, Fact], wanted: int, room_yen: Fraction
) -> list[Work]:
    price = price_for(extra, usage.room, facts)
    if price is None:
        raise NoPrice(f"{usage.room}: {extra.key}")
    if isinstance(price.yen, dict):
        return [_work(table, extra, Fraction(wanted), yen, band) for band, yen in _by_band(price.yen, usage)]
    if price.share_of_room is not None:
        return [_work(table, extra, Fraction(wanted), room_yen * price.share_of_room)]
    return [_work(table, extra, wanted * _quantity(table, extra, usage), Fraction(price.yen or 0))]


def _work(table: Table, extra: Extra, quantity: Fraction, unit: Fraction | int, band: str = "") -> Work:
    key = f"extra.{extra.key}" + (f".{band}" if band else "")
    amount = quantity * unit
    cite = extra.citation or table.citation
    return Work(key, extra.line_class, extra.label, quantity, unit, UNIT_LABEL[extra.per], amount, cite)


def _by_band(yen: dict[str, int], usage: Usage) -> list[tuple[str, int]]:
    for key, parts in usage.combined.items():
        if key in yen and frozenset(parts) == frozenset(usage.bands):
            return [(key, yen[key])]
    missing = [band for band in usage.bands if band not in yen]
    if missing:
        raise NoPrice(f"{usage.room}: {missing[0]}")
    return [(band, yen[band]) for band in usage.bands]


def _quantity(table: Table, extra: Extra, usage: Usage) -> Fraction:
    if extra.per == "hour":
        return usage.full_hours(table)
    if extra.per == "block" and extra.block_hours:
        return Fraction(max(1, ceil(usage.hours / extra.block_hours)))
    if extra.per == "band":
        return Fraction(max(1, len(usage.bands)))
    if extra.per == "person":
        return Fraction(usage.persons)
    return Fraction(1)
