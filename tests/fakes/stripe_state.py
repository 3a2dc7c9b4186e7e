"""What the fake Stripe remembers: sessions, intents, charges, refunds, balance, events, and real effects."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.stripe_payers import REFUND_FAILS_LATER, ApiError, Payers

API_VERSION = "2026-10-28.endive"


@dataclass
class State(Payers):
    """Everything, under one lock. ``shift`` moves the clock (seconds); ``owner`` is the key that made it."""

    emit: Callable[[dict[str, Any]], None] = lambda event: None
    base: str = "http://localhost"
    least_yen: int = 1
    most_yen: int = 9_999_999
    shift: float = 0.0
    slow_refunds: frozenset[str] = frozenset()
    """Methods whose refunds begin as pending and end with ``pass_time``."""
    caller: str = ""
    owner: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    balance: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    money: Counter[str] = field(default_factory=Counter)
    """Real effects: how often each reference was charged."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def now(self) -> int:
        return int(time.time() + self.shift)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_fake{next(self._numbers):08d}"

    # -- Checkout Sessions -------------------------------------------------------------------

    def create_session(self, given: dict[str, Any]) -> dict[str, Any]:
        lines = list((given.get("line_items") or {}).values())
        total = 0
        for line in lines:
            price = line.get("price_data") or {}
            if price.get("currency") != "jpy":
                raise ApiError(400, "this fake sells in jpy only", "currency_not_supported")
            total += whole(price.get("unit_amount"), "unit_amount") * whole(
                line.get("quantity", "1"), "quantity"
            )
        if not self.least_yen <= total <= self.most_yen:
            raise ApiError(400, "amount out of range", "amount_too_small")
        expires = int(given.get("expires_at") or self.now() + 86400)
        if not self.now() + 1800 <= expires <= self.now() + 86400:
            raise ApiError(
                400, "expires_at must be between 30 minutes and 24 hours from creation", "parameter_invalid"
            )
        methods = list((given.get("payment_method_types") or {"0": "card"}).values())
        konbini = ((given.get("payment_method_options") or {}).get("konbini")) or {}
        days = whole(konbini.get("expires_after_days", "3"), "expires_after_days")
        if not 1 <= days <= 60:
            raise ApiError(400, "expires_after_days must be 1 to 60", "parameter_invalid")
        session_id = self.new_id("cs_test")
        row = {
            "id": session_id,
            "object": "checkout.session",
            "mode": given.get("mode"),
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": total,
            "amount_subtotal": total,
            "currency": "jpy",
            "expires_at": expires,
            "created": self.now(),
            "client_reference_id": given.get("client_reference_id"),
            "metadata": given.get("metadata") or {},
            "payment_intent": None,
            "payment_method_types": methods,
            "payment_method_options": {"konbini": {"expires_after_days": days}},
            "livemode": False,
            "success_url": given.get("success_url"),
            "cancel_url": given.get("cancel_url"),
            "customer_email": given.get("customer_email"),
            "locale": given.get("locale"),
            "url": f"{self.base}/c/pay/{session_id}",
            "ui_mode": "hosted_page",
        }
        self.sessions[session_id] = row
        self.owner[session_id] = self.caller
        return row

    def session(self, session_id: str) -> dict[str, Any]:
        row = self.sessions.get(session_id)
        if row is None:
            raise ApiError(404, f"No such checkout.session: {session_id}", "resource_missing")
        if row["status"] == "open" and row["expires_at"] <= self.now():
            self.end_session(row)
        intent = self.intents.get(row["payment_intent"] or "")
        if intent is not None and self.slip_is_over(intent):
            self.lapse_slip(session_id)
        return row

    def end_session(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["status"] != "open":
            raise ApiError(400, "Only Checkout Sessions with status open can be expired")
        row["status"], row["url"] = "expired", None
        self.say("checkout.session.expired", row)
        return row

    # -- refunds -----------------------------------------------------------------------------

    def create_refund(self, given: dict[str, Any]) -> dict[str, Any]:
        intent = self.intents.get(str(given.get("payment_intent")))
        if intent is None:
            raise ApiError(404, "No such payment_intent", "resource_missing")
        charge = self.charges.get(intent["latest_charge"] or "")
        if charge is None or not charge["paid"]:
            raise ApiError(400, "this payment has no successful charge", "charge_not_refundable")
        left = charge["amount"] - charge["amount_refunded"]
        amount = whole(given["amount"], "amount") if "amount" in given else left
        if left == 0:
            raise ApiError(400, "already refunded", "charge_already_refunded")
        if not 0 < amount <= left:
            raise ApiError(
                400, f"Refund amount ({amount}) is greater than what is left ({left})", "amount_too_large"
            )
        konbini = charge["payment_method_details"]["type"] == "konbini"
        kind = charge["payment_method_details"]["type"]
        if konbini and not given.get("instructions_email"):
            raise ApiError(400, "instructions_email is required", "parameter_missing")
        refund_id = self.new_id("re")
        charge["amount_refunded"] += amount
        row = {
            "id": refund_id,
            "object": "refund",
            "amount": amount,
            "currency": "jpy",
            "created": self.now(),
            "payment_intent": intent["id"],
            "charge": charge["id"],
            "metadata": given.get("metadata") or {},
            "status": "requires_action"
            if konbini
            else "pending"
            if kind in self.slow_refunds
            else "succeeded",
            "reason": None,
            "failure_reason": None,
        }
        self.refunds[refund_id] = row
        self.owner[refund_id] = self.caller
        self.say("refund.created", row)
        return row

    def pass_time(self) -> None:
        """Some time later: slow refunds arrive, and what Stripe's test card gave back comes back to us."""
        with self.lock:
            for row in self.refunds.values():
                card = self.charges[row["charge"]]["payment_method_details"].get("card", {})
                if row["status"] == "pending":
                    row["status"] = "succeeded"
                    self.say("refund.updated", row)
                elif row["status"] == "succeeded" and card.get("number") == REFUND_FAILS_LATER:
                    self.fail_refund(row["id"], "expired_or_canceled_card")

    def fail_refund(self, refund_id: str, reason: str) -> None:
        """A refund that went out, or waited, comes back: its money is the merchant's again."""
        with self.lock:
            row = self.refunds[refund_id]
            row["status"], row["failure_reason"] = "failed", reason
            self.charges[row["charge"]]["amount_refunded"] -= row["amount"]
            self.say("refund.failed", row)

    # -- inside ------------------------------------------------------------------------------

    def say(self, kind: str, thing: dict[str, Any]) -> None:
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "type": kind,
            "created": self.now(),
            "livemode": False,
            "api_version": API_VERSION,
            "pending_webhooks": 1,
            "request": None,
            "data": {"object": dict(thing)},
        }
        self.events.append(event)
        self.emit(event)

    def intent_of(self, row: dict[str, Any], status: str) -> dict[str, Any]:
        """The session's PaymentIntent in this status, made on the first try to pay."""
        known = self.intents.get(row["payment_intent"] or "")
        if known is not None:
            known["status"] = status
            return known
        intent_id = self.new_id("pi")
        intent = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": row["amount_total"],
            "currency": "jpy",
            "status": status,
            "latest_charge": None,
            "next_action": None,
            "created": self.now(),
            "metadata": row["metadata"],
            "last_payment_error": None,
        }
        self.intents[intent_id] = intent
        self.owner[intent_id] = self.owner[row["id"]]
        row["payment_intent"] = intent_id
        return intent


def whole(text: Any, name: str) -> int:
    """A whole number as JPY wants it; a decimal is refused."""
    try:
        return int(str(text))
    except ValueError:
        raise ApiError(400, f"Invalid integer: {text}", "parameter_invalid_integer") from None
