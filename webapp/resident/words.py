"""Small words that the booking templates need."""

from collections.abc import Iterable

from flask_babel import gettext as _

from webapp.booking.facility import Opening
from webapp.booking.times import clock_text, minutes
from webapp.booking.windows import Answer
from webapp.form_engine.outcome import Section
from webapp.tariff.table import Exemption
from webapp.web.filters import date_time, text_of
from webapp.yaml_source import Text


def opening_hours(opening: Opening) -> str:
    """「9:00–21:00」, as the hours of a room are written."""
    return f"{clock_text(minutes(opening.start))}–{clock_text(minutes(opening.end))}"


def text_pairs(pairs: Iterable[tuple[str, Text]]) -> list[tuple[str, str]]:
    """(value, word in the reader's language) for a list of choices."""
    return [(key, text_of(text)) for key, text in pairs]


def label_pairs(rules: Iterable[Exemption]) -> list[tuple[str, str]]:
    """(key, label in the reader's language)."""
    return [(rule.key, text_of(rule.label)) for rule in rules]


def answer_pairs(section: Section) -> list[tuple[str, str]]:
    """(question, answer) of one group of answers, for a list of facts."""
    return [(row.label, row.text) for row in section.rows]


def why_not(answer: Answer) -> str:
    """Whether a day can be booked now, and if not from which minute on or why, in the reader's language."""
    if answer.reason == "too_early" and answer.opens is not None:
        return str(_("%(time)s から受け付けます。", time=date_time(answer.opens)))
    sentences = {
        "too_late": _("申込みの期限を過ぎました。施設にお電話ください。"),
        "closed_day": _("休館日です。ほかの日をお選びください。"),
        "past": _("過ぎた日時です。これからの日時をお選びください。"),
        "registration_expires": _("利用者登録の期限より後の日です。"),
    }
    return str(sentences.get(answer.reason) or _("いま予約できます。"))
