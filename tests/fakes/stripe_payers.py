"""What people and networks do at the fake Stripe: pay, be declined, be asked for 3-D Secure, take slips.

The card numbers are those of Stripe's own test list.
"""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
FEES = {"card": 36, "paypay": 35, "konbini": 36}
GOOD_CARD = "4242424242424242"
ASKS_3DS = "4000002760003184"
REFUND_FAILS_LATER = "4000000000005126"
DECLINED = {
    "4000000000000002": "card_declined",
    "4000000000009995": "insufficient_funds",
    "4000000000000069": "expired_card",
}


class ApiError(Exception):
    """An answer that is an error, as Stripe writes it."""

    def __init__(
        self, status: int, message: str, code: str | None = None, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.kind = status, message, code, kind


class Payers:
    """The acts of payers on the state that inherits this."""

    base: str
    lock: threading.RLock
    sessions: dict[str, dict[str, Any]]
    intents: dict[str, dict[str, Any]]
    charges: dict[str, dict[str, Any]]
    refunds: dict[str, dict[str, Any]]
    balance: dict[str, dict[str, Any]]
    money: Counter[str]

    def now(self) -> int:
        raise NotImplementedError

    def new_id(self, prefix: str) -> str:
        raise NotImplementedError

    def session(self, session_id: str) -> dict[str, Any]:
        raise NotImplementedError

    def intent_of(self, row: dict[str, Any], status: str) -> dict[str, Any]:
        raise NotImplementedError

    def say(self, kind: str, thing: dict[str, Any]) -> None:
        raise NotImplementedError

    def pay(self, session_id: str, method: str = "card", card: str = GOOD_CARD) -> None:
        """Card or PayPay: paid at once, or declined, or asked for 3-D Secure, and the page stays open.

        Konbini: the slip that is out is paid, in time or late.
        """
        with self.lock:
            row = self.session(session_id)
            slip = self.intents.get(row["payment_intent"] or "")
            if method == "konbini" and slip is not None:
                first = row["payment_status"] != "paid"
                self._succeed(row, slip, method)
                if first:
                    self.say("checkout.session.async_payment_succeeded", row)
                return
            self._open_page(row)
            if method == "card" and card in DECLINED:
                self.decline(session_id, DECLINED[card])
            elif method == "card" and card == ASKS_3DS:
                intent = self.intent_of(row, "requires_action")
                intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
                self.say("payment_intent.requires_action", intent)
            else:
                self._complete(row, self.intent_of(row, "processing"), method, card)

    def authenticate(self, session_id: str, *, passed: bool = True) -> None:
        """The answer to 3-D Secure: the payment succeeds, or may be tried again on the same page."""
        with self.lock:
            row = self.session(session_id)
            if passed:
                self._complete(row, self.intents[row["payment_intent"]], "card", ASKS_3DS)
            else:
                self.decline(session_id, "payment_intent_authentication_failure")

    def decline(self, session_id: str, code: str) -> None:
        """The card's bank or PayPay said no; the page stays open for another try."""
        with self.lock:
            row = self.session(session_id)
            self._open_page(row)
            intent = self.intent_of(row, "requires_payment_method")
            intent |= {"next_action": None, "last_payment_error": {"code": code}}
            self.say("payment_intent.payment_failed", intent)

    def take_slip(self, session_id: str) -> None:
        """Konbini: completed and unpaid, with a slip until 23:59:59 Tokyo."""
        with self.lock:
            row = self.session(session_id)
            self._open_page(row)
            days = row["payment_method_options"]["konbini"]["expires_after_days"]
            day = datetime.fromtimestamp(self.now(), TOKYO) + timedelta(days=days)
            until = int(day.replace(hour=23, minute=59, second=59, microsecond=0).timestamp())
            intent = self.intent_of(row, "requires_action")
            stores = {"familymart": {"payment_code": "123456", "confirmation_number": "00123456789"}}
            details = {"expires_at": until, "hosted_voucher_url": f"{self.base}/voucher", "stores": stores}
            intent["next_action"] = {"type": "konbini_display_details", "konbini_display_details": details}
            row["status"], row["url"] = "complete", None
            self.say("checkout.session.completed", row)

    @staticmethod
    def slip_until(intent: dict[str, Any]) -> int | None:
        """When the slip of this intent ends; None without one."""
        details = (intent["next_action"] or {}).get("konbini_display_details")
        return None if details is None else int(details["expires_at"])

    def slip_is_over(self, intent: dict[str, Any]) -> bool:
        """Whether the clock has passed the end of the slip."""
        until = self.slip_until(intent)
        return intent["status"] == "requires_action" and until is not None and until < self.now()

    def lapse_slip(self, session_id: str) -> None:
        """The konbini slip ran out unpaid."""
        with self.lock:
            row = self.sessions[session_id]
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

    def call_off_refund(self, refund_id: str) -> dict[str, Any]:
        """Only a refund that waits for the payer can be cancelled."""
        refund = self.refunds[refund_id]
        if refund["status"] != "requires_action":
            raise ApiError(400, f"a {refund['status']} refund cannot be canceled", "refund_not_cancelable")
        refund["status"] = "canceled"
        self.charges[refund["charge"]]["amount_refunded"] -= refund["amount"]
        self.say("refund.updated", refund)
        return refund

    def _open_page(self, row: dict[str, Any]) -> None:
        if row["status"] != "open":
            raise ApiError(400, "this page is closed")

    def _complete(self, row: dict[str, Any], intent: dict[str, Any], method: str, card: str) -> None:
        self._succeed(row, intent, method, card)
        row["status"], row["url"] = "complete", None
        self.say("checkout.session.completed", row)

    def _succeed(
        self, row: dict[str, Any], intent: dict[str, Any], method: str, card: str = GOOD_CARD
    ) -> None:
        if intent["status"] == "succeeded":
            return
        charge_id, balance_id = self.new_id("ch"), self.new_id("txn")
        fee = row["amount_total"] * FEES[method] // 1000
        details: dict[str, Any] = {"type": method}
        if method == "card":
            details["card"] = {"number": card, "last4": card[-4:]}
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
            "payment_method_details": details,
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
