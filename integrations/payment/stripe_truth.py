"""Reading Stripe's objects: what a Checkout Session, a Refund and an Event mean in the port's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from webapp.ports.payment import EventRef, MalformedEvent, Method, Payout, RefundTruth, Truth, TruthStatus

TOKYO = ZoneInfo("Asia/Tokyo")
WAITING = ("requires_action", "processing", "requires_confirmation")


def truth(session: Mapping[str, Any], refunds: list[dict[str, Any]], account: str) -> Truth:
    """A session (with its intent, charge and balance transaction expanded) as a Truth."""
    intent: dict[str, Any] = session.get("payment_intent") or {}
    charge: dict[str, Any] = intent.get("latest_charge") or {}
    balance: dict[str, Any] = charge.get("balance_transaction") or {}
    status = _status(session, intent)
    details = ((intent.get("next_action") or {}).get("konbini_display_details")) or {}
    return Truth(
        provider="stripe",
        provider_id=session["id"],
        status=status,
        amount_yen=int(session["amount_total"]),
        currency=str(session["currency"]),
        reference=str(session.get("client_reference_id") or ""),
        account=account,
        method=_method(session, charge, bool(details)),
        paid_at=_instant(charge.get("created")) if status == "paid" else None,
        payment_id=intent.get("id"),
        pending_until=_instant(details.get("expires_at")) if status == "pending" else None,
        instructions=_instructions(details),
        fee_yen=int(balance["fee"]) if "fee" in balance else None,
        failure=((intent.get("last_payment_error") or {}).get("code")),
        refunds=tuple(refund(entry) for entry in refunds),
    )


def _status(session: Mapping[str, Any], intent: Mapping[str, Any]) -> TruthStatus:
    if session.get("payment_status") == "paid":
        return "paid"
    if session["status"] == "expired":
        return "expired"
    if session["status"] == "open":
        return "open"
    if intent.get("status") in WAITING:
        return "pending"
    return "expired" if intent.get("status") == "canceled" else "failed"


def _method(session: Mapping[str, Any], charge: Mapping[str, Any], slip: bool) -> Method | None:
    kind = (charge.get("payment_method_details") or {}).get("type")
    if kind is None and slip:
        kind = "konbini"
    if kind is None and len(session.get("payment_method_types") or ()) == 1:
        kind = session["payment_method_types"][0]
    return kind if kind in get_args(Method) else None


def _instructions(details: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    if details.get("hosted_voucher_url"):
        found["url"] = str(details["hosted_voucher_url"])
    for store, entry in (details.get("stores") or {}).items():
        if entry and entry.get("confirmation_number"):
            found["number"] = str(entry["confirmation_number"])
        if entry and entry.get("payment_code"):
            found[f"code_{store}"] = str(entry["payment_code"])
    return found


def refund(entry: Mapping[str, Any]) -> RefundTruth:
    """A Refund as a RefundTruth."""
    return RefundTruth(
        refund_id=entry["id"],
        status=entry["status"],
        amount_yen=int(entry["amount"]),
        currency=str(entry["currency"]),
        key=(entry.get("metadata") or {}).get("key"),
        failure=entry.get("failure_reason"),
    )


def event(raw: bytes, account: str) -> EventRef:
    """A verified event as a pointer to what it speaks of; raises MalformedEvent."""
    try:
        body = json.loads(raw)
        thing = body["data"]["object"]
        return EventRef(
            event_id=str(body["id"]),
            kind=str(body["type"]),
            provider_id=_points_at(thing),
            occurred_at=datetime.fromtimestamp(int(body["created"]), UTC),
            account=account,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedEvent(f"not an event: {type(error).__name__}") from error


def _points_at(thing: Mapping[str, Any]) -> str | None:
    kind = thing.get("object")
    if kind in ("checkout.session", "payment_intent"):
        return str(thing["id"])
    if kind in ("charge", "refund"):
        intent = thing.get("payment_intent")
        return str(intent) if isinstance(intent, str) else None
    return None


def payout(entry: Mapping[str, Any]) -> Payout:
    """A balance transaction of a charge, found again by its PaymentIntent."""
    source = entry.get("source") or {}
    intent = source.get("payment_intent") if isinstance(source, Mapping) else None
    return Payout(str(intent or source), int(entry["amount"]), int(entry["fee"]), _day(entry["available_on"]))


def _day(at: int) -> date:
    return datetime.fromtimestamp(int(at), TOKYO).date()


def _instant(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(int(at), UTC)
