"""The relay loop: takes due rows from the outbox, says them, and writes down what came of it.

Complete by itself: it polls, so nothing is lost when no queue wakes it. Several workers and kill -9 at
any point are safe, because every step is one transaction and a repeat carries the same key and bytes.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Collection
from datetime import timedelta
from typing import Final, Protocol

from webapp import clock
from webapp.db import Database
from webapp.outbox import quiet, relay
from webapp.outbox.outcomes import Handlers

POLL_S: Final = 0.5
URGENT_LANES: Final = ("emergency", "transactional")
ALL_LANES: Final = ("emergency", "transactional", "reminder", "bulk")
log = logging.getLogger(__name__)


class RelayServices(Protocol):
    """The part of Services that the relay needs."""

    @property
    def database(self) -> Database: ...

    @property
    def outbox_handlers(self) -> Handlers: ...


def run_forever(
    services: RelayServices,
    stop: threading.Event,
    *,
    senders: int = 1,
    wake: threading.Event | None = None,
    poll_s: float = POLL_S,
    lease: timedelta = relay.LEASE,
    quiet_hours: bool = True,
) -> None:
    """Deliver until ``stop`` is set: ``senders`` threads for every lane, and one kept for urgent lanes.

    The urgent thread is why a bulk send cannot delay an evacuation notice. ``quiet_hours`` is switched
    off by measurements only, which must not depend on the time of day.
    """
    wake = wake or threading.Event()
    lanes: list[Collection[str]] = [URGENT_LANES, *[ALL_LANES] * senders]
    threads = [
        threading.Thread(
            target=_loop,
            args=(services, stop, wake, part, poll_s, lease, quiet_hours),
            name=f"relay-{number}",
            daemon=True,
        )
        for number, part in enumerate(lanes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def worker_name() -> str:
    """Return a name that no other worker has, for leases."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(4)}"


def deliver_due(
    services: RelayServices,
    worker: str,
    *,
    limit: int = 4,
    lanes: Collection[str] = ALL_LANES,
    stop: threading.Event | None = None,
    lease: timedelta = relay.LEASE,
) -> int:
    """Lease up to ``limit`` rows and deliver them; returns how many were taken."""
    database = services.database
    with database.reading() as session:
        if not relay.anything_due(session):
            return 0
    with database.transaction() as session:
        rows = relay.lease_next(session, worker, limit=limit, lanes=lanes, lease=lease)
        taken = [(row.id, row.kind) for row in rows]
    for message_id, kind in taken:
        if stop is not None and stop.is_set():
            break
        deliver_one(services, worker, message_id, kind, lease)
    return len(taken)


def deliver_one(
    services: RelayServices, worker: str, message_id: int, kind: str, lease: timedelta = relay.LEASE
) -> str:
    """Deliver one leased row and return its status afterwards."""
    database = services.database
    handler = services.outbox_handlers.get(kind)
    try:
        if handler is None:
            raise LookupError(f"no handler for {kind!r}")
        with database.transaction() as session:
            sending = relay.begin(session, message_id, worker, handler, lease)
        if sending is None:
            return "settled"
        outcome = handler.send(sending)
        with database.transaction() as session:
            status = relay.settle(session, message_id, worker, outcome, handler)
    except Exception as error:
        log.exception("outbox row %s could not be delivered", message_id)
        with database.transaction() as session:
            return relay.failed(session, message_id, worker, type(error).__name__, handler)
    log.info("outbox %s %s %s: %s %s", message_id, sending.channel, sending.attempt, status, outcome.detail)
    return status


def drain(services: RelayServices, *, rounds: int = 1000) -> int:
    """Deliver everything that is due now (tests, ``flask deliver``); returns how many rows were taken."""
    worker, taken = worker_name(), 0
    for _ in range(rounds):
        number = deliver_due(services, worker, limit=50)
        if number == 0:
            break
        taken += number
    return taken


def _loop(
    services: RelayServices,
    stop: threading.Event,
    wake: threading.Event,
    lanes: Collection[str],
    poll_s: float,
    lease: timedelta,
    quiet_hours: bool,
) -> None:
    worker = worker_name()
    while not stop.is_set():
        open_now = quiet.awake(lanes, clock.now()) if quiet_hours else lanes
        try:
            taken = deliver_due(services, worker, lanes=open_now, stop=stop, lease=lease)
        except Exception:
            log.exception("the relay stumbled; it goes on")
            taken = 0
        if taken == 0 and wake.wait(poll_s):
            wake.clear()
