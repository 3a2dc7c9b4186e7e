"""All periodic jobs in one table: what runs, and when."""

from __future__ import annotations

from datetime import time
from typing import Final

from webapp.jobs import upkeep
from webapp.jobs.clockwork import Job

JOBS: Final[tuple[Job, ...]] = (
    Job("outbox_expiry", upkeep.expire_messages, every_minutes=1),
    Job("links_cleanup", upkeep.forget_links, at=time(3, 10)),
)
