"""`python3 dev.py bench check`: how long loading, proving and walking each procedure takes."""

from __future__ import annotations

import time
from pathlib import Path

from webapp import clock
from webapp.form_engine import cases
from webapp.form_engine.load import folders, load_with_source
from webapp.form_engine.proof import prove

FORMS = Path(__file__).resolve().parents[1] / "forms"
SECONDS_FOR_ALL = 30.0
SECONDS_FOR_ONE = 1.0


def main(args: list[str]) -> int:
    """Print seconds per procedure, slowest first; 1 when a goal is missed."""
    today = clock.today()
    found: list[tuple[float, str, int]] = []
    for folder in folders([Path(a) for a in args] or [FORMS]):
        start = time.perf_counter()
        definition, source = load_with_source(folder)
        rows = prove(definition, source, today).walk.rows
        if (folder / "cases.yaml").exists():
            file, case_source = cases.load_with_source(folder)
            list(cases.complaints(definition, file, case_source))
        found.append((time.perf_counter() - start, definition.slug, rows))
    for seconds, slug, rows in sorted(found, reverse=True):
        print(f"{seconds:7.3f} s  {rows:4d} combinations  {slug}")
    total, worst = sum(f[0] for f in found), max(f[0] for f in found)
    goals = f"goals: {SECONDS_FOR_ALL:.0f} s, {SECONDS_FOR_ONE:.0f} s for one"
    print(f"{total:7.3f} s  for {len(found)} procedures ({goals})")
    return 0 if total <= SECONDS_FOR_ALL and worst < SECONDS_FOR_ONE else 1
