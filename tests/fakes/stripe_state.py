"""What the fake Stripe remembers: sessions, intents, charges, refunds, balance, events, and real effects."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
API_VERSION = "2026-10-28.endive"
FEES = {"card": 36, "paypay": 35, "konbini": 36}


class ApiError(Exception):
    """An answer that is an error, as Stripe writes it."""

    def __init__(
        self, status: int, message: str, code: str | None = None, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.kind = status, message, code, kind


@dataclass
class State:
    """Everything, under one lock. ``shift`` moves the clock (seconds)."""

    emit: Callable[[dict[str, Any]], None] = lambda event: None
    base: str = "http://localhost"
    least_yen: int = 1
    most_yen: int = 9_999_999
    shift: float = 0.0
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
        return row

    def session(self, session_id: str) -> dict[str, Any]:
        row = self.sessions.get(session_id)
        if row is None:
            raise ApiError(404, f"No such checkout.session: {session_id}", "resource_missing")
        if row["status"] == "open" and row["expires_at"] <= self.now():
            self.end_session(row)
        return row

    def end_session(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["status"] != "open":
            raise ApiError(400, "Only Checkout Sessions with status open can be expired")
        row["status"], row["url"] = "expired", None
        self.say("checkout.session.expired", row)
        return row

    # -- what the payer does -----------------------------------------------------------------

    def pay(self, session_id: str, method: str = "card") -> None:
        """Card or PayPay: paid at once. Konbini: the slip that is out is paid, in time or late."""
        with self.lock:
            row = self.session(session_id)
            intent = self.intents.get(row["payment_intent"] or "")
            if method == "konbini" and intent is not None:
                first = row["payment_status"] != "paid"
                self._succeed(row, intent, method)
                if first:
                    self.say("checkout.session.async_payment_succeeded", row)
                return
            if row["status"] != "open":
                raise ApiError(400, "this page is closed")
            intent = self._intent(row, "processing")
            self._succeed(row, intent, method)
            row["status"], row["url"] = "complete", None
            self.say("checkout.session.completed", row)

    def take_slip(self, session_id: str) -> None:
        """Konbini: completed and unpaid, with a slip until 23:59:59 Tokyo."""
        with self.lock:
            row = self.session(session_id)
            if row["status"] != "open":
                raise ApiError(400, "this page is closed")
            days = row["payment_method_options"]["konbini"]["expires_after_days"]
            day = datetime.fromtimestamp(self.now(), TOKYO) + timedelta(days=days)
            until = int(day.replace(hour=23, minute=59, second=59, microsecond=0).timestamp())
            intent = self._intent(row, "requires_action")
            stores = {"familymart": {"payment_code": "123456", "confirmation_number": "00123456789"}}
            details = {"expires_at": until, "hosted_voucher_url": f"{self.base}/voucher", "stores": stores}
            intent["next_action"] = {"type": "konbini_display_details", "konbini_display_details": details}
            row["status"], row["url"] = "complete", None
            self.say("checkout.session.completed", row)

    def lapse_slip(self, session_id: str) -> None:
        """The konbini slip ran out unpaid."""
        with self.lock:
            row = self.session(session_id)
            intent = self.intents[row["payment_intent"]]
            if row["payment_status"] != "paid" and intent["status"] == "requires_action":
                intent["status"], intent["next_action"] = "requires_payment_method", None
                intent["last_payment_error"] = {"code": "payment_intent_payment_attempt_expired"}
                self.say("checkout.session.async_payment_failed", row)

    def give_bank_details(self, refund_id: str) -> None:
        """The payer answered the mail about a konbini refund."""
        with self.lock:
            refund = self.refunds[refund_id]
            refund["status"] = "succeeded"
            self.say("refund.updated", refund)

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
            "status": "requires_action" if konbini else "succeeded",
            "reason": None,
            "failure_reason": None,
        }
        self.refunds[refund_id] = row
        self.say("refund.created", row)
        return row

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

    def _intent(self, row: dict[str, Any], status: str) -> dict[str, Any]:
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
        row["payment_intent"] = intent_id
        return intent

    def _succeed(self, row: dict[str, Any], intent: dict[str, Any], method: str) -> None:
        if intent["status"] == "succeeded":
            return
        charge_id, balance_id = self.new_id("ch"), self.new_id("txn")
        fee = row["amount_total"] * FEES[method] // 1000
        self.charges[charge_id] = {
            "id": charge_id,
            "object": "charge",
            "amount": row["amount_total"],
            "amount_refunded": 0,
            "paid": True,
            "currency": "jpy",
            "created": self.now(),
            "payment_intent": intent["id"],
            "status": "succeeded",
            "payment_method_details": {"type": method},
            "balance_transaction": balance_id,
        }
        self.balance[balance_id] = {
            "id": balance_id,
            "object": "balance_transaction",
            "amount": row["amount_total"],
            "fee": fee,
            "net": row["amount_total"] - fee,
            "currency": "jpy",
            "created": self.now(),
            "source": charge_id,
            "available_on": self.now() + 5 * 86400,
            "type": "payment" if method == "konbini" else "charge",
        }
        intent |= {
            "status": "succeeded",
            "latest_charge": charge_id,
            "next_action": None,
            "last_payment_error": None,
        }
        row["payment_status"] = "paid"
        self.money[str(row["client_reference_id"])] += 1


def whole(text: Any, name: str) -> int:
    """A whole number as JPY wants it; a decimal is refused."""
    try:
        return int(str(text))
    except ValueError:
        raise ApiError(400, f"Invalid integer: {text}", "parameter_invalid_integer") from None
