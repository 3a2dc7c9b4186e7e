"""Who is signed in, for the frame of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    return AccountBar()
