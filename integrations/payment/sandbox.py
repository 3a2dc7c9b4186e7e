"""A payment provider that moves no money: the default in development and in the sample city.

It keeps its own file, shows its own page (see ``sandbox_page``), honours idempotency keys, knows konbini
slips that are paid late, and calls back with signed events like a real one.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from integrations.catalogue import Ground
from integrations.payment import sandbox_events as events
from integrations.payment.sandbox_store import Store, body_of
from webapp.ports.payment import (
    EventRef,
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

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TOKYO = ZoneInfo("Asia/Tokyo")
FEE_PER_MILLE: Mapping[str, int] = {"card": 36, "paypay": 32, "konbini": 36}


class SandboxPayment:
    """The plug. ``page_url`` is where its pages are mounted, ``callback_url`` our door for its events."""

    name = "sandbox"
    online = True
    page_origins: tuple[str, ...] = ()

    def __init__(
        self,
        store: Store,
        *,
        page_url: str,
        callback_url: str,
        secret: str,
        now: Callable[[], datetime],
        methods: tuple[Method, ...] = ("card", "paypay", "konbini"),
        deliver: events.Deliver = events.post,
        in_background: bool = True,
    ) -> None:
        self.store = store
        self.methods = methods
        self.now = now
        self._page_url = page_url.rstrip("/")
        self._callback_url = callback_url
        self._secret = secret
        self._deliver = deliver
        self._in_background = in_background

    @property
    def application(self) -> WSGIApplication:
        """Its pages, to be mounted at /sandbox/payment."""
        from integrations.payment.sandbox_page import SandboxPages  # the page needs the plug, not it the page

        return SandboxPages(self)

    def start(self, order: Order) -> Started:
        """See PaymentPort."""
        body = json.dumps(asdict(order), default=str, ensure_ascii=False, sort_keys=True)
        if order.amount_yen < 1 or order.currency != "jpy":
            raise Refused("only whole yen from 1 upward are taken", "amount")
        with self.store.writing() as db:
            db.execute("INSERT INTO request (what, key) VALUES ('start', ?)", (order.key,))
            row = db.execute("SELECT * FROM payment WHERE key = ?", (order.key,)).fetchone()
            if row is None:
                values = ("sp_" + secrets.token_urlsafe(12), order.key, body, order.amount_yen)
                db.execute(
                    "INSERT INTO payment (id, key, body, status, amount_yen, expires_at)"
                    " VALUES (?, ?, ?, 'open', ?, ?)",
                    (*values, order.expires_at.astimezone(UTC).isoformat()),
                )
                row = db.execute("SELECT * FROM payment WHERE key = ?", (order.key,)).fetchone()
        if row["body"] != body:
            raise Refused("this key was used for another order", "idempotency")
        return Started(f"{self._page_url}/pay/{row['id']}", row["id"], order.expires_at)

    def fetch(self, provider_id: str, *, account: str = "city") -> Truth:
        """See PaymentPort."""
        self._pass_deadlines(provider_id)
        return self._truth(self._row(provider_id))

    def expire(self, provider_id: str, *, account: str = "city") -> Truth:
        """See PaymentPort."""
        self.move(provider_id, ("open", "pending"), "expired")
        return self._truth(self._row(provider_id))

    def refund(self, order: RefundOrder) -> RefundTruth:
        """See PaymentPort. A konbini refund waits until the payer gave bank details."""
        with self.store.writing() as db:
            db.execute("INSERT INTO request (what, key) VALUES ('refund', ?)", (order.key,))
            known = db.execute("SELECT * FROM refund WHERE key = ?", (order.key,)).fetchone()
            if known is not None:
                if known["amount_yen"] != order.amount_yen:
                    raise Refused("this key was used for another refund", "idempotency")
                return _refund_truth(dict(known))
            self._may_refund(db, order)
            status = "requires_action" if order.method == "konbini" else "succeeded"
            values = (
                "sr_" + secrets.token_urlsafe(12),
                order.key,
                order.provider_id,
                order.amount_yen,
                status,
            )
            db.execute(
                "INSERT INTO refund (id, key, payment_id, amount_yen, status) VALUES (?, ?, ?, ?, ?)", values
            )
        return self.fetch_refund(values[0])

    def fetch_refund(self, refund_id: str, *, account: str = "city") -> RefundTruth:
        """See PaymentPort."""
        row = self.store.one("SELECT * FROM refund WHERE id = ?", refund_id)
        if row is None:
            raise NotKnown(refund_id)
        return _refund_truth(row)

    def call_off_refund(self, refund_id: str, *, account: str = "city") -> RefundTruth:
        """See PaymentPort."""
        waiting = self.fetch_refund(refund_id)
        with self.store.writing() as db:
            sql = "UPDATE refund SET status = 'canceled' WHERE id = ? AND status = 'requires_action'"
            if db.execute(sql, (refund_id,)).rowcount != 1:
                raise Refused(f"a refund that is {waiting.status} cannot be called off", "not_waiting")
        return self.fetch_refund(refund_id)

    def parse_event(self, raw: bytes, headers: Mapping[str, str]) -> EventRef:
        """See PaymentPort."""
        return events.parse(raw, headers, self._secret, self.now())

    def payouts(self, since: date, until: date, *, account: str = "city") -> list[Payout]:
        """See PaymentPort. The sandbox pays out five days after the payment."""
        found = []
        for row in self.store.all("SELECT * FROM payment WHERE status = 'paid'"):
            day = datetime.fromisoformat(row["paid_at"]).astimezone(TOKYO).date() + timedelta(days=5)
            if since <= day < until and body_of(row)["account"] == account:
                found.append(Payout(row["id"], row["amount_yen"], _fee(row), day))
        return found

    # What the page and the trials do

    def pay(self, provider_id: str, method: Method) -> bool:
        """The payer pays: at once, or a konbini slip, also one whose time is over (late money)."""
        late = ("expired",) if method == "konbini" and self._row(provider_id)["slip"] else ()
        paid_at = self.now().isoformat()
        return self.move(provider_id, ("open", "pending", *late), "paid", method=method, paid_at=paid_at)

    def take_slip(self, provider_id: str) -> bool:
        """The payer chooses the konbini and gets a number to pay with."""
        body = body_of(self._row(provider_id))
        last_day = self.now().astimezone(TOKYO).date() + timedelta(days=int(body["konbini_days"]))
        until = datetime.combine(last_day, time(23, 59, 59), TOKYO)
        return self.move(
            provider_id,
            ("open",),
            "pending",
            method="konbini",
            pending_until=until.isoformat(),
            slip=f"{secrets.randbelow(10**6):06d}",
        )

    def fail(self, provider_id: str) -> bool:
        """The card is refused, for good."""
        return self.move(provider_id, ("open", "pending"), "failed")

    def give_bank_details(self, refund_id: str) -> None:
        """The payer of a konbini refund answers the mail."""
        row = self.store.one("SELECT * FROM refund WHERE id = ?", refund_id)
        if row is None:
            raise NotKnown(refund_id)
        with self.store.writing() as db:
            db.execute("UPDATE refund SET status = 'succeeded' WHERE id = ?", (refund_id,))
        self.announce(row["payment_id"], "refund.succeeded")

    def return_refund(self, refund_id: str) -> None:
        """Money that went back comes to us again: the payer's card or account was closed."""
        row = self.store.one("SELECT * FROM refund WHERE id = ?", refund_id)
        if row is None:
            raise NotKnown(refund_id)
        with self.store.writing() as db:
            db.execute("UPDATE refund SET status = 'failed' WHERE id = ?", (refund_id,))
        self.announce(row["payment_id"], "refund.failed")

    def move(self, provider_id: str, before: tuple[str, ...], after: str, **values: str) -> bool:
        """Change a payment's state if it is still in one of ``before``, and call back."""
        marks = ", ".join("?" * len(before))
        sets = ", ".join(["status = ?", *(f"{name} = ?" for name in values)])
        sql = f"UPDATE payment SET {sets} WHERE id = ? AND status IN ({marks})"  # noqa: S608  (names are ours)
        with self.store.writing() as db:
            changed = db.execute(sql, (after, *values.values(), provider_id, *before)).rowcount == 1
        if changed:
            self.announce(provider_id, f"payment.{after}")
        return changed

    def announce(self, provider_id: str, kind: str) -> None:
        """Write an event and send it."""
        event_id = "se_" + secrets.token_urlsafe(12)
        created = int(self.now().timestamp())
        with self.store.writing() as db:
            db.execute(
                "INSERT INTO event (id, kind, payment_id, created_at) VALUES (?, ?, ?, ?)",
                (event_id, kind, provider_id, created),
            )
        if self._in_background:
            events.keep_trying(lambda: self.send(event_id))
        else:
            self.send(event_id)

    def send(self, event_id: str) -> int:
        """Send one event (again) and return what our door answered."""
        event = self.store.one("SELECT * FROM event WHERE id = ?", event_id)
        if event is None:
            raise NotKnown(event_id)
        account = body_of(self._row(event["payment_id"]))["account"]
        body = {"id": event_id, "kind": event["kind"], "payment": event["payment_id"], "account": account}
        raw = json.dumps(body | {"created": event["created_at"]}).encode()
        headers = events.signed(raw, self._secret, int(self.now().timestamp()))
        answer = self._deliver(self._callback_url, raw, headers)
        with self.store.writing() as db:
            db.execute("UPDATE event SET tries = tries + 1, answer = ? WHERE id = ?", (answer, event_id))
        return answer

    def _row(self, provider_id: str) -> dict[str, Any]:
        row = self.store.one("SELECT * FROM payment WHERE id = ?", provider_id)
        if row is None:
            raise NotKnown(provider_id)
        return row

    def _pass_deadlines(self, provider_id: str) -> None:
        row = self._row(provider_id)
        deadline = row["pending_until"] if row["status"] == "pending" else row["expires_at"]
        if row["status"] in ("open", "pending") and datetime.fromisoformat(deadline) <= self.now():
            self.move(provider_id, (row["status"],), "expired")

    def _truth(self, row: dict[str, Any]) -> Truth:
        refunds = self.store.all("SELECT * FROM refund WHERE payment_id = ?", row["id"])
        until = row["pending_until"] and datetime.fromisoformat(row["pending_until"])
        return Truth(
            provider=self.name,
            provider_id=row["id"],
            status=row["status"],
            amount_yen=row["amount_yen"],
            currency="jpy",
            reference=row["key"],
            account=body_of(row)["account"],
            method=row["method"],
            paid_at=row["paid_at"] and datetime.fromisoformat(row["paid_at"]),
            payment_id=row["id"],
            pending_until=until,
            instructions={"number": row["slip"]} if row["slip"] else {},
            fee_yen=_fee(row) if row["status"] == "paid" else None,
            failure="card_declined" if row["status"] == "failed" else None,
            refunds=tuple(_refund_truth(refund) for refund in refunds),
        )

    @staticmethod
    def _may_refund(db: sqlite3.Connection, order: RefundOrder) -> None:
        row = db.execute("SELECT * FROM payment WHERE id = ?", (order.provider_id,)).fetchone()
        if row is None:
            raise NotKnown(order.provider_id)
        sql = "SELECT coalesce(sum(amount_yen), 0) FROM refund WHERE payment_id = ?"
        sql += " AND status NOT IN ('failed', 'canceled')"
        before = db.execute(sql, (order.provider_id,)).fetchone()[0]
        if row["status"] != "paid" or not 0 < order.amount_yen <= row["amount_yen"] - before:
            raise Refused("more than what is left of this payment", "refund_too_large")


def build(ground: Ground) -> SandboxPayment:
    """Build the plug for a site."""
    return SandboxPayment(
        Store(ground.data_dir / "sandbox-payment.sqlite3"),
        page_url=f"{ground.base_url}/sandbox/payment",
        callback_url=f"{ground.internal_url}/callbacks/payment/sandbox",
        secret=f"sandbox:{ground.secret}",
        now=ground.now,
    )


def _fee(row: dict[str, Any]) -> int:
    return int(row["amount_yen"]) * FEE_PER_MILLE.get(row["method"], 0) // 1000


def _refund_truth(row: dict[str, Any]) -> RefundTruth:
    failure = "account_closed" if row["status"] == "failed" else None
    return RefundTruth(row["id"], row["status"], row["amount_yen"], key=row["key"], failure=failure)
