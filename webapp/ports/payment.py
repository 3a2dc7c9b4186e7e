"""The socket for payment providers: card, konbini and PayPay gateways, and the cash desk.

All amounts are integer yen; JPY has no minor unit, so 3,420 yen is ``3420`` everywhere. Instants are
aware UTC. A provider's event is only a trigger: nothing is settled but from what ``fetch`` returns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

Method = Literal["card", "paypay", "konbini", "cash", "pos", "slip", "local", "free", "bank"]
TruthStatus = Literal["open", "pending", "paid", "failed", "expired"]
RefundStatus = Literal["pending", "requires_action", "succeeded", "failed", "canceled"]


class PaymentError(Exception):
    """Anything a payment provider can answer with instead of a result."""


class Unreachable(PaymentError):
    """No answer, or a temporary one; the effect is unknown. Repeat with the same key."""


class Refused(PaymentError):
    """The provider said no and nothing happened. ``code`` is the provider's own word for it."""

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


class NotKnown(PaymentError):
    """The provider does not know this id."""


class BadEvent(PaymentError):
    """A callback that must change nothing; ``verdict`` is kept in the record of the event."""

    verdict = "malformed"


class ForgedEvent(BadEvent):
    """The signature is missing or wrong."""

    verdict = "forged"


class StaleEvent(BadEvent):
    """Rightly signed, but too long ago: a replay, or a clock that is wrong."""

    verdict = "stale"


class MalformedEvent(BadEvent):
    """Rightly signed, but not an event we can read."""


@dataclass(frozen=True)
class OrderLine:
    """One line as the payer reads it on the provider's page; ``amount_yen`` is the line's total."""

    label: str
    amount_yen: int


@dataclass(frozen=True)
class Order:
    """What to collect. Frozen on the attempt's row before the first call: same key, same bytes.

    ``expires_at`` is our own limit; a provider whose pages live longer is told to ``expire`` them.
    ``account`` names the payee whose contract with the provider is used.
    """

    key: str
    account: str
    amount_yen: int
    title: str
    lines: tuple[OrderLine, ...]
    methods: tuple[Method, ...]
    return_url: str
    cancel_url: str
    opened_at: datetime
    expires_at: datetime
    reference: str
    email: str | None = None
    lang: str = "ja"
    konbini_days: int = 3
    currency: str = "jpy"


@dataclass(frozen=True)
class Started:
    """Where to send the payer, the provider's id to fetch by, and when its page closes."""

    redirect_url: str
    provider_id: str
    expires_at: datetime


@dataclass(frozen=True)
class RefundTruth:
    """The provider's word on one refund."""

    refund_id: str
    status: RefundStatus
    amount_yen: int
    currency: str = "jpy"
    key: str | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Truth:
    """The provider's word on one payment, fetched and not pushed.

    ``reference`` is the key we gave at the start; ``paid_at`` is the payer's act (it decides 納付日);
    ``pending_until`` is the end of a konbini slip; ``payment_id`` is what a refund points at.
    """

    provider: str
    provider_id: str
    status: TruthStatus
    amount_yen: int
    currency: str
    reference: str
    account: str = "city"
    method: Method | None = None
    paid_at: datetime | None = None
    payment_id: str | None = None
    pending_until: datetime | None = None
    instructions: Mapping[str, str] = field(default_factory=dict)
    fee_yen: int | None = None
    failure: str | None = None
    refunds: tuple[RefundTruth, ...] = ()


@dataclass(frozen=True)
class RefundOrder:
    """Money to give back. ``email`` is where a konbini payer is asked for bank details."""

    key: str
    account: str
    provider_id: str
    payment_id: str
    amount_yen: int
    method: Method
    email: str | None = None


@dataclass(frozen=True)
class EventRef:
    """What a verified callback points at; its body is otherwise not believed."""

    event_id: str
    kind: str
    provider_id: str | None
    occurred_at: datetime
    account: str = "city"


@dataclass(frozen=True)
class Payout:
    """One payment's way into a payout: gross and fee in yen, and the day the money arrives."""

    provider_id: str
    gross_yen: int
    fee_yen: int
    paid_out_on: date


class PaymentPort(Protocol):
    """A payment provider. Every call may raise ``Unreachable``; repeat it with the same key."""

    @property
    def name(self) -> str:
        """The plug's name, kept on every attempt and event."""

    @property
    def methods(self) -> tuple[Method, ...]:
        """The ways to pay it can take, as configured."""

    @property
    def online(self) -> bool:
        """Whether the payer is sent to a page of the provider."""

    @property
    def page_origins(self) -> tuple[str, ...]:
        """The origins of its pages, as the Content-Security-Policy of our forms must allow them."""

    def start(self, order: Order) -> Started:
        """Open a payment page. Same ``order.key`` gives the same page; raises Refused."""

    def fetch(self, provider_id: str, *, account: str = "city") -> Truth:
        """Ask what is true now; raises NotKnown."""

    def expire(self, provider_id: str, *, account: str = "city") -> Truth:
        """End an unpaid payment and return what is true afterwards (it may turn out paid)."""

    def refund(self, order: RefundOrder) -> RefundTruth:
        """Give money back, once per key; raises Refused when it is more than was paid."""

    def fetch_refund(self, refund_id: str, *, account: str = "city") -> RefundTruth:
        """Ask what became of a refund; raises NotKnown."""

    def call_off_refund(self, refund_id: str, *, account: str = "city") -> RefundTruth:
        """Stop a refund that waits for the payer (``requires_action``); raises Refused for any other."""

    def parse_event(self, raw: bytes, headers: Mapping[str, str]) -> EventRef:
        """Verify the signature over the raw bytes; raises ForgedEvent, StaleEvent, MalformedEvent."""

    def payouts(self, since: date, until: date, *, account: str = "city") -> list[Payout]:
        """Payments whose money reached the payee's bank in ``[since, until)``."""
