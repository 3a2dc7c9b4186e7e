"""What somebody said about a use, in the words of the page that asked it, to be read over."""

from collections.abc import Iterator

from flask_babel import gettext as _

from webapp.booking.facility import Facility, Room
from webapp.booking.models import Booking
from webapp.booking.rules import Question
from webapp.web import booking_form
from webapp.web.filters import text_of, yen

Pair = tuple[str, str]


def use(facility: Facility, room: Room, booking: Booking) -> list[Pair]:
    """(what was asked, what was said), in the order of the page; what was left empty is left out."""
    return [
        (label, text)
        for label, text in [
            (_("使う人数"), str(_("%(n)s人", n=booking.persons)) if booking.persons else ""),
            (_("使いみち"), text_of(facility.purposes.get(booking.purpose or ""))),
            (_("催し・活動の名前"), booking.title or ""),
            *_facts(facility, room, booking),
            (_("借りるもの・使う設備"), _("、").join(_extras(facility, room, booking))),
            (_("減免の申請"), _exemption(facility, room, booking)),
            (_("減免の理由"), booking.why("exemption")),
        ]
        if text
    ]


def _facts(facility: Facility, room: Room, booking: Booking) -> Iterator[Pair]:
    facts = booking.facts
    if "resident" in facts:
        here = _("市内にある") if facts["resident"] else _("市内にない")
        yield _("お住まい・勤め先・学校"), str(here)
    if room.by_area and facts.get("sqm"):
        yield _("使う広さ"), f"{facts['sqm']}㎡"
    yield _("入場料・参加費（いちばん高い額）"), yen(int(facts["ticket"])) if facts.get("ticket") else ""
    if facts.get("commercial"):
        yield _("営利・宣伝・販売が目的ですか"), str(_("はい"))
    for question in booking_form.questions_of(facility, room):
        yield text_of(question.label), _answer(question, facts.get(question.key))


def _answer(question: Question, value: object) -> str:
    if question.kind == "yes_no":
        return str(_("はい") if value else _("いいえ"))
    if question.kind == "yen":
        return yen(int(str(value))) if value else ""
    return text_of(question.choices.get(str(value)))


def _extras(facility: Facility, room: Room, booking: Booking) -> Iterator[str]:
    for extra in booking_form.choosable_extras(facility, room, booking.use_on):
        count = booking.extras.get(extra.key, 0)
        if count:
            yield text_of(extra.label) + (f" × {count}" if count > 1 else "")


def _exemption(facility: Facility, room: Room, booking: Booking) -> str:
    wished = (booking.exemption or {}).get("key")
    rules = booking_form.exemptions_of(facility, room, booking.use_on)
    return next((text_of(rule.label) for rule in rules if rule.key == wished), "")
