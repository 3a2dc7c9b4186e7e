"""Proof: kill -9 of web and worker at random moments loses no application and doubles no message.

Real processes (gunicorn and the worker), real HTTP. Clients write and send applications the way
people do: when nothing answers, they press again. Afterwards every receipt that was shown must have
its case, every case exactly one message in the outbox, every draft exactly one case. The control
writes the message after the commit instead of inside it, and must be caught losing some.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import func, select

from tests.fakes.procedures import sample
from webapp import db as webapp_db
from webapp.casework.models import Case
from webapp.db import Database
from webapp.intake.models import Submission
from webapp.outbox.models import OutboxMessage
from webapp.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SUBMISSIONS = 200
PATIENCE = 300.0
KILLED_AT = ((20, "web"), (45, "worker"), (70, "web"))
"""Percent of the receipts at which somebody is killed whatever the time is."""
ONE_PAGE = [
    {
        "key": "you",
        "title": "あなたのこと",
        "fields": [
            {"key": "applicant_name", "label": "氏名", "type": "text"},
            {"key": "applicant_email", "label": "メールアドレス", "type": "email"},
        ],
    }
]


def prove(url: str, *, control: bool) -> dict[str, Any]:
    """Two hundred submissions on the database at ``url`` (the control is caught with fewer)."""
    return run(80 if control else SUBMISSIONS, url, control=control)


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """What is not as it must be; a control that loses nothing has failed too."""
    losses = [
        f"{result[name]} {name.replace('_', ' ')}"
        for name in (
            "receipts_without_case",
            "cases_without_message",
            "cases_with_several_messages",
            "drafts_with_several_cases",
        )
        if result[name]
    ]
    if control:
        return [] if losses else ["the control loses nothing"]
    if result["receipts_shown"] < result["wanted"]:
        losses.append(f"only {result['receipts_shown']} of {result['wanted']} receipts were shown")
    if not result["web_kills"] or not result["worker_kills"]:
        losses.append("nothing was killed")
    return losses


def run(scale: int, database_url: str, *, control: bool = False) -> dict[str, Any]:
    """Send ``scale`` applications while processes are killed; returns what was found afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    try:
        house = House(folder, database_url, control)
        house.prepare()
        shown = _storm(house, scale)
        references = shown.pop("references")
        return {"wanted": scale, **shown, **_found(database_url, references)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class House:
    """The processes of one counter, and the hand that kills them."""

    folder: Path
    database_url: str
    control: bool
    port: int = 0
    web: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None
    kills: dict[str, int] = field(default_factory=lambda: {"web": 0, "worker": 0})

    def prepare(self) -> None:
        city, forms = self.folder / "city", self.folder / "forms" / "sample-certificate"
        city.mkdir()
        forms.mkdir(parents=True)
        shutil.copy(ROOT / "demo" / "city.yaml", city / "city.yaml")
        definition = sample(pages=ONE_PAGE, stops=[], fee=None, once=None)
        (forms / "form.yaml").write_text(json.dumps(definition.to_json(), ensure_ascii=False))
        self.port = _free_port()
        settings = Settings.from_environment(self.environment())
        webapp_db.use_keys(settings.answer_keys)

    def environment(self) -> dict[str, str]:
        base = f"http://127.0.0.1:{self.port}"
        return {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "QUEUE_URL": f"sqlite:///{self.folder / 'queue.sqlite3'}",
            "CITY_DIR": str(self.folder / "city"),
            "MADOGUCHI_FORMS_DIR": str(self.folder / "forms"),
            "MADOGUCHI_DATA_DIR": str(self.folder),
            "MADOGUCHI_BASE_URL": base,
            "MADOGUCHI_TRUSTED_PROXIES": "1",
            "PROOF_CONTROL": "1" if self.control else "",
            "PYTHONPATH": str(ROOT),
        }

    def start_web(self) -> None:
        where = ["-b", f"127.0.0.1:{self.port}", "-w", "2", "-k", "gthread", "--threads", "4"]
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            *where,
            "--log-level",
            "error",
            "tests.proofs.crash_app:app",
        ]
        self.web = self._start(command)

    def start_worker(self) -> None:
        self.worker = self._start([sys.executable, "-m", "flask", "--app", "wsgi", "worker"])

    def wait_for_web(self, done: threading.Event) -> None:
        """Until somebody answers: on a slow machine nothing would ever be sent between two kills."""
        until = time.monotonic() + PATIENCE / 2
        while not done.is_set() and time.monotonic() < until:
            with contextlib.suppress(requests.RequestException):
                requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5)
                return
            time.sleep(0.1)

    def kill(self, name: str) -> None:
        """kill -9 of the process and all its children."""
        process: subprocess.Popen[bytes] | None = getattr(self, name)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.kills[name] += 1

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        log = (self.folder / "log.txt").open("ab")
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment(), stdout=log, stderr=log, start_new_session=True
        )


def _storm(house: House, scale: int) -> dict[str, Any]:
    """Clients send until ``scale`` receipts were shown; meanwhile web and worker die again and again."""
    house.start_web()
    house.start_worker()
    tickets, references, faults = iter(range(scale)), [], []
    lock, done = threading.Lock(), threading.Event()

    def client(number: int) -> None:
        while True:
            with lock:
                ticket = next(tickets, None)
            if ticket is None:
                return
            try:
                references.append(Person(house, f"10.{number}.{ticket % 250}.{ticket // 250 + 1}").apply())
            except Exception as error:
                faults.append(f"{type(error).__name__}: {error}"[:300])

    def reaper() -> None:
        chance = random.Random(20261120)
        due = [(scale * part // 100, name) for part, name in KILLED_AT]
        while (name := _next_victim(chance, due, references, done)) is not None:
            house.kill(name)
            (house.start_web if name == "web" else house.start_worker)()
            house.wait_for_web(done)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(6)]
    killer = threading.Thread(target=reaper)
    for thread in [*threads, killer]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    killer.join()
    kills = dict(house.kills)
    for name in ("web", "worker"):
        house.kill(name)
    return {
        "references": references,
        "receipts_shown": len(references),
        "web_kills": kills["web"],
        "worker_kills": kills["worker"],
        "clients_gave_up": faults,
    }


def _next_victim(
    chance: random.Random, due: list[tuple[int, str]], shown: list[str], done: threading.Event
) -> str | None:
    """Whoever is due by the number of receipts, so that a fast machine kills too; else anyone after a while."""
    until = time.monotonic() + chance.uniform(0.5, 4.0)
    while not done.is_set():
        if due and len(shown) >= due[0][0]:
            return due.pop(0)[1]
        if time.monotonic() >= until:
            return "web" if chance.random() < 0.6 else "worker"
        done.wait(0.02)
    return None


class Person:
    """Somebody with a browser who presses again when nothing answers."""

    def __init__(self, house: House, address: str) -> None:
        self.base = f"http://127.0.0.1:{house.port}"
        self.browser = requests.Session()
        self.browser.headers["X-Forwarded-For"] = address

    def apply(self) -> str:
        """Write and send one application; returns the reference number on the receipt."""
        start = "/apply/start/sample-certificate"
        url = self._post(start, start, {}).url
        token = re.search(r"/apply/([^/]+)/", url)
        assert token is not None, url
        page, check = f"/apply/{token[1]}/pages/you", f"/apply/{token[1]}/check"
        typed = {"applicant_name": "見本 太郎", "applicant_email": "taro@example.jp", "_action": "next"}
        self._post(page, page, typed)
        receipt = self._post(check, check, {"declared": "yes"})
        number = re.search(r'class="reference-number">([0-9-]+)<', receipt.text)
        assert number is not None, receipt.text[:3000]
        return number[1]

    def _post(self, show: str, url: str, typed: dict[str, str]) -> requests.Response:
        """Open the page and send its form; after a lost connection open it again and look."""
        for _ in self._attempts():
            with contextlib.suppress(requests.RequestException):
                page = self.browser.get(self.base + show, timeout=30)
                if "/receipt" in page.url:
                    return page
                hidden = dict(
                    re.findall(r'<input type="hidden" name="([^"]+)"[^>]*? value="([^"]*)"', page.text)
                )
                hidden = {name: value.replace("&#34;", '"') for name, value in hidden.items()}
                answer = self.browser.post(self.base + url, data={**hidden, **typed}, timeout=30)
                if answer.status_code == 200 and answer.request.method == "GET":
                    return answer
        raise RuntimeError(f"gave up at {url}")

    def _attempts(self) -> Iterator[int]:
        until, count = time.monotonic() + PATIENCE, 0
        while time.monotonic() < until:
            yield count
            count += 1
            time.sleep(0.2)


def _found(url: str, references: list[str]) -> dict[str, int]:
    database = Database(url)
    try:
        with database.reading() as session:
            known = set(session.scalars(select(Case.reference)))
            told = select(OutboxMessage.case_id, func.count()).where(OutboxMessage.kind == "tell")
            messages = {row[0]: row[1] for row in session.execute(told.group_by(OutboxMessage.case_id))}
            cases = list(session.scalars(select(Case.id)))
            tickets = select(Submission.draft_id, func.count(Submission.case_id)).group_by(
                Submission.draft_id
            )
            several = sum(1 for _, count in session.execute(tickets) if count > 1)
            return {
                "cases": len(cases),
                "receipts_without_case": len(set(references) - known),
                "cases_without_message": sum(1 for case_id in cases if case_id not in messages),
                "cases_with_several_messages": sum(1 for count in messages.values() if count > 1),
                "drafts_with_several_cases": several + (len(cases) - len(set(references)) if several else 0),
            }
    finally:
        database.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
