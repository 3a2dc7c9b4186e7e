"""``python3 dev.py prove NAME``: a proof at full size on both databases, written to docs/proofs.md.

Each proof is a module beside this one with ``prove(url, *, control) -> dict`` (the issue's full
figures; ``control`` switches the guard off) and ``verdict(result, *, control) -> list[str]``: what
failed. A control that does not fail is itself a failure. A module that needs no database given has
``prove_whole() -> dict`` and ``verdict(result)`` instead. ``AT_ONCE`` in a module: its four runs need
nothing of one another and measure no race, so that two go at the same time.
"""

from __future__ import annotations

import importlib
import json
import platform
import re
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests import postgres
from tests.proofs import rounds
from tests.schema import build
from webapp import db

NAMES = {
    "submit-once": "submit_once",
    "crash": "crash",
    "races": "races",
    "booking-crash": "booking_crash",
    "payments": "payments",
    "delivery": "delivery",
    "fuzz": "fuzz",
    "crawl": "crawl",
    "line-off": "line_off",
}
PAGE = Path("docs/proofs.md")


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        print(f"name one of: {', '.join(NAMES)}")
        return 2
    name = sys.argv[1]
    db.use_keys(rounds.KEYS)
    module = importlib.import_module(f"tests.proofs.{NAMES[name]}")
    results: dict[str, Any] = {}
    failures: list[str] = []
    if hasattr(module, "prove_whole"):
        results["all journeys"] = module.prove_whole()
        failures = module.verdict(results["all journeys"])
        return _end(name, results, failures)
    runs = [(kind, control) for kind in ("sqlite", "postgres") for control in (False, True)]
    with tempfile.TemporaryDirectory() as folder, postgres.server() as server:
        urls = [_database(kind, control, Path(folder), server) for kind, control in runs]
        for (kind, control), result in zip(runs, rounds.each(module, runs, urls), strict=True):
            label = f"{kind}{' (negative control)' if control else ''}"
            results[label] = result
            print(f"{name}: {label}\n{json.dumps(result, ensure_ascii=False, indent=1)}", flush=True)
            failures += [f"{label}: {line}" for line in module.verdict(result, control=control)]
    return _end(name, results, failures)


def _end(name: str, results: dict[str, Any], failures: list[str]) -> int:
    _write(name, results, failures)
    print("\n".join(failures) or f"{name}: holds")
    return 1 if failures else 0


def _database(kind: str, control: bool, folder: Path, server: str) -> str:
    name = f"proof_{'control' if control else 'real'}"
    if kind == "postgres":
        url = postgres.create_database(server, name)
    else:
        url = f"sqlite:///{folder / name}.sqlite3"
    build(url)
    return url


def _write(name: str, results: dict[str, Any], failures: list[str]) -> None:
    """Replace this proof's section of docs/proofs.md."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    when = datetime.now(ZoneInfo("Asia/Tokyo"))
    verdict = "failed" if failures else "holds"
    told = f"{when:%Y-%m-%d %H:%M} JST, commit {commit.stdout.strip()}, Python {platform.python_version()}"
    lines = [f"## {name}", "", f"{told}: **{verdict}**", "", "| run | figures |", "|---|---|"]
    for label, result in results.items():
        figures = ", ".join(f"{key} {value}" for key, value in result.items())
        lines.append(f"| {label} | {figures} |")
    lines += ["", *[f"- {failure}" for failure in failures]]
    section = "\n".join(lines).rstrip() + "\n"
    text = (
        PAGE.read_text()
        if PAGE.exists()
        else "# Proofs at full size\n\nWritten by `python3 dev.py prove NAME`.\n"
    )
    pattern = re.compile(rf"^## {re.escape(name)}\n.*?(?=^## |\Z)", re.S | re.M)
    text = pattern.sub("", text).rstrip() + "\n\n" + section
    PAGE.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
