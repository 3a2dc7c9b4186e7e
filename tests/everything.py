"""``python3 dev.py test``: lint, both databases and the browser, on both cores; counts at the end.

The browser journeys begin first and come first: two of them at a time wait for pages most of the while,
and everything else, two jobs at a time and niced, takes what they leave of the machine. The three parts then
end within a minute of each other. The output of a job is shown when it failed, so lines of two jobs never mix.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgres import fast_folder

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
PYTEST += ["-o", "tmp_path_retention_policy=failed"]
BOTH_CORES = ["-n", "2", "--dist", "loadfile"]
JOBS_AT_ONCE = 3


@dataclass
class Job:
    """One command of the suite; ``group`` is what ``--only`` selects."""

    name: str
    group: str
    command: list[str]
    nice: int = 10
    seconds: float = 0
    code: int = -1
    output: str = ""
    env: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        found = re.findall(r"(\d+) passed", self.output)
        return int(found[-1]) if found else 0

    @property
    def not_run(self) -> int:
        return sum(int(n) for n in re.findall(r"(\d+) (?:skipped|xfailed)", self.output))

    def run(self) -> None:
        """Run to the end; the output is kept whole."""
        start = time.monotonic()
        fast = fast_folder()
        env = {**os.environ, **({"PYTEST_DEBUG_TEMPROOT": fast} if fast else {}), **self.env}
        command = ["nice", "-n", str(self.nice), *self.command]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        self.seconds, self.code = time.monotonic() - start, done.returncode
        self.output = done.stdout + done.stderr
        mark = "ok" if self.code == 0 else f"FAILED ({self.code})"
        print(f"[{self.seconds:6.1f} s] {self.name}: {mark}", flush=True)
        if self.code:
            print(self.output[-12000:], flush=True)


def jobs(screens: Path) -> list[Job]:
    """Everything, longest first."""
    tools = Path(sys.executable).parent
    browser = {"MADOGUCHI_SCREENS_SEEN": str(screens)}
    rest = ["--ignore=tests/journeys"]
    return [
        Job("browser journeys", "journeys", [*PYTEST, *BOTH_CORES, "tests/journeys"], nice=0, env=browser),
        Job("tests on SQLite", "sqlite", [*PYTEST, "--database", "sqlite", *rest, "tests"]),
        Job("tests on PostgreSQL", "postgres", [*PYTEST, "--database", "postgres", *rest, "tests"]),
        Job("mypy", "lint", [str(tools / "mypy")]),
        Job("ruff", "lint", [str(tools / "ruff"), "check", "."]),
        Job("import contracts", "lint", [str(tools / "lint-imports")]),
        Job("forms check", "lint", [str(tools / "flask"), "--app", "wsgi", "forms", "check"]),
        Job("facilities check", "lint", [str(tools / "flask"), "--app", "wsgi", "facilities", "check"]),
    ]


def main(only: list[str]) -> int:
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "screens.jsonl"
        chosen = [job for job in jobs(seen) if not only or job.group in only]
        with ThreadPoolExecutor(max_workers=JOBS_AT_ONCE) as pool:
            list(pool.map(Job.run, chosen))
        screens = _screens(seen)
    return _report(chosen, screens, time.monotonic() - start)


def _screens(seen: Path) -> tuple[int, int]:
    """Return (screens axe saw, different addresses among them)."""
    if not seen.exists():
        return 0, 0
    visits = [json.loads(line) for line in seen.read_text().splitlines()]
    return len(visits), len({(visit["screen"], visit["lang"], visit["width"]) for visit in visits})


def _report(done: list[Job], screens: tuple[int, int], seconds: float) -> int:
    by_group = {job.group: job for job in done if job.group != "lint"}
    labels = {"sqlite": "on SQLite", "postgres": "on PostgreSQL", "journeys": "in the browser"}
    counts = ", ".join(f"{job.passed} {labels[group]}" for group, job in by_group.items())
    print(f"tests: {counts}; axe saw {screens[0]} screens ({screens[1]} different); {seconds:.0f} s in all")
    not_run = sum(job.not_run for job in by_group.values())
    failed = [job.name for job in done if job.code]
    empty = [job.name for job in by_group.values() if job.code == 0 and job.passed == 0]
    if failed or empty or not_run:
        print("failed: " + ", ".join(failed + [f"{name} (no test ran)" for name in empty]))
        if not_run:
            print(f"{not_run} tests were skipped or expected to fail: nothing may be skipped silently")
    total = sum(job.passed for job in by_group.values())
    failures = len(failed) + len(empty)
    print(f"{total} passed, {failures} failed")
    return 1 if failures or not_run else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
