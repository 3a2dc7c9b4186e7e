"""Who is signed in, for the frame of the page, and which staff screens they may open."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from webapp.identity import mandates
from webapp.identity.models import Staff
from webapp.identity.permissions import scope_of
from webapp.web import guards, sessions
from webapp.web.transaction import db

OWN = "自分の設定"
"""The group that stands beside the name of the staff member."""
STAFF_SCREENS = (
    ("", "受付箱", "staff.inbox.inbox", "case.read"),
    ("", "代わりに入力", "staff.enter.choose", "case.enter"),
    ("", "来庁者の端末", "staff.counter.overview", "case.enter"),
    ("", "予約", "staff.timeline.timeline", "booking.read"),
    ("施設とお金", "施設", "staff.facilities.overview", "booking.read"),
    ("施設とお金", "収納", "staff.payments.overview", "payment.read"),
    ("施設とお金", "収納の報告", "staff.receipts.revenue", "payment.read"),
    ("お知らせ", "配信", "staff.broadcasts.overview", "message.broadcast"),
    ("お知らせ", "配信", "staff.broadcasts.overview", "message.approve"),
    ("お知らせ", "未回答の質問", "staff.delivery.questions", "chat.answer"),
    ("お知らせ", "送信のようす", "staff.delivery.show", "system.manage"),
    ("管理", "統計", "staff.statistics.show", "statistics.read"),
    ("管理", "職員", "staff.accounts.accounts", "staff.manage"),
    ("管理", "保存期間", "staff.retention.show", "system.manage"),
    ("管理", "操作記録", "staff.audit.records", "audit.read"),
    ("管理", "承認", "staff.approvals.overview", "approval.decide"),
    (OWN, "自分のアカウント", "staff.accounts.me", "staff.home"),
    (OWN, "不在の設定", "staff.absence.show", "case.work"),
    (OWN, "求めた承認", "staff.approvals.overview", "case.export"),
    (OWN, "本人確認の方法", "staff.factors.factors", "staff.home"),
)
"""Group (empty: in the bar itself), label, endpoint and the permission it needs, in the menu's order."""


@dataclass(frozen=True)
class AccountBar:
    """Who is signed in, as the frame shows them; `screens` are (group, label, endpoint)."""

    signed_in: bool = False
    resident_label: str | None = None
    staff_name: str | None = None
    screens: tuple[tuple[str, str, str], ...] = ()


def account_bar() -> AccountBar:
    """Return the bar of this request; an empty one when its holder cannot be read (the error page)."""
    try:
        if sessions.current().side == "staff":
            staff = guards.current_staff()
            return _of_staff(staff) if staff else AccountBar()
        return _of_resident()
    except OperationalError:
        return AccountBar()


def _of_resident() -> AccountBar:
    resident = guards.current_resident()
    if resident is None:
        return AccountBar()
    name = (resident.profile or {}).get("name")
    mandate = guards.current_mandate()
    if mandate is not None:
        grantor = mandates.grantor_name(db(), mandate)
        label = _("%(name)sさんの代理で手続きをしています", name=grantor)
    else:
        label = _("%(name)sさんがサインインしています", name=name) if name else _("サインインしています")
    return AccountBar(signed_in=True, resident_label=str(label))


def _of_staff(staff: Staff) -> AccountBar:
    screens = dict.fromkeys(
        (group, label, endpoint)
        for group, label, endpoint, need in STAFF_SCREENS
        if scope_of(staff.roles, need)
    )
    return AccountBar(signed_in=True, staff_name=staff.name, screens=tuple(screens))
