"""What a procedure asks of people, computed from its definition: the card 「はじめる前に」."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from webapp import clock
from webapp.calendar.business import BusinessCalendar
from webapp.conditions.dates import Span, shift
from webapp.form_engine.fee_model import FeeLine
from webapp.form_engine.model import Definition
from webapp.form_engine.rules_model import Retention
from webapp.web.filters import yen
from webapp.yaml_source import Lang

Need = tuple[str, str | None]
"""A thing to have at hand, and when it is needed or how it is given."""


@dataclass(frozen=True)
class Card:
    """Everything the procedure page says before one starts; texts are in the reader's language."""

    who: str
    needs: list[Need]
    fee: list[str]
    minutes: int
    identity: str
    identity_note: str | None
    by_phone: str
    processing: str | None
    ready_by: date | None
    window: str | None
    budget: str | None
    delivery: str | None
    laws: list[str]
    purpose: str
    retention: str | None


def card(
    definition: Definition, lang: Lang, calendar: BusinessCalendar, *, budget_left: int | None = None
) -> Card:
    """Return the card of a procedure; ``budget_left`` is what can still be paid this 年度, in yen."""
    within = definition.processing.within
    note = definition.identity.note
    return Card(
        who=definition.who.in_(lang),
        needs=list(_needs(definition, lang)),
        fee=fee_lines(definition, lang),
        minutes=definition.minutes,
        identity=identity_text(definition.identity.level),
        identity_note=note.in_(lang) if note else None,
        by_phone=_by_phone(definition),
        processing=span_text(within) if within else None,
        ready_by=shift(clock.today(), within, 1, calendar) if within else None,
        window=definition.window.note.in_(lang) if definition.window else None,
        budget=None if budget_left is None else _budget(budget_left),
        delivery=definition.delivery.in_(lang) if definition.delivery else None,
        laws=[f"{law.name} {law.article}" if law.article else law.name for law in definition.law],
        purpose=definition.purpose_of_use.in_(lang),
        retention=retention_text(definition.retention),
    )


def _budget(left: int) -> str:
    if left == 0:
        return str(_("予算の上限に達したため、今年度の受付は終わりました。"))
    return str(_("先着順です。残りは%(left)sです。", left=yen(left)))


def _needs(definition: Definition, lang: Lang) -> Iterator[Need]:
    for need in definition.needs:
        kind = _("窓口へお持ちください") if need.bring else (_("あてはまる方だけ") if need.if_ else None)
        yield need.text.in_(lang), kind
    listed = [need.text.ja for need in definition.needs]
    for _path, paper in definition.attachments:
        if any(paper.label.ja in text or text in paper.label.ja for text in listed):
            continue
        kind = _("写真でも送れます") if "image" in paper.allow else None
        if paper.later:
            kind = _("あとから出せます")
        elif paper.required is not True or paper.show_if:
            kind = _("必要な方だけ")
        yield paper.label.in_(lang), kind


def fee_lines(definition: Definition, lang: Lang) -> list[str]:
    """What it costs, one line each; 「無料」 where nothing is asked for."""
    fee = definition.fee
    if fee is None:
        return [_("無料")]
    today = clock.today()
    lines = [_line(line, definition, lang) for line in fee.lines if _holds(line, today)]
    if fee.when == "after_review":
        lines.append(_("金額は、内容を確かめてからお知らせします。"))
    elif fee.when == "later":
        lines.append(_("お支払いは後日です。"))
    if fee.reductions:
        lines.append(_("減額や免除になる場合があります。"))
    if fee.note:
        lines.append(fee.note.in_(lang))
    return list(dict.fromkeys(lines))


def _holds(line: FeeLine, today: date) -> bool:
    return (line.valid_from is None or line.valid_from <= today) and (
        line.valid_until is None or today < line.valid_until
    )


def _line(line: FeeLine, definition: Definition, lang: Lang) -> str:
    label = line.label.in_(lang)
    amounts = _amounts(line)
    if not amounts:
        return label
    low, high = min(amounts), max(amounts)
    amount = yen(low) if low == high else _("%(low)sから%(high)s", low=yen(low), high=yen(high))
    if line.quantity is not None:
        amount = _("1%(unit)sにつき%(amount)s", unit=_unit(line, definition, lang), amount=amount)
    return " ".join([label, amount if high else _("無料")])


def _unit(line: FeeLine, definition: Definition, lang: Lang) -> str:
    """What is counted: the unit of the question that asks how many."""
    if line.quantity is None:
        return ""
    if line.quantity.months is not None:
        return str(_("か月"))
    field = definition.fields.get(line.quantity.field or line.quantity.rows or "")
    unit = getattr(field, "unit", None)
    return unit.in_(lang) if unit is not None else str(_("つ"))


def _amounts(line: FeeLine) -> list[int]:
    if line.yen is not None:
        return [line.yen]
    if line.bands is not None:
        return [band.yen for band in line.bands.table]
    if line.choice is not None:
        return [amount for amount in line.choice.yen.values() if amount is not None]
    return []


def identity_text(level: str) -> str:
    """How one proves who one is, in a sentence."""
    texts: dict[str, str] = {
        "none": _("本人確認はいりません。"),
        "contact": _("電話番号かメールアドレスを入力します。"),
        "account": _("サインインが必要です。"),
        "card": _("マイナンバーカードと暗証番号（数字4けた）で確かめます。"),
        "signed": _("マイナンバーカードの電子署名（英数字6〜16けたの暗証番号）が必要です。"),
    }
    return texts[level]


def _by_phone(definition: Definition) -> str:
    texts: dict[str, str] = {
        "full": _("スマートフォンだけで終わります。"),
        "partial": _("一部は窓口か郵送での手続きが必要です。"),
        "booking_only": _("ここでは予約だけできます。"),
        "none": _("オンラインではできません。"),
    }
    return texts[definition.online.status]


def span_text(span: Span) -> str:
    """「届いてから10開庁日くらい」: a length of time in words."""
    for name, text in (
        ("business_days", _("届いてから%(n)s開庁日くらい", n=span.business_days)),
        ("days", _("届いてから%(n)s日くらい", n=span.days)),
        ("weeks", _("届いてから%(n)s週間くらい", n=span.weeks)),
        ("months", _("届いてから%(n)sか月くらい", n=span.months)),
        ("years", _("届いてから%(n)s年くらい", n=span.years)),
    ):
        if getattr(span, name) is not None:
            return str(text)
    raise ValueError("a span has exactly one unit")


def retention_text(retention: Retention | None) -> str | None:
    """How long answers are kept, and what happens then."""
    if retention is None:
        return None
    if retention.months is not None:
        length = _("%(n)sか月", n=retention.months)
    else:
        length = _("%(n)s年", n=retention.years)
    if retention.then == "anonymise":
        kept = _(
            "手続きが終わってから%(length)s保存します。その後は、だれのものかわからない形にします。",
            length=length,
        )
    else:
        kept = _("手続きが終わってから%(length)s保存します。その後に消します。", length=length)
    return str(kept)
