"""Reminders of fees, refunds that come back, and the days on which the payees had their money."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from webapp import clock
from webapp.payment import reconcile, telling

if TYPE_CHECKING:
    from webapp.wiring import Services


def remind(services: Services) -> str:
    """Remind of fees that fall due soon, and of those that are overdue."""
    with services.database.transaction() as session:
        return f"{telling.remind_due(session)} due soon, {telling.remind_overdue(session)} overdue"


def watch_refunds(services: Services) -> str:
    """Find refunds that came back to us after they had gone through."""
    found = reconcile.watch_refunds(services.database.transaction, services.payment, services.settle_handlers)
    return f"{found} refunds came back"


def record_payouts(services: Services) -> str:
    """Note the payouts and fees of the last two weeks."""
    today = clock.today()
    noted = reconcile.record_payouts(
        services.database.transaction,
        services.payment,
        list(services.city.payees),
        today - timedelta(days=14),
        today + timedelta(days=1),
    )
    return f"{noted} payouts noted"
