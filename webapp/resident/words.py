"""Small words that the booking templates need."""

from collections.abc import Iterable
from datetime import datetime

from webapp import clock
from webapp.booking.times import clock_text, minutes_of
from webapp.form_engine.outcome import Section
from webapp.tariff.table import Exemption
from webapp.web.filters import text_of
from webapp.yaml_source import Text


def clock_time(at: datetime) -> str:
    """「13:00」 on the clock of Asia/Tokyo."""
    return clock_text(minutes_of(clock.tokyo(at)))


def text_pairs(pairs: Iterable[tuple[str, Text]]) -> list[tuple[str, str]]:
    """(value, word in the reader's language) for a list of choices."""
    return [(key, text_of(text)) for key, text in pairs]


def label_pairs(rules: Iterable[Exemption]) -> list[tuple[str, str]]:
    """(key, label in the reader's language)."""
    return [(rule.key, text_of(rule.label)) for rule in rules]


def answer_pairs(section: Section) -> list[tuple[str, str]]:
    """(question, answer) of one group of answers, for a list of facts."""
    return [(row.label, row.text) for row in section.rows]
