"""Work through ordered batches; a batch whose worker died is taken up again where it stopped."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from webapp.applications import batch

if TYPE_CHECKING:
    from webapp.wiring import Services

log = logging.getLogger(__name__)
POLL_S: Final = 1.0


def run_forever(services: Services, stop: threading.Event) -> None:
    """Work until ``stop`` is set."""
    while not stop.is_set():
        try:
            done = run_next(services)
        except Exception:
            log.exception("the batches stumbled; they go on")
            done = False
        if not done:
            stop.wait(POLL_S)


def run_next(services: Services) -> bool:
    """Do the oldest waiting batch; False when there is none."""
    with services.database.transaction() as session:
        found = batch.claim_next(session)
    if found is None:
        return False
    batch.carry_on(services.batch_house(), found)
    return True
