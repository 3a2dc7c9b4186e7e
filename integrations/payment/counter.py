"""The cash desk: money that a person took. It speaks to nobody, so the ledger itself is the desk's truth.

Methods: cash, pos (a card terminal, with its reference), slip (納付書, paid at a bank), local (a local
currency under the name the city gave it). The plug remembers only what one process needs between the
start and the taking; both happen inside the transaction that settles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from integrations.catalogue import Ground
from webapp.ports.payment import (
    EventRef,
    ForgedEvent,
    Method,
    NotKnown,
    Order,
    Payout,
    RefundOrder,
    RefundTruth,
    Refused,
    Started,
    Truth,
)

DESK_METHODS: tuple[Method, ...] = ("cash", "pos", "slip")
REMEMBERED = 10_000


@dataclass(frozen=True)
class _Entry:
    truth: Truth
    refunds: tuple[RefundTruth, ...] = ()


class CounterPayment:
    """The plug. A started payment is taken by the desk or ended; both count once per key."""

    name = "counter"
    online = False
    page_origins: tuple[str, ...] = ()

    def __init__(self, now: Callable[[], datetime], methods: tuple[Method, ...] = DESK_METHODS) -> None:
        self.methods = methods
        self._now = now
        self._entries: dict[str, _Entry] = {}

    def start(self, order: Order) -> Started:
        """See PaymentPort; the id is made of the key, so nothing can be lost between the two."""
        if order.amount_yen < 1 or order.currency != "jpy":
            raise Refused("only whole yen from 1 upward are taken", "amount")
        provider_id = "desk_" + order.key
        known = self._entries.get(provider_id)
        if known is not None and known.truth.amount_yen != order.amount_yen:
            raise Refused("this key was used for another order", "idempotency")
        if known is None:
            self._forget_old()
            truth = Truth(
                "counter", provider_id, "open", order.amount_yen, "jpy", order.reference, order.account
            )
            self._entries[provider_id] = _Entry(replace(truth, payment_id=provider_id, fee_yen=0))
        return Started("", provider_id, order.expires_at)

    def take(self, provider_id: str, method: Method, paid_at: datetime | None = None) -> Truth:
        """The desk has the money; a second press changes nothing. ``paid_at`` for a slip paid at a bank."""
        if method not in self.methods:
            raise Refused(f"the desk does not take {method}", "method")
        entry = self._entry(provider_id)
        if entry.truth.status != "paid":
            paid = replace(entry.truth, status="paid", method=method, paid_at=paid_at or self._now())
            self._entries[provider_id] = replace(entry, truth=paid)
        return self.fetch(provider_id)

    def fetch(self, provider_id: str, *, account: str = "city") -> Truth:
        """See PaymentPort."""
        entry = self._entry(provider_id)
        return replace(entry.truth, refunds=entry.refunds)

    def expire(self, provider_id: str, *, account: str = "city") -> Truth:
        """See PaymentPort."""
        entry = self._entry(provider_id)
        if entry.truth.status == "open":
            self._entries[provider_id] = replace(entry, truth=replace(entry.truth, status="expired"))
        return self.fetch(provider_id)

    def refund(self, order: RefundOrder) -> RefundTruth:
        """See PaymentPort: cash handed back. What the ledger allows, the desk gives; it checks no sums
        of payments that another process took."""
        made = RefundTruth("deskr_" + order.key, "succeeded", order.amount_yen, key=order.key)
        entry = self._entries.get(order.provider_id)
        if entry is None:
            return made
        known = next((refund for refund in entry.refunds if refund.key == order.key), None)
        if known is not None:
            if known.amount_yen != order.amount_yen:
                raise Refused("this key was used for another refund", "idempotency")
            return known
        left = entry.truth.amount_yen - sum(refund.amount_yen for refund in entry.refunds)
        if entry.truth.status != "paid" or not 0 < order.amount_yen <= left:
            raise Refused("more than what is left of this payment", "refund_too_large")
        self._entries[order.provider_id] = replace(entry, refunds=(*entry.refunds, made))
        return made

    def fetch_refund(self, refund_id: str, *, account: str = "city") -> RefundTruth:
        """See PaymentPort."""
        for entry in self._entries.values():
            for refund in entry.refunds:
                if refund.refund_id == refund_id:
                    return refund
        raise NotKnown(refund_id)

    def call_off_refund(self, refund_id: str, *, account: str = "city") -> RefundTruth:
        """See PaymentPort: what the desk hands back is gone."""
        raise Refused(f"{self.fetch_refund(refund_id).refund_id} was handed over", "not_waiting")

    def parse_event(self, raw: bytes, headers: Mapping[str, str]) -> EventRef:
        """The desk never calls; whoever does is not the desk."""
        raise ForgedEvent("the desk sends no events")

    def payouts(self, since: date, until: date, *, account: str = "city") -> list[Payout]:
        """See PaymentPort: what the desk took is in the ledger and in the till on the same day."""
        return []

    def _entry(self, provider_id: str) -> _Entry:
        if provider_id not in self._entries:
            raise NotKnown(provider_id)
        return self._entries[provider_id]

    def _forget_old(self) -> None:
        while len(self._entries) >= REMEMBERED:
            self._entries.pop(next(iter(self._entries)))


def build(ground: Ground) -> CounterPayment:
    """Build the desk; ``MADOGUCHI_LOCAL_CURRENCY`` switches the local currency on."""
    local: tuple[Method, ...] = ("local",) if ground.options.get("local_currency") else ()
    return CounterPayment(ground.now, (*DESK_METHODS, *local))
