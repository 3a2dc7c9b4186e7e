"""Proof: under lost, doubled, late and forged events, 5xx, timeouts and kill -9, every yen agrees.

Payers at a fake Stripe over HTTP; two tabs each; web and worker are real processes and are killed. After
reconciliation every charge must agree with the provider, nobody be charged twice, no refund exceed what
was asked, no paid slot be lost. The control sends no idempotency keys and must be caught.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import select

from tests.fakes.payment_world import open_charge
from tests.fakes.stripe_payers import ApiError
from tests.fakes.stripe_server import FakeStripe
from tests.fakes.stripe_webhooks import Endpoint
from tests.proofs import payments_web
from webapp.db import Database
from webapp.payment import ledger, reconcile
from webapp.payment.models import Charge, PaymentAttempt, ProviderEvent, Refund, Settlement

ROOT = Path(__file__).resolve().parents[2]
CHARGES = 500
KILLS = 40
FAULTS = ("500_before", "500_after", "drop_before", "drop_after", "429", "slow")
FATES: tuple[list[str], ...] = (["send"],) * 10 + (
    [],
    [],
    ["send", "send", "send"],
    ["send", "send"],
    ["late"],
    ["late", "send"],
)
BAD_FATES: tuple[list[str], ...] = (["forged"], ["stale", "send"])
FORCED = {
    "/v1/checkout/sessions": ["slow", "slow", "slow", "slow", "drop_after", "500_after", "slow", "slow"],
    "/v1/refunds": ["drop_after", "500_after"],
}
"""What the first calls meet: tabs that overlap, and effects whose answer is lost."""
PATIENCE = 40.0
LONGEST = 900.0
"""Seconds after which payers give up at once; the verdict then finds too little settled."""


def prove(url: str, *, control: bool) -> dict[str, Any]:
    """Five hundred charges on the database at ``url``; the control is caught with fewer."""
    return run(60 if control else CHARGES, url, control=control, kills=4 if control else KILLS)


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """What is not as it must be; a control that does no damage has failed too."""
    damage = [f"{name.replace('_', ' ')}: {result[name]}" for name in _DAMAGE if result[name]]
    alive = result["settled"] * 2 >= result["charges"]  # four of six payers always pay
    if control:
        return [] if damage and alive else ["the control does no damage"]
    if not alive:
        damage.append(f"only {result['settled']} of {result['charges']} settled: nothing was tried")
    if not result["web_kills"] or not result["worker_kills"]:
        damage.append("nothing was killed")
    return damage


_DAMAGE = (
    "charged_twice",
    "disagreeing_charges",
    "refunded_too_much",
    "paid_slots_lost",
    "unknown_payments",
    "ledger_faults",
)


@dataclass
class Town:
    """The processes and the fake; ``kills`` counts what was killed, ``done`` the payers who are through."""

    url: str
    fake: FakeStripe
    keys: str
    number: int = 0
    done: int = 0
    unanswered: int = 0
    ends: float = field(default_factory=lambda: time.monotonic() + LONGEST)
    kills: dict[str, int] = field(default_factory=lambda: {"web": 0, "worker": 0})
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def begin(self, role: str) -> None:
        command = [sys.executable, "-m", "tests.proofs.payments_web", role]
        command += [self.url, self.fake.url, str(self.number), self.keys]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.processes[role] = subprocess.Popen(command, cwd=ROOT, **quiet)  # type: ignore[call-overload]

    def kill(self, role: str) -> None:
        os.kill(self.processes[role].pid, signal.SIGKILL)
        self.processes[role].wait()

    def call(self, door: str, charge_id: int) -> dict[str, Any] | None:
        """Press until something answers, as people do; None when the answer is a clear no."""
        until = min(time.monotonic() + PATIENCE, self.ends)
        while time.monotonic() < until:
            with contextlib.suppress(requests.RequestException):
                answer = requests.post(f"http://127.0.0.1:{self.number}/{door}/{charge_id}", timeout=15)
                if answer.status_code == 200:
                    found: dict[str, Any] = answer.json()
                    return found
                if answer.status_code == 409:
                    return None
            time.sleep(0.15)
        self.unanswered += 1
        return None

    def wait(self) -> None:
        """Until the web server listens."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.number), timeout=1).close()
                return
            time.sleep(0.05)


def run(scale: int, database_url: str, *, kills: int, control: bool = False) -> dict[str, Any]:
    """Drive ``scale`` charges through faults and ``kills`` of web and worker in turn; returns the counts."""
    chance = random.Random(20261120)  # the same faults each time
    database = Database(database_url)
    payments_web.slots.create(database.engine, checkfirst=True)
    ids = [_charge(database, 1000 + 10 * number) for number in range(scale)]
    began = time.monotonic()
    with FakeStripe() as fake, _town(database_url, fake, control) as town:
        _switch_on(fake, chance)
        town.wait()
        stop = threading.Event()
        killer = threading.Thread(target=_killing, args=(town, stop, scale, kills))
        killer.start()
        with ThreadPoolExecutor(8) as payers:
            list(payers.map(lambda entry: _live(town, *entry), enumerate(ids)))
        stop.set()
        killer.join()
        fake.faults = lambda method, path: None
        fake.webhooks = lambda event: ["send"]
        time.sleep(1.5)  # late events
        for role in town.processes:
            town.kill(role)
        port = payments_web.stripe_port(fake.url, not control)
        for _ in range(3):
            report = reconcile.run(
                database.transaction, {"stripe": port}, payments_web.HANDLERS, everything=True
            )
        result = _count(database, fake)
        result |= {
            "charges": scale,
            "web_kills": town.kills["web"],
            "worker_kills": town.kills["worker"],
            "unanswered": town.unanswered,
            "troubles_for_a_person": len(report.troubles),
            "seconds": round(time.monotonic() - began, 1),
        }
    database.dispose()
    return result


def _charge(database: Database, yen: int) -> int:
    with database.transaction() as session:
        charge = open_charge(session, yen, purpose="booking")
        session.execute(payments_web.slots.insert().values(charge_id=charge.id, state="held"))
        return charge.id


def _live(town: Town, number: int, charge_id: int) -> None:
    try:
        _pay(town, number, charge_id)
    finally:
        town.done += 1


def _pay(town: Town, number: int, charge_id: int) -> None:
    """One payer: two tabs at once, then what this payer does."""
    with ThreadPoolExecutor(2) as tabs:
        shown = [
            answer["page"] for answer in tabs.map(lambda _: town.call("start", charge_id), (1, 2)) if answer
        ]
    if not shown:
        return
    kind, state = number % 6, town.fake.state
    if kind == 4:
        return  # closes the window
    if kind in (2, 3):
        with contextlib.suppress(ApiError):
            state.take_slip(shown[0])
        if kind == 3:
            town.call("lapse", charge_id)
        with contextlib.suppress(ApiError):
            state.pay(shown[0], "konbini")
        return
    paid = 0
    for page in dict.fromkeys(shown):
        with contextlib.suppress(ApiError):
            state.pay(page, "paypay" if kind == 1 else "card")
            paid += 1
    if kind == 5 and paid:  # reconciliation may have closed a page whose answer a kill lost
        town.call("refund", charge_id)


def _switch_on(fake: FakeStripe, chance: random.Random) -> None:
    guard = threading.Lock()
    forced = {path: iter(list(faults)) for path, faults in FORCED.items()}
    unheard = iter(FORCED["/v1/refunds"])

    def fault(method: str, path: str) -> str | None:
        with guard:
            first = next(forced[path], None) if method == "POST" and path in forced else None
            return first or (chance.choice(FAULTS) if chance.random() < 0.15 else None)

    def fate(event: dict[str, Any]) -> list[str]:
        with guard:
            if event["type"].startswith("refund.") and next(unheard, None):
                return []
            return list(chance.choice(FATES + BAD_FATES))

    fake.faults, fake.webhooks = fault, fate


def _killing(town: Town, stop: threading.Event, scale: int, most: int) -> None:
    """Kills spread over the payers' progress, each at a random moment: by the clock nothing would get done."""
    chance = random.Random(20261121)
    for number in range(most):
        while town.done < scale * (number + 1) // (most + 2):
            if stop.wait(0.02):
                return
        if stop.wait(chance.random() * 0.3):
            return
        role = ("web", "worker")[number % 2]
        town.kill(role)
        town.kills[role] += 1
        town.begin(role)


@contextlib.contextmanager
def _town(url: str, fake: FakeStripe, control: bool) -> Iterator[Town]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    town = Town(url, fake, "nokeys" if control else "keys", number)
    fake.endpoints = [Endpoint(f"http://127.0.0.1:{number}/callback")]
    town.begin("web")
    town.begin("worker")
    try:
        yield town
    finally:
        for process in town.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


def _count(database: Database, fake: FakeStripe) -> dict[str, Any]:
    """Compare our rows with the provider's real effects."""
    state = fake.state
    with database.reading() as session:
        charges = {charge.id: charge for charge in session.scalars(select(Charge))}
        attempts = list(session.scalars(select(PaymentAttempt)))
        settlements = list(session.scalars(select(Settlement)))
        refunds = list(session.scalars(select(Refund)))
        slots: dict[int, str] = dict(session.execute(select(payments_web.slots)).all())
        faults = ledger.check(session).faults
        bad = session.scalars(select(ProviderEvent.verdict).where(ProviderEvent.verdict != "accepted")).all()
    by_key = {attempt.key: attempt for attempt in attempts}
    taken: dict[int, int] = {}
    for reference, times in state.money.items():
        charge_id = by_key[reference].charge_id
        taken[charge_id] = taken.get(charge_id, 0) + times
    got = {entry.attempt_id: entry.amount_yen for entry in settlements}
    known = {attempt.payment_id for attempt in attempts if attempt.id in got}
    gone_back: dict[int, int] = {}
    intent_of = {attempt.payment_id: attempt.charge_id for attempt in attempts}
    for entry in state.refunds.values():
        charge_id = intent_of.get(entry["payment_intent"], 0)
        gone_back[charge_id] = gone_back.get(charge_id, 0) + entry["amount"]
    asked: dict[int, int] = {}
    for refund in refunds:
        asked[refund.charge_id] = asked.get(refund.charge_id, 0) + refund.amount_yen
    paid = [intent["id"] for intent in state.intents.values() if intent["status"] == "succeeded"]
    disagreeing = [
        charge
        for charge in charges.values()
        if charge.settled_yen != (charge.lines_yen if taken.get(charge.id) else 0)
        or (charge.open_yen < 0 and not asked.get(charge.id))
    ]
    lost = [
        charge.id
        for charge in charges.values()
        if charge.settled_yen and slots[charge.id] != "confirmed" and not asked.get(charge.id)
    ]
    return {
        "charged_twice": sum(1 for times in taken.values() if times > 1),
        "disagreeing_charges": len(disagreeing),
        "refunded_too_much": sum(1 for key, yen in gone_back.items() if yen > asked.get(key, 0)),
        "paid_slots_lost": len(lost),
        "unknown_payments": sum(1 for intent in paid if intent not in known),
        "ledger_faults": len(faults),
        "settled": len(got),
        "found_by_reconciliation": sum(1 for entry in settlements if entry.found_by == "reconciliation"),
        "refunds_done": sum(1 for refund in refunds if refund.status == "succeeded"),
        "refunds_waiting_for_bank_details": sum(1 for refund in refunds if refund.status == "waiting"),
        "bad_events_recorded": len(bad),
    }
