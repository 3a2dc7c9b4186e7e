"""Step one: the printed figures. Cells first; what is not printed is summed or refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from webapp.tariff.facts import Fact, holds
from webapp.tariff.table import PER_LABEL, Per, PriceRow, Table
from webapp.tariff.usage import Usage
from webapp.yaml_source import Text


class NoPrice(LookupError):
    """The table prints no price for this use."""


@dataclass(frozen=True)
class Base:
    """An amount before surcharges: `quantity` × `unit_yen`, exact where it is derived from another figure."""

    key: str
    label: Text
    quantity: Fraction
    unit_yen: Fraction | int
    unit_label: str

    @property
    def amount(self) -> Fraction:
        return self.quantity * Fraction(self.unit_yen)


def row_for(table: Table, usage: Usage, facts: dict[str, Fact]) -> PriceRow:
    """The first row that fits. Raises NoPrice."""
    for row in table.rows:
        in_season = row.season is None or row.season.covers(usage.day)
        if usage.room in row.rooms and in_season and holds(row.when, facts):
            return row
    raise NoPrice(usage.room)


def base_lines(table: Table, row: PriceRow, usage: Usage) -> list[Base]:
    """The room's own lines. Raises NoPrice for a band the table does not print."""
    if usage.base_yen is not None:
        return [
            Base(
                "room",
                Text(ja="基本使用料", easy="もとの お金（かね）", en="Basic fee"),
                Fraction(1),
                usage.base_yen,
                "回",
            )
        ]
    if row.per == "band":
        return list(_band_lines(table, row, usage))
    quantity = quantity_of(row.per, table, usage)
    if row.first is not None:
        return _blocks(row, row.first.hours, row.first.yen, quantity)
    if not isinstance(row.yen, int):
        raise NoPrice(f"{usage.room}: yen by band, but per {row.per}")
    return [
        Base(
            "room",
            row.label or Text(ja="使用料", easy="使（つか）うための お金（かね）", en="Fee"),
            quantity,
            row.yen,
            PER_LABEL[row.per],
        )
    ]


def quantity_of(per: Per, table: Table, usage: Usage) -> Fraction:
    hours = usage.full_hours(table)
    quantities: dict[Per, Fraction] = {
        "hour": hours,
        "person": Fraction(usage.persons),
        "person_hour": usage.persons * hours,
        "sqm_hour": usage.full_sqm(table) * hours,
        "sqm_day": usage.full_sqm(table) * usage.count,
    }
    return quantities.get(per, Fraction(usage.count))


def printed_band(row: PriceRow, usage: Usage) -> str | None:
    """The printed longer band that covers exactly the bands taken."""
    wanted = frozenset(usage.bands)
    for key, parts in usage.combined.items():
        if frozenset(parts) == wanted and band_yen(row, key) is not None:
            return key
    return None


def band_yen(row: PriceRow, band: str) -> Fraction | None:
    """The printed figure of a band, or one derived from another band (「午後料金の3割増」)."""
    if band in row.derived:
        source, factor = row.derived[band]
        base = band_yen(row, source)
        return None if base is None else base * factor
    value = row.yen.get(band) if isinstance(row.yen, dict) else None
    return None if value is None else Fraction(value)


def _band_lines(table: Table, row: PriceRow, usage: Usage) -> Iterator[Base]:
    bands = usage.bands
    combined = printed_band(row, usage)
    if combined is not None:
        bands = (combined,)
    elif len(bands) > 1 and table.combined == "printed_only":
        raise NoPrice(f"{usage.room}: {'+'.join(bands)}")
    if not bands:
        raise NoPrice(f"{usage.room}: no band")
    for band in bands:
        amount = band_yen(row, band)
        if amount is None:
            raise NoPrice(f"{usage.room}: {band}")
        label = usage.band_labels.get(band) or Text(ja=band)
        yield Base(f"room.{band}", label, Fraction(1), amount, PER_LABEL["band"])


def _blocks(row: PriceRow, hours: int, yen: int, quantity: Fraction) -> list[Base]:
    lines = [
        Base(
            "room.first",
            Text(ja=f"{hours}時間まで", easy=f"{hours}時間（じかん）まで", en=f"First {hours} hours"),
            Fraction(1),
            yen,
            "回",
        )
    ]
    if quantity > hours and isinstance(row.yen, int):
        rest = Text(ja="以後1時間ごと", easy="そのあと 1時間（じかん）", en="Each further hour")
        lines.append(Base("room.further", rest, quantity - hours, row.yen, PER_LABEL["hour"]))
    return lines
