"""Stripe: Checkout Sessions with card, konbini and PayPay, in yen.

JPY has no minor unit: 3,420 yen is sent as 3420. Each payee has its own account (keys), so that a
designated manager's 利用料金 never passes through the city's. Events only wake a fetch.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import stripe

from integrations.catalogue import Ground
from integrations.payment import stripe_truth
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
    StaleEvent,
    Started,
    Truth,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

API = "https://api.stripe.com"
TOKYO = ZoneInfo("Asia/Tokyo")
SHORTEST_PAGE = timedelta(minutes=40)
"""Stripe takes 30 minutes to 24 hours from the call; ten more leave room for a repeated start."""
LONGEST_PAGE = timedelta(hours=23, minutes=30)
TIMEOUT_SECONDS = 12
TOLERANCE_SECONDS = 300
EXPAND = ["payment_intent.latest_charge.balance_transaction"]


@dataclass(frozen=True)
class Account:
    """A payee's contract: its secret key and the signing secrets of its webhook endpoints.

    Several while one is being rolled, or where a city has more than one endpoint.
    """

    key: str
    webhook_secrets: tuple[str, ...]


class StripePayment:
    """The plug. ``accounts`` by payee key; ``api`` only changes for the fake of the tests."""

    name = "stripe"
    online = True
    page_origins = ("https://checkout.stripe.com",)

    def __init__(
        self,
        accounts: Mapping[str, Account],
        *,
        methods: tuple[Method, ...] = ("card", "konbini"),
        api: str = API,
        timeout: float = TIMEOUT_SECONDS,
        use_keys: bool = True,
    ) -> None:
        self.methods = methods
        self._accounts = dict(accounts)
        self._api = api
        self._timeout = timeout
        self._use_keys = use_keys  # False only for the negative control of the proof

    def start(self, order: Order) -> Started:
        """See PaymentPort."""
        params = _session_params(order)
        with _translated():
            session = self._client(order.account).v1.checkout.sessions.create(
                params=cast(Any, params), options=self._options(order.key)
            )
        return Started(str(session.url), session.id, datetime.fromtimestamp(params["expires_at"], UTC))

    def fetch(self, provider_id: str, *, account: str = "city") -> Truth:
        """See PaymentPort; also takes a PaymentIntent's id, as events about refunds carry it."""
        client = self._client(account)
        with _translated():
            session = self._session(client, provider_id)
            intent = session.get("payment_intent")
            refunds: list[Any] = []
            if intent is not None and session.get("payment_status") == "paid":
                refunds = list(
                    client.v1.refunds.list(params={"payment_intent": intent["id"], "limit": 100}).data
                )
        return stripe_truth.truth(session, [refund.to_dict() for refund in refunds], account)

    def expire(self, provider_id: str, *, account: str = "city") -> Truth:
        """See PaymentPort: ends an open page, or cancels a konbini slip that is out."""
        client = self._client(account)
        now = self.fetch(provider_id, account=account)
        try:
            with _translated():
                if now.status == "open":
                    client.v1.checkout.sessions.expire(provider_id)
                elif now.status == "pending" and now.payment_id:
                    client.v1.payment_intents.cancel(now.payment_id)
        except Refused:
            pass  # it was paid, or ended, in the meantime: the fetch tells which
        return self.fetch(provider_id, account=account)

    def refund(self, order: RefundOrder) -> RefundTruth:
        """See PaymentPort. Konbini payers get a mail from Stripe that asks for their bank details."""
        params: dict[str, Any] = {
            "payment_intent": order.payment_id,
            "amount": order.amount_yen,
            "metadata": {"key": order.key},
        }
        if order.method == "konbini":
            if not order.email:
                raise Refused("a konbini refund needs a mail address", "no_email")
            params["instructions_email"] = order.email
        with _translated():
            made = self._client(order.account).v1.refunds.create(
                params=cast(Any, params), options=self._options(order.key)
            )
        return stripe_truth.refund(made.to_dict())

    def fetch_refund(self, refund_id: str, *, account: str = "city") -> RefundTruth:
        """See PaymentPort."""
        with _translated():
            return stripe_truth.refund(self._client(account).v1.refunds.retrieve(refund_id).to_dict())

    def call_off_refund(self, refund_id: str, *, account: str = "city") -> RefundTruth:
        """See PaymentPort."""
        with _translated():
            return stripe_truth.refund(self._client(account).v1.refunds.cancel(refund_id).to_dict())

    def parse_event(self, raw: bytes, headers: Mapping[str, str]) -> EventRef:
        """See PaymentPort; tries every signing secret of every account."""
        given = {name.lower(): value for name, value in headers.items()}.get("stripe-signature", "")
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise ForgedEvent("not text") from error
        stale: Exception | None = None
        for payee, secret in self._secrets():
            try:
                stripe.WebhookSignature.verify_header(text, given, secret, TOLERANCE_SECONDS)
            except stripe.SignatureVerificationError as error:
                stale = error if "tolerance" in str(error) else stale
                continue
            return stripe_truth.event(raw, payee)
        if stale is not None:
            raise StaleEvent(str(stale))
        raise ForgedEvent("the signature fits no account")

    def payouts(self, since: date, until: date, *, account: str = "city") -> list[Payout]:
        """See PaymentPort, from the balance transactions that became available in these days."""
        if account not in self._accounts:
            return []
        between = {"gte": _midnight(since), "lt": _midnight(until)}
        params = {"available_on": between, "expand": ["data.source"], "limit": 100}
        with _translated():
            page = self._client(account).v1.balance_transactions.list(params=cast(Any, params))
            entries = [entry.to_dict() for entry in page.auto_paging_iter()]
        return [stripe_truth.payout(entry) for entry in entries if entry["type"] in ("charge", "payment")]

    def _secrets(self) -> Iterator[tuple[str, str]]:
        for payee, account in self._accounts.items():
            for secret in account.webhook_secrets:
                yield payee, secret

    def _session(self, client: stripe.StripeClient, provider_id: str) -> dict[str, Any]:
        if provider_id.startswith("pi_"):
            found = client.v1.checkout.sessions.list(params={"payment_intent": provider_id}).data
            if not found:
                raise NotKnown(provider_id)
            provider_id = found[0].id
        got = client.v1.checkout.sessions.retrieve(provider_id, params={"expand": EXPAND})
        return got.to_dict()

    def _client(self, payee: str) -> stripe.StripeClient:
        if payee not in self._accounts:
            raise Refused(f"no Stripe account for payee {payee!r}", "no_account")
        return stripe.StripeClient(
            self._accounts[payee].key,
            base_addresses={"api": self._api},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=self._timeout),
        )

    def _options(self, key: str) -> Any:
        return {"idempotency_key": key} if self._use_keys else {}


def build(ground: Ground) -> StripePayment:
    """Build the plug from ``MADOGUCHI_STRIPE_KEY``, ``…_STRIPE_WEBHOOK_SECRET``, ``…_STRIPE_METHODS``.

    Several webhook secrets are divided by commas: old and new while one is rolled.

    A designated manager's account: ``MADOGUCHI_STRIPE_KEY_<PAYEE>`` and its webhook secret alike, the
    payee's key with ``_`` for ``-``. ``MADOGUCHI_PAYEES`` lists these payees.
    """
    options = ground.options
    accounts = {"city": _account(options, "")}
    for payee in filter(None, options.get("payees", "").split(",")):
        accounts[payee.strip()] = _account(options, "_" + payee.strip().replace("-", "_").lower())
    wanted = options.get("stripe_methods", "card,konbini").split(",")
    known: tuple[Method, ...] = ("card", "paypay", "konbini")
    return StripePayment(accounts, methods=tuple(method for method in known if method in wanted))


def _account(options: Mapping[str, str], suffix: str) -> Account:
    secrets = options[f"stripe_webhook_secret{suffix}"].split(",")
    return Account(options[f"stripe_key{suffix}"], tuple(secret.strip() for secret in secrets))


@contextmanager
def _translated() -> Iterator[None]:
    """Stripe's exceptions as the port's: unknown effect, known refusal, not known."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Unreachable(str(error)) from error
    except stripe.IdempotencyError as error:
        if error.http_status == 409:
            raise Unreachable(str(error)) from error
        raise Refused(str(error), "idempotency") from error
    except stripe.InvalidRequestError as error:
        if error.http_status == 404 or error.code == "resource_missing":
            raise NotKnown(str(error)) from error
        raise Refused(str(error), error.code or "invalid") from error
    except (stripe.AuthenticationError, stripe.PermissionError, stripe.CardError) as error:
        raise Refused(str(error), error.code or "refused") from error
    except stripe.APIError as error:
        raise Unreachable(str(error)) from error
    except stripe.StripeError as error:
        if error.http_status == 409:
            raise Unreachable(str(error)) from error
        raise Refused(str(error), error.code or "refused") from error


def _session_params(order: Order) -> dict[str, Any]:
    """The same order gives the same parameters, so that a key can be repeated."""
    ends = min(max(order.expires_at, order.opened_at + SHORTEST_PAGE), order.opened_at + LONGEST_PAGE)
    params: dict[str, Any] = {
        "mode": "payment",
        "payment_method_types": list(order.methods),
        "line_items": [_item(label, yen) for label, yen in _lines(order)],
        "client_reference_id": order.reference,
        "metadata": {"reference": order.reference},
        "payment_intent_data": {"metadata": {"reference": order.reference}},
        "success_url": order.return_url,
        "cancel_url": order.cancel_url,
        "expires_at": int(ends.timestamp()),
        "locale": "en" if order.lang == "en" else "ja",
    }
    if "konbini" in order.methods:
        params["payment_method_options"] = {"konbini": {"expires_after_days": order.konbini_days}}
    if order.email:
        params["customer_email"] = order.email
    return params


def _lines(order: Order) -> list[tuple[str, int]]:
    lines = [(line.label, line.amount_yen) for line in order.lines if line.amount_yen]
    if any(yen < 0 for _, yen in lines) or sum(yen for _, yen in lines) != order.amount_yen:
        return [(order.title, order.amount_yen)]  # Checkout has no lines below zero
    return lines


def _item(label: str, yen: int) -> dict[str, Any]:
    price = {"currency": "jpy", "unit_amount": yen, "product_data": {"name": label[:250] or "-"}}
    return {"quantity": 1, "price_data": price}


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), TOKYO).timestamp())
