"""Every browser journey in a city that never heard of LINE; what needs a phone gives way to web and mail."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import Any

JOURNEYS = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/journeys", "--line", "off"]


def prove_whole() -> dict[str, Any]:
    """Run them; returns how many passed, and how many were left out because they are about a phone."""
    start = time.monotonic()
    done = subprocess.run(JOURNEYS, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout[-6000:])
    counts = {
        word: int(number)
        for number, word in re.findall(r"(\d+) (passed|failed|deselected|skipped)", done.stdout)
    }
    return {
        "passed": counts.get("passed", 0),
        "failed": counts.get("failed", 0),
        "skipped": counts.get("skipped", 0),
        "about a phone": counts.get("deselected", 0),
        "seconds": round(time.monotonic() - start),
        "exit code": done.returncode,
    }


def verdict(result: dict[str, Any]) -> list[str]:
    """Return what failed; nothing run, or nothing left out, is a failure too."""
    failed = []
    if result["exit code"] or result["failed"] or result["skipped"] or not result["passed"]:
        failed.append(f"journeys without LINE: {result}")
    if not result["about a phone"]:
        failed.append("no journey was left out: the switch did nothing")
    return failed
