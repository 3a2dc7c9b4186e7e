"""The rules of a facility in a reader's words: conditions, rates, prices of extras, moments, windows."""

from datetime import date
from fractions import Fraction

from flask_babel import gettext as _

from webapp.booking.facility import Facility
from webapp.booking.rules import Moment, Tier, Window
from webapp.booking.times import clock_text, minutes
from webapp.tariff.facts import Range, Wanted, When
from webapp.tariff.table import Adjustment, Exemption, Extra, ExtraPrice, Season
from webapp.web.filters import date_text, text_of, yen
from webapp.web.languages import lang

FEW = 3


def condition(when: When | list[When], facility: Facility) -> str:
    """「平日、入場料1,001円以上」; several possible conditions are joined by 「または」."""
    ways = when if isinstance(when, list) else [when]
    facts = [[_fact(name, wanted, facility) for name, wanted in one.items()] for one in ways]
    said = [_("、").join(fact for fact in known if fact) for known in facts]
    return str(_(" または ").join(one for one in said if one))


def season(value: Season) -> str:
    """「7月1日から9月30日まで」."""
    first, last = (_month_day(text) for text in (value.start, value.end))
    return str(_("%(first)sから%(last)sまで", first=first, last=last))


def rate(rule: Adjustment) -> str:
    """「1.2倍」; what somebody decides has no figure yet."""
    if rule.multiplier is None:
        return str(_("職員が決めます"))
    return str(_("%(n)s倍", n=_figure(rule.multiplier)))


def reduction(rule: Exemption) -> str:
    """「50%引き」, 「無料」; what staff decide has no figure yet."""
    if rule.shares is None:
        return str(_("職員が決めます"))
    most = max(rule.shares.values())
    return str(_("無料") if most == 1 else _("%(n)s%%引き", n=_figure(most * 100)))


def extra_price(extra: Extra) -> str:
    """「1回 500円」; many prices, by room and time, are told by the lowest and the highest."""
    shares = [price.share_of_room for price in extra.prices if price.share_of_room is not None]
    figures = sorted({figure for price in extra.prices for figure in _figures(price)})
    prices = [_("部屋の料金の%(n)s%%", n=_figure(share * 100)) for share in dict.fromkeys(shares)]
    if len(figures) > FEW:
        prices.append(
            _("%(low)sから%(high)sまで（部屋や時間で違います）", low=yen(figures[0]), high=yen(figures[-1]))
        )
    else:
        prices += [yen(figure) if figure else _("無料") for figure in figures]
    per = {
        "band": _("1つの時間帯"),
        "hour": _("1時間"),
        "use": _("1回"),
        "block": _("%(n)s時間ごと", n=extra.block_hours or 1),
        "day": _("1日"),
        "person": _("1人"),
    }
    return " ".join([per[extra.per], _("、").join(prices)])


def window(rule: Window, facility: Facility) -> str:
    """「市内の方: 2か月前の月の1日 9:00から、利用する日まで」."""
    who = text_of(rule.label) if rule.label else condition(rule.when, facility)
    if not who and any("resident" in _first(one.when) for one in facility.windows if one.rooms == rule.rooms):
        who = _("市外の方")
    opens = _("%(time)sから", time=moment(rule.opens)) if rule.opens else ""
    closes = _("%(time)sまで", time=moment(rule.closes)) if rule.closes else ""
    period = _("、").join(part for part in (opens, closes) if part) or _("いつでも")
    return _labelled(who, period) if who else str(period)


def tier(rule: Tier) -> str:
    """「7日前まで：料金の50%をお返しします」."""
    share = _figure(rule.refund * 100)
    return str(
        _("%(time)sまで：料金の%(n)s%%をお返しします", time=moment(rule.until), n=share)
        if rule.refund
        else _("%(time)sまで：お返しできません", time=moment(rule.until))
    )


def moment(value: Moment) -> str:
    """「2か月前の月の1日 9:00」, 「7日前」, 「利用する日」."""
    day = _day(value)
    return str(_("%(day)s %(time)s", day=day, time=clock_text(minutes(value.at)))) if value.at else day


def _day(value: Moment) -> str:
    if value.fixed is not None:
        return date_text(value.fixed)
    if value.hours_before is not None:
        return str(_("%(n)s時間前", n=value.hours_before) if value.hours_before else _("利用の開始"))
    if value.business_days_before is not None:
        return str(_("%(n)s開館日前", n=value.business_days_before))
    if value.days_before is not None:
        return str(_("%(n)s日前", n=value.days_before) if value.days_before else _("利用する日"))
    if value.day is not None:
        return str(_("%(n)sか月前の月の%(day)s日", n=value.months_before, day=value.day))
    return str(_("%(n)sか月前の同じ日", n=value.months_before))


def _fact(name: str, wanted: Wanted, facility: Facility) -> str:
    if name == "resident":
        return str(_("市内の方") if wanted else _("市外の方"))
    if name == "commercial":
        return str(_("営利・宣伝のとき") if wanted else _("営利でないとき"))
    if name == "group_class":
        return str(_("登録した団体"))
    if name == "day":
        return str(_("平日") if wanted == "weekday" else _("土日祝"))
    if isinstance(wanted, Range):
        return str(_("入場料 %(range)s", range=_range(wanted)))
    asked = next((one for one in facility.questions if one.key == name), None)
    if asked is None:
        return ""
    if isinstance(wanted, bool):
        return _labelled(text_of(asked.label), _("はい") if wanted else _("いいえ"))
    return text_of(asked.choices.get(str(wanted), ""))


def _labelled(label: str, text: str) -> str:
    colon = _("：")
    return f"{label}{colon}{text}"


def _range(wanted: Range) -> str:
    if wanted.at_most == 0:
        return str(_("なし"))
    bounds = (
        _("%(yen)s以上", yen=yen(wanted.at_least)) if wanted.at_least is not None else "",
        _("あり") if wanted.above == 0 else "",
        _("%(yen)s超", yen=yen(wanted.above)) if wanted.above else "",
        _("%(yen)s未満", yen=yen(wanted.below)) if wanted.below is not None else "",
        _("%(yen)s以下", yen=yen(wanted.at_most)) if wanted.at_most is not None else "",
    )
    return " ".join(str(bound) for bound in bounds if bound)


def _figures(price: ExtraPrice) -> list[int]:
    if isinstance(price.yen, dict):
        return list(price.yen.values())
    return [] if price.yen is None else [price.yen]


def _month_day(text: str) -> str:
    month, day = (int(part) for part in text.split("-"))
    if lang() == "en":
        return f"{day} {date(2000, month, 1):%B}"
    return f"{month}月{day}日"


def _figure(value: Fraction) -> str:
    """A whole number as such, anything else with at most two decimals: 1.2, 50, 33.33."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


def _first(when: When | list[When]) -> When:
    return when if isinstance(when, dict) else {}
