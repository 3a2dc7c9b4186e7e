"""`python3 dev.py bench check`: how long loading, proving and walking each procedure takes.

Its process cases (dozens of submissions through the real services) are timed beside it: they count in
the sum, not in the goal for one procedure, which is about the form itself.
"""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

from webapp import clock
from webapp.applications import process_cases
from webapp.city import City, load_city
from webapp.db import Database, use_keys
from webapp.form_engine import cases
from webapp.form_engine.load import folders, load_with_source
from webapp.form_engine.proof import prove

FORMS = Path(__file__).resolve().parents[1] / "forms"
SECONDS_FOR_ALL = 30.0
SECONDS_FOR_ONE = 1.0


def main(args: list[str]) -> int:
    """Print seconds per procedure, slowest first; 1 when a goal is missed."""
    today = clock.today()
    city = load_city(FORMS.parent / "demo")
    use_keys([("bench", bytes(32))])
    with process_cases.stage() as database:
        found = [
            _timed(database, city, folder, today) for folder in folders([Path(a) for a in args] or [FORMS])
        ]
    for seconds, played, slug, rows in sorted(found, reverse=True):
        shown = f"  + {played:.3f} s for its processes" if played else ""
        print(f"{seconds:7.3f} s  {rows:4d} combinations  {slug}{shown}")
    total, worst = sum(f[0] + f[1] for f in found), max(f[0] for f in found)
    goals = f"goals: {SECONDS_FOR_ALL:.0f} s, {SECONDS_FOR_ONE:.0f} s for one"
    print(f"{total:7.3f} s  for {len(found)} procedures ({goals}); the slowest {worst:.3f} s")
    return 0 if total <= SECONDS_FOR_ALL and worst < SECONDS_FOR_ONE else 1


def _timed(database: Database, city: City, folder: Path, today: date) -> tuple[float, float, str, int]:
    """Seconds of the proof, seconds of the processes, slug, combinations walked."""
    start = time.perf_counter()
    definition, source = load_with_source(folder)
    rows = prove(definition, source, today).walk.rows
    file, case_source = cases.load_with_source(folder)
    list(cases.complaints(definition, file, case_source))
    proved = time.perf_counter()
    list(process_cases.complaints(database, city, folder, definition, file, case_source))
    played = time.perf_counter() - proved if file.processes else 0.0
    return proved - start, played, definition.slug, rows
