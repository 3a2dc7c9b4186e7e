"""「受け取るお知らせ」: topics, areas and children's birth months, chosen on one page."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import clock
from webapp.errors import InvalidInput
from webapp.identity.models import Resident
from webapp.messaging import linking, topics
from webapp.messaging.topics import Choice, Owner
from webapp.web import guards
from webapp.web.services import services
from webapp.web.transaction import db
from webapp.web.widgets import FieldView

blueprint = Blueprint("topics", __name__, url_prefix="/topics")
CHILDREN = "children"
OWN_PROCEDURES = "procedures"
CHILDREN_AT_MOST = 3
MONTHS = 12 * 7


@blueprint.get("")
@guards.resident_required
def choose() -> str:
    """Show what is chosen now."""
    chosen = topics.of(db(), _owner())
    return _page(
        sorted({c.topic for c in chosen}),
        sorted({c.area for c in chosen if c.area}),
        [c.birth_month for c in chosen if c.birth_month],
        {},
    )


@blueprint.post("")
@guards.resident_required
def keep() -> Response | tuple[str, int]:
    """Keep the choice, or say what is missing with everything as chosen."""
    form = request.form
    wanted, areas = form.getlist("topics"), form.getlist("areas")
    births = [form.get(f"birth{n}", "") for n in range(1, CHILDREN_AT_MOST + 1)]
    try:
        topics.choose(
            db(), _owner(), _choices(wanted, areas, [birth for birth in births if birth]), services().city
        )
    except InvalidInput as wrong:
        errors = {wrong.field or "topics": wrong.say or _("選び直してください。")}
        return _page(wanted, areas, births, errors), 422
    flash(_("受け取るお知らせを変更しました。"), "success")
    return redirect(url_for(".choose"), code=303)


def _choices(wanted: list[str], areas: list[str], births: list[str]) -> list[Choice]:
    by_area = {topic.key for topic in services().city.topics if topic.by_area}
    if by_area & set(wanted) and not areas:
        raise InvalidInput("areas", field="areas", say=_("地域を1つ以上選んでください。"))
    if CHILDREN in wanted and not births:
        raise InvalidInput("births", field="birth1", say=_("お子さんの生まれた年月を選んでください。"))
    before = topics.of(db(), _owner())
    choices: list[Choice] = []
    for topic in wanted:
        if topic in by_area:
            choices += [Choice(topic, area=area) for area in _areas_of(topic, areas, before)]
        elif topic == CHILDREN:
            choices += [Choice(topic, birth_month=birth) for birth in births]
        else:
            choices.append(Choice(topic))
    return choices


def _areas_of(topic: str, areas: list[str], before: list[Choice]) -> list[str]:
    """The ticked areas that are meant for this topic.

    In the chat garbage may be chosen for home alone and disasters for work too. This page shows one list:
    what stood there for other topics only stays theirs.
    """
    mine = {choice.area for choice in before if choice.topic == topic}
    shown = {choice.area for choice in before if choice.area}
    meant = [area for area in areas if area in mine or area not in shown]
    return meant if mine and meant else areas


def _page(wanted: list[str], areas: list[str], births: list[str], errors: dict[str, str]) -> str:
    city, lang = services().city, guards.lang()
    offered = [(t.key, t.name.in_(lang), None) for t in city.topics if t.key != OWN_PROCEDURES]
    places = [(area.key, area.name.in_(lang), None) for area in city.areas]
    months = _months()

    def pick(
        name: str, label: str, options: list[tuple[str, str, None]], value: list[str], hint: str = ""
    ) -> FieldView:
        wrong = _error(errors, name)
        return FieldView(
            name,
            name,
            name,
            "multiselect",
            label,
            hint=hint or None,
            options=options,
            value=value,
            errors=wrong,
        )

    places_hint = _("ごみ、防災、断水のお知らせに使います。10か所まで選べます。")
    fields = [
        pick("topics", _("お知らせの種類"), offered, wanted),
        pick("areas", _("地域（自宅、勤め先、学校など）"), places, areas, places_hint),
    ]
    for number in range(1, CHILDREN_AT_MOST + 1):
        name = f"birth{number}"
        value = births[number - 1] if len(births) >= number else ""
        label = _("お子さんの生まれた年月（%(number)s人目）", number=number)
        fields.append(
            FieldView(
                name, name, name, "select", label, options=months, value=value, errors=_error(errors, name)
            )
        )
    error_list = list(errors.items())
    reach = linking.linked(db(), _owner().resident_id or 0)
    return render_template(
        "resident/topics_choose.html",
        fields=fields,
        errors=error_list,
        linked=bool(reach) and services().line is not None,
        has_mail=bool(_me().profile.get("email")),
    )


def _months() -> list[tuple[str, str, None]]:
    today, listed = clock.today(), []
    for back in range(MONTHS):
        number = today.year * 12 + today.month - 1 - back
        day = date(number // 12, number % 12 + 1, 1)
        listed.append((f"{day:%Y-%m}", _("%(year)s年%(month)s月", year=day.year, month=day.month), None))
    return listed


def _error(errors: dict[str, str], name: str) -> list[str]:
    return [errors[name]] if name in errors else []


def _me() -> Resident:
    resident = guards.current_resident()
    assert resident is not None  # the guard has made sure
    return resident


def _owner() -> Owner:
    return Owner(resident_id=_me().id)
