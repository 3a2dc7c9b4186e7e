"""Booking beside bare SQL and beside libres from PyPI, as ratios in one run on one PostgreSQL.

``python3 dev.py bench booking [PART…] [--quick]``; without a part all of them:

- ``throughput``: hold + confirm, sequential and with 32 clients contending for the 20 slots of one hall, beside
  a bare transaction that writes the same rows and beside libres' reserve + approve.
- ``availability``: free stretches of 300 rooms × 31 days over 216,000 occupied rows, beside the SQL that
  fetches the same rows; and a facility's week page beside an empty page of the site.
- ``rush``: 500 residents at nine o'clock for 40 slots, over HTTP, against two web workers.

``--quick`` runs a tenth. Ends with 1 when a goal is missed.
"""

import argparse
from collections.abc import Callable

from benchmarks.booking import availability, rush, throughput
from tests import postgres
from webapp import db, memory

PARTS: dict[str, Callable[[str, bool], list[str]]] = {
    "throughput": throughput.run,
    "availability": availability.run,
    "rush": rush.run,
}


def main(args: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench booking")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args(args)
    db.use_keys([("bench", bytes(range(32)))])
    memory.settle()  # as the web processes do
    missed: list[str] = []
    with postgres.server() as server:
        for part in chosen.parts or PARTS:
            missed += PARTS[part](server, chosen.quick)
    print("\n".join(f"missed: {line}" for line in missed) or "goals met")
    return 1 if missed else 0
