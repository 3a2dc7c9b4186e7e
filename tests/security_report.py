"""``python3 dev.py security``: run the proofs of the checklist and print check, basis, kind and result."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

from tests.security_checks import CHECKS, Check

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run every proof once; 1 when one fails or a test that is named does not exist."""
    outcomes = _run_tests(sorted({_place(test) for check in CHECKS for test in check.tests}))
    rows = [_judge(check, outcomes) for check in CHECKS]
    print("# Security evidence\n")
    print("| no | requirement | basis | kind | result | evidence |\n|---|---|---|---|---|---|")
    for check, (kind, result, evidence) in zip(CHECKS, rows, strict=True):
        print(f"| {check.number} | {check.requirement} | {check.basis} | {kind} | {result} | {evidence} |")
    results = [result for _, result, _ in rows]
    counted = {word: results.count(word) for word in ("ok", "FAILED", "by hand", "missing")}
    print("\n" + ", ".join(f"{number} {word}" for word, number in counted.items()))
    return 1 if counted["FAILED"] or counted["missing"] else 0


def _run_tests(places: Iterable[str]) -> dict[str, str]:
    """Return ``file::name`` to ``ok`` or ``FAILED`` for every test in these places."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        there = [place for place in places if (ROOT / place).exists()]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        subprocess.run([*command, *there], cwd=ROOT, capture_output=True, check=False)
        if not report.exists():
            return {}
        cases = ET.parse(report).getroot().iter("testcase")
        return {_name(case): _outcome(case) for case in cases}


def _name(case: ET.Element) -> str:
    return case.get("classname", "").replace(".", "/") + ".py::" + case.get("name", "")


def _outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "FAILED"
    return "not run" if case.find("skipped") is not None else "ok"


def _judge(check: Check, outcomes: dict[str, str]) -> tuple[str, str, str]:
    if check.manual and not check.tests:
        return "manual", "by hand", check.manual
    found: dict[str, str] = {}
    for test in check.tests:
        fitting = _fitting(test, outcomes)
        if not fitting:
            return "test", "missing", test
        found.update(fitting)
    kind, evidence = "test", f"{len(found)} tests"
    if check.command:
        kind, code = "test+command" if check.tests else "command", _command(check.command)
        found[" ".join(check.command)] = "ok" if code == 0 else "FAILED"
        evidence = f"{evidence}, `{' '.join(check.command)}` → {code}"
    if check.manual:
        kind, evidence = f"{kind}+manual", f"{evidence}; {check.manual}"
    failed = [name for name, outcome in found.items() if outcome != "ok"]
    return kind, "FAILED" if failed else "ok", f"{evidence}: {failed[0]}" if failed else evidence


def _fitting(test: str, outcomes: dict[str, str]) -> dict[str, str]:
    """Return the tests of ``place::words``; words are joined by ``_or_`` when several may fit."""
    place, _, words = test.partition("::")
    wanted = words.split("_or_") if words else [""]
    return {
        name: outcome
        for name, outcome in outcomes.items()
        if name.startswith(f"{place}::") and any(word in name for word in wanted)
    }


def _place(test: str) -> str:
    return test.partition("::")[0]


def _command(command: tuple[str, ...]) -> int:
    """Run one of the application's commands on a sample city made for it."""
    flask = [str(Path(sys.executable).parent / command[0]), "--app", "wsgi"]
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "MADOGUCHI_MODE": "demo", "MADOGUCHI_DATA_DIR": folder}
        env = {key: value for key, value in env.items() if key not in ("DATABASE_URL", "QUEUE_URL")}
        for arguments in (["city", "prepare"], list(command[1:])):
            done = subprocess.run([*flask, *arguments], cwd=ROOT, env=env, capture_output=True, check=False)
            if done.returncode:
                break
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
