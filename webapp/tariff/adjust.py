"""Step two and three: surcharges and reductions, then exemptions, each with its reason."""

from dataclasses import dataclass, field
from fractions import Fraction

from webapp.tariff.facts import Fact, holds
from webapp.tariff.lines import LineClass, Step
from webapp.tariff.money import times_text
from webapp.tariff.table import Adjustment, Exemption, Stage, Table
from webapp.tariff.usage import Usage
from webapp.yaml_source import Text


class NotExempt(LookupError):
    """The exemption asked for is not in the table, or is barred for this use."""


@dataclass
class Work:
    """A line while it is being calculated."""

    key: str
    line_class: LineClass
    label: Text
    quantity: Fraction
    unit_yen: Fraction | int
    unit_label: str
    amount: Fraction
    citation: str
    base: Fraction = Fraction(0)
    steps: list[Step] = field(default_factory=list)

    def becomes(self, amount: Fraction, label: Text, operation: str, citation: str) -> None:
        self.amount = amount
        self.steps.append(Step(label, operation, amount, citation))


def matching(table: Table, usage: Usage, line_class: LineClass, facts: dict[str, Fact]) -> list[Adjustment]:
    """The adjustments of a line in their printed order; of an exclusive group only the highest.

    A rate of the group that is still to be decided stands first: nobody knows yet that it is not the highest.
    """
    found = [a for a in table.adjustments if a.concerns(usage.room, line_class) and holds(a.when, facts)]
    return [
        a for a in found if a.group is None or a is _highest([b for b in found if b.group == a.group], usage)
    ]


def apply_adjustments(table: Table, usage: Usage, work: Work, facts: dict[str, Fact]) -> list[str]:
    """Surcharges and reductions on one line; returns what somebody still has to decide."""
    undecided: list[str] = []
    rates: list[tuple[Adjustment, Fraction]] = []
    for adjustment in matching(table, usage, work.line_class, facts):
        rate = _rate(adjustment, usage)
        if rate is None:
            undecided.append(_question(adjustment))
        else:
            rates.append((adjustment, rate))
    for adjustment, rate in [pair for pair in rates if pair[0].on_base]:
        _multiply(work, adjustment, rate, table)
    others = [pair for pair in rates if not pair[0].on_base]
    if table.combination == "highest" and others:
        others = [max(others, key=lambda pair: pair[1])]
    _combine(table, work, others)
    return undecided


def apply_exemption(table: Table, usage: Usage, work: list[Work], facts: dict[str, Fact]) -> list[str]:
    """Take the exemption off each line by its class. Raises NotExempt."""
    exemption = exemption_for(table, usage, facts)
    if exemption is None:
        return []
    if exemption.shares is None and usage.exemption_share is None:
        return [f"{exemption.label.ja}: 減免の額は審査のうえ決まります。"]
    for line in work:
        share = _share(exemption, usage, line.line_class)
        if share:
            words = f"減免{_percent(share)}"
            cite = exemption.citation or table.citation
            line.becomes(line.amount * (1 - share), exemption.label, words, cite)
    return []


def exemption_for(table: Table, usage: Usage, facts: dict[str, Fact]) -> Exemption | None:
    """The exemption asked for, or an automatic one. Raises NotExempt."""
    if usage.exemption is None:
        if _barred(table, facts):
            return None
        return next((e for e in table.exemptions if e.automatic and holds(e.when, facts)), None)
    exemption = next((e for e in table.exemptions if e.key == usage.exemption), None)
    if exemption is None or not holds(exemption.when, facts):
        raise NotExempt(usage.exemption)
    if _barred(table, facts):
        raise NotExempt(f"{usage.exemption}: barred")
    return exemption


def round_at(table: Table, stage: Stage, work: Work) -> None:
    """Round one line by the table's rules for this stage."""
    for rule in table.rounding:
        if rule.stage == stage and (not rule.classes or work.line_class in rule.classes):
            rounded = Fraction(rule.rounding.apply(work.amount))
            if rounded != work.amount:
                cite = rule.citation or table.citation
                work.becomes(
                    rounded,
                    Text(ja="端数処理", easy="お金（かね）の はし", en="Rounding"),
                    rule.rounding.words,
                    cite,
                )


def _combine(table: Table, work: Work, rates: list[tuple[Adjustment, Fraction]]) -> None:
    if table.combination != "sum" or len(rates) < 2:
        for adjustment, rate in rates:
            _multiply(work, adjustment, rate, table)
        return
    factor = 1 + sum((rate - 1 for _, rate in rates), Fraction(0))
    labels = Text(
        ja="と".join(adjustment.label.ja for adjustment, _ in rates) + "(率を合計)",
        easy="と ".join(adjustment.label.in_("easy") for adjustment, _ in rates),
        en=" and ".join(adjustment.label.in_("en") for adjustment, _ in rates) + " (rates added)",
    )
    cite = rates[0][0].citation or table.citation
    work.becomes(work.amount * factor, labels, times_text(factor), cite)


def _multiply(work: Work, adjustment: Adjustment, rate: Fraction, table: Table) -> None:
    cite = adjustment.citation or table.citation
    work.becomes(work.amount * rate, adjustment.label, times_text(rate), cite)


def _rate(adjustment: Adjustment, usage: Usage) -> Fraction | None:
    return usage.decided.get(adjustment.key, adjustment.multiplier)


def _highest(adjustments: list[Adjustment], usage: Usage) -> Adjustment:
    rates = {a.key: _rate(a, usage) for a in adjustments}
    return max(adjustments, key=lambda a: (rates[a.key] is None, rates[a.key] or Fraction(0)))


def _question(adjustment: Adjustment) -> str:
    limit = "" if adjustment.at_most is None else f"({times_text(adjustment.at_most)}以内)"
    return f"{adjustment.label.ja}: 倍率{limit}は{adjustment.decided_by}が決めます。"


def _barred(table: Table, facts: dict[str, Fact]) -> bool:
    return table.exemption_barred_when is not None and holds(table.exemption_barred_when, facts)


def _share(exemption: Exemption, usage: Usage, line_class: LineClass) -> Fraction:
    if exemption.shares is None:
        return usage.exemption_share or Fraction(0)
    return exemption.shares.get(line_class, Fraction(0))


def _percent(share: Fraction) -> str:
    percent = share * 100
    return f"{percent.numerator}%" if percent.denominator == 1 else f"{float(percent):g}%"
