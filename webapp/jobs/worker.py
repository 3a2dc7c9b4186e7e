"""The worker process: the relay loop, ordered batches, and huey with the clockwork."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from webapp.jobs import batches, clockwork, line_inbox, relay
from webapp.jobs.queue import make_queue, start_consumer
from webapp.wiring import Services

log = logging.getLogger(__name__)


def main(services: Services, *, stop: threading.Event | None = None, senders: int = 2) -> None:
    """Run until SIGTERM or SIGINT (or ``stop``). Kill -9 loses nothing: leases run out, rows are repeated."""
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    wake = threading.Event()
    queue = make_queue(services.settings.queue_url)
    _schedule(queue, services, wake)
    consumer = start_consumer(queue)
    inbox = threading.Thread(
        target=line_inbox.run_forever, args=(services, stop), name="line-inbox", daemon=True
    )
    inbox.start()
    many = threading.Thread(target=batches.run_forever, args=(services, stop), name="batches", daemon=True)
    many.start()
    log.info("worker started")
    try:
        relay.run_forever(services, stop, senders=senders, wake=wake)
    finally:
        consumer.stop(graceful=False)
        log.info("worker stopped")


def _schedule(queue: Any, services: Services, wake: threading.Event) -> None:
    from huey import crontab

    @queue.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
    def tick() -> None:
        clockwork.tick(services)
        wake.set()

    @queue.task()  # type: ignore[untyped-decorator]
    def wake_relay() -> None:
        wake.set()
