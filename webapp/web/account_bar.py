"""Who is signed in, for the frame of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import g, has_request_context
from flask.globals import request_ctx
from flask_babel import gettext as _

from webapp.identity.permissions import scope_of

if TYPE_CHECKING:
    from webapp.identity.models import Staff
    from webapp.web.display import MenuItem


@dataclass(frozen=True)
class AccountBar:
    """The signed-in resident or staff member as the frame shows them."""

    signed_in: bool = False
    resident_label: str | None = None
    staff_name: str | None = None
    staff_menu: list[MenuItem] = field(default_factory=list)
    staff_sign_out_url: str | None = None


def account_bar() -> AccountBar:
    """Return the bar of this request; an empty one on a page that failed before sessions were known."""
    mine = getattr(request_ctx, "session", None) if has_request_context() else None
    if mine is None:
        return AccountBar()
    if mine.side == "staff":
        return _staff_bar()
    if mine.holder.resident_id is None:
        return AccountBar()
    return AccountBar(signed_in=True, resident_label=_("サインインしています"))


def _staff_bar() -> AccountBar:
    from webapp.web.display import url_if

    staff: Staff | None = g.get("staff")  # the guard has looked it up; an error page asks for nothing more
    if staff is None:
        return AccountBar()
    return AccountBar(
        signed_in=True,
        staff_name=staff.name,
        staff_menu=_staff_menu(staff),
        staff_sign_out_url=url_if("staff.sign_in.sign_out"),
    )


STAFF_MENU = (
    ("受付箱", "staff.inbox.inbox", "case.read"),
    ("窓口入力", "staff.enter.choose", "case.enter"),
    ("予約台帳", "staff.timeline.timeline", "booking.read"),
    ("施設", "staff.facilities.facilities", "facility.manage"),
    ("収納", "staff.payments.overview", "payment.read"),
    ("お知らせ配信", "staff.broadcasts.broadcasts", "message.broadcast"),
    ("統計", "staff.statistics.show", "statistics.read"),
    ("保存期間", "staff.retention.show", "system.manage"),
    ("不在と代理", "staff.absence.show", "case.work"),
    ("操作記録", "staff.trail.trail", "audit.read"),
    ("職員アカウント", "staff.accounts.accounts", "staff.manage"),
    ("自分のアカウント", "staff.accounts.me", "staff.home"),
)


def _staff_menu(staff: Staff) -> list[MenuItem]:
    from webapp.web.display import menu_item  # late: display imports this module

    items = [
        menu_item(label, endpoint)
        for label, endpoint, permission in STAFF_MENU
        if scope_of(staff.roles, permission)
    ]
    return [item for item in items if item is not None]
