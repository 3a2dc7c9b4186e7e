"""The processes that ``payments`` kills: a web server with the real walks, and a worker that reconciles.

``python -m tests.proofs.payments_web web|worker DATABASE_URL STRIPE_URL PORT KEYS``. What is paid for is a
slot: held, confirmed when the money comes, lapsed when it does not; every second lapsed one is gone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from integrations.payment.stripe import Account, StripePayment
from tests.fakes.stripe_server import KEY
from tests.fakes.stripe_webhooks import SECRET
from webapp import db as webapp_db
from webapp.audit import SYSTEM
from webapp.db import Database
from webapp.errors import MadoguchiError, Unavailable
from webapp.payment import attempts, charges, give_back, reconcile, refunds, steps
from webapp.payment.models import Charge
from webapp.payment.settle import Handlers, Paid

slots = Table(
    "proof_slot", MetaData(), Column("charge_id", Integer, primary_key=True), Column("state", String(20))
)
ADDRESSES = attempts.Addresses("http://localhost/back", "http://localhost/cancel")
KEYS = [("proof", bytes(range(32)))]
RULE = refunds.Rule("取消し", "規則", "半額")


def settled(session: Session, paid: Paid) -> bool:
    """Confirm the slot; every second lapsed one was taken by somebody else meanwhile."""
    mine = slots.c.charge_id == paid.charge.id
    state = session.execute(select(slots.c.state).where(mine)).scalar_one()
    if state == "lapsed" and paid.charge.id // 6 % 2:
        return False
    session.execute(slots.update().where(mine).values(state="confirmed"))
    return True


def pending(session: Session, charge: Charge, until: datetime) -> None:
    """The slot waits for the slip; nothing to note here."""


def lapsed(session: Session, charge: Charge) -> None:
    session.execute(slots.update().where(slots.c.charge_id == charge.id).values(state="lapsed"))


HANDLERS = {"booking": Handlers(settled, pending, lapsed)}


class Web:
    """Four doors: start, lapse, refund, and the callback."""

    def __init__(self, database: Database, port: StripePayment) -> None:
        self.transaction = database.transaction
        self.port = port
        self.ports = {"stripe": port}

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        door, _, rest = request.path.strip("/").partition("/")
        try:
            if door == "callback":
                outcome = steps.take_event(
                    self.transaction, self.port, request.get_data(), dict(request.headers), HANDLERS
                )
                bad = outcome in ("forged", "stale", "malformed")
                return Response(outcome, 400 if bad else 200)(environ, start_response)
            answer: Any = getattr(self, door)(int(rest))
            return Response(json.dumps(answer), 200)(environ, start_response)
        except Unavailable as error:
            return Response(str(error), 503)(environ, start_response)
        except MadoguchiError as error:
            return Response(str(error), 409)(environ, start_response)

    def start(self, charge_id: int) -> dict[str, Any]:
        charge = self._charge(charge_id)
        made = steps.pay(
            self.transaction,
            self.ports,
            self.port,
            charge,
            addresses=ADDRESSES,
            lang="ja",
            handlers=HANDLERS,
        )
        return {"page": made.provider_id}

    def lapse(self, charge_id: int) -> dict[str, Any]:
        charge = self._charge(charge_id)
        attempt = charges.open_attempt(charge)
        if attempt is not None:
            steps.end(self.transaction, self.ports, attempt, HANDLERS)
        with self.transaction() as session:
            charge = charges.lock(session, charge_id)
            if charge.open_yen > 0:
                lapsed(session, charge)
                charges.cancel(session, charge, reason="期限", actor=SYSTEM)
        return {}

    def refund(self, charge_id: int) -> dict[str, Any]:
        with self.transaction() as session:
            charge = charges.lock(session, charge_id)
            if not charge.settled_yen:
                raise Unavailable("the money is not known yet: ask again")
            if not charge.refunds:
                refunds.propose(
                    session, charge, charge.lines_yen // 2, cause="cancelled", rule=RULE, actor=SYSTEM
                )
            found = [(entry.id, entry.status) for entry in charge.refunds]
        for refund_id, status in found:
            if status in ("approved", "sent"):
                give_back.send(self.transaction, self.ports, refund_id, HANDLERS)
        return {}

    def _charge(self, charge_id: int) -> Charge:
        with self.transaction() as session:
            charge = charges.lock(session, charge_id)
            _ = charge.attempts
            return charge


def stripe_port(url: str, keys: bool) -> StripePayment:
    account = {"city": Account(KEY, (SECRET,))}
    return StripePayment(account, methods=("card", "paypay", "konbini"), api=url, timeout=5, use_keys=keys)


def main() -> None:
    role, url, stripe_url, number, keys = sys.argv[1:6]
    webapp_db.use_keys(KEYS)
    database = Database(url)
    port = stripe_port(stripe_url, keys == "keys")
    if role == "web":
        make_server("127.0.0.1", int(number), Web(database, port), threaded=True).serve_forever()
    while True:
        reconcile.run(database.transaction, {"stripe": port}, HANDLERS, everything=True)
        time.sleep(0.5)


if __name__ == "__main__":
    main()
