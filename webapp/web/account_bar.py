"""Who is signed in, for the frame of the page, and which staff screens they may open."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from webapp.identity.models import Staff
from webapp.identity.permissions import scope_of
from webapp.web import guards, sessions

STAFF_SCREENS = (
    ("受付箱", "staff.inbox.inbox", "case.read"),
    ("代わりに入力", "staff.enter.choose", "case.enter"),
    ("来庁者の端末", "staff.counter.overview", "case.enter"),
    ("予約", "staff.timeline.timeline", "booking.read"),
    ("施設", "staff.facilities.overview", "booking.read"),
    ("収納", "staff.payments.overview", "payment.read"),
    ("収入の集計", "staff.receipts.revenue", "payment.read"),
    ("配信", "staff.broadcasts.overview", "message.broadcast"),
    ("答えられなかった質問", "staff.delivery.questions", "chat.answer"),
    ("送信のようす", "staff.delivery.show", "system.manage"),
    ("統計", "staff.statistics.show", "statistics.read"),
    ("職員", "staff.accounts.accounts", "staff.manage"),
    ("保存期間", "staff.retention.show", "system.manage"),
    ("操作記録", "staff.audit.records", "audit.read"),
    ("不在の設定", "staff.absence.show", "case.work"),
    ("本人確認の方法", "staff.factors.factors", "staff.home"),
)
"""Label, endpoint and the permission it needs, in the order of the menu."""


@dataclass(frozen=True)
class AccountBar:
    """The signed-in resident or staff member as the frame shows them; `screens` are (label, endpoint)."""

    signed_in: bool = False
    resident_label: str | None = None
    staff_name: str | None = None
    screens: tuple[tuple[str, str], ...] = ()


def account_bar() -> AccountBar:
    """Return the bar of this request; an empty one when the database does not answer (the error page)."""
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
    label = _("%(name)sさんがサインインしています", name=name) if name else _("サインインしています")
    return AccountBar(signed_in=True, resident_label=str(label))


def _of_staff(staff: Staff) -> AccountBar:
    screens = [(label, endpoint) for label, endpoint, need in STAFF_SCREENS if scope_of(staff.roles, need)]
    return AccountBar(signed_in=True, staff_name=staff.name, screens=tuple(screens))
