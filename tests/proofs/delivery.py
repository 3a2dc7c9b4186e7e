"""Proof: workers killed at random, a fifth of LINE's answers faulted; everyone told once, nobody twice.

Three worker processes run the real relay against the stateful fake. The control sends a new retry key
with every attempt: it must show duplicates, else the proof could not fail.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from typing import Any

from sqlalchemy import func, select

from tests.fakes.line_server import State, running
from tests.proofs.delivery_worker import KEYS
from webapp import db
from webapp.messaging.tell import Link, Recipient, tell
from webapp.outbox.models import TERMINAL, OutboxMessage

WORKERS = 3
FAULTS = 0.2
PATIENCE_S = 450.0


def prove(
    url: str, *, control: bool, messages: int | None = None, kills: int | None = None, seed: int = 7
) -> dict[str, Any]:
    """Send ``messages``, kill ``kills`` times, and count what arrived.

    3,000 and 25 unless told; the control repeats itself from the first lost answer on, so it is shorter.
    """
    messages = messages or (600 if control else 3000)
    kills = kills or (5 if control else 25)
    database = db.Database(url)
    _enqueue(database, messages)
    rng = random.Random(seed)
    started = time.monotonic()
    with running(State(faults=FAULTS, seed=seed)) as (line_url, state):
        command = [sys.executable, "-m", "tests.proofs.delivery_worker", url, line_url]
        command.append("control" if control else "keyed")
        workers = [subprocess.Popen(command) for _ in range(WORKERS)]
        try:
            killed = _run(database, workers, command, kills, rng, messages)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    result = _count(database, state.received, messages)
    result |= {
        "kills wanted": kills,
        "killed in the middle": killed,
        "requests": state.counts["push"],
        "faulted": state.counts["faulted"],
        "seconds": round(time.monotonic() - started, 1),
    }
    database.dispose()
    return result


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """Return what failed; a control without duplicates is a failure."""
    if control:
        return [] if result["duplicates"] else ["the control shows no duplicates: the proof proves nothing"]
    failed = []
    if result["received"] != result["messages"]:
        failed.append(f"{result['messages'] - result['received']} messages lost")
    if result["duplicates"]:
        failed.append(f"{result['duplicates']} duplicates")
    if result["accepted"] != result["messages"]:
        failed.append(f"only {result['accepted']} rows accepted")
    if result["killed in the middle"] < result["kills wanted"]:
        failed.append(f"only {result['killed in the middle']} workers died at work")
    return failed


def _enqueue(database: db.Database, messages: int) -> None:
    for start in range(0, messages, 500):
        with database.transaction() as session:
            for n in range(start, min(start + 500, messages)):
                recipient = Recipient(name="見本花子", line_user_id=f"U{n:08d}")
                tell(
                    session, "message_posted", recipient, link=Link("my"),
                    data={"procedure": "住民票の写し"}, dedupe_key=f"proof:{n}",
                )  # fmt: skip


def _run(
    database: db.Database,
    workers: list[subprocess.Popen[bytes]],
    command: list[str],
    kills: int,
    rng: random.Random,
    messages: int,
) -> int:
    """Kill at moments spread over the work; returns how many kills met unfinished work."""
    marks = sorted(rng.sample(range(1, max(kills + 1, int(messages * 0.95))), kills))
    killed, deadline = 0, time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        done = _settled(database)
        if done >= messages:
            return killed
        if killed < len(marks) and done >= marks[killed]:
            victim = rng.randrange(len(workers))
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = subprocess.Popen(command)
            killed += 1
            continue
        time.sleep(0.05)
    return killed


def _settled(database: db.Database) -> int:
    with database.reading() as session:
        query = select(func.count()).where(OutboxMessage.status.in_(TERMINAL))
        return session.scalars(query).one()


def _count(database: db.Database, received: dict[str, int], messages: int) -> dict[str, Any]:
    with database.reading() as session:
        query = select(OutboxMessage.status, func.count()).group_by(OutboxMessage.status)
        statuses = dict(session.execute(query).all())
        tried = session.scalars(select(func.max(OutboxMessage.attempts))).one()
        through_409 = session.scalars(select(func.count()).where(OutboxMessage.detail == "409")).one()
    return {
        "messages": messages,
        "received": len(received),
        "duplicates": sum(number - 1 for number in received.values()),
        "accepted": statuses.get("accepted", 0),
        "statuses": statuses,
        "settled through 409": through_409,
        "most attempts": tried,
    }


def main() -> None:
    """``python -m tests.proofs.delivery URL MESSAGES KILLS [control]`` for a look by hand."""
    from tests.schema import build

    db.use_keys(KEYS)
    url, messages, kills = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    build(url)
    print(prove(url, control="control" in sys.argv, messages=messages, kills=kills))


if __name__ == "__main__":
    main()
