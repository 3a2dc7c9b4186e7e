"""(c) nine o'clock: 500 residents press for 40 slots at once, over HTTP, against two web workers.

Each has opened the page before (a session and its form token) and presses at the barrier, on a connection of
their own. Every slot must be sold once; everybody else must get a page that says so, and soon. What one refusal
takes when nobody else presses stands beside it, so that a reader sees what is work and what is queueing.
"""

import re
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlencode, urlsplit

from sqlalchemy import func, select

from benchmarks.booking.ground import share
from tests import postgres
from tests.journeys import city
from tests.proofs.races import overlapping
from webapp.booking.load import load_facilities
from webapp.booking.models import Booking
from webapp.db import Database

RESIDENTS, SLOTS, OPENERS = 500, 40, 8
SINGLE = 20
"""Wishes for a sold slot, one after another when the rush is over."""
TIMEOUT_S = 60
SORRY = "先に予約されました"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Page:
    """A resident's open page: where its form goes, what it sends, and the cookies it came with."""

    path: str
    form: dict[str, str]
    cookies: str


@dataclass(frozen=True)
class Answer:
    """What pressing led to; seconds since everybody pressed."""

    status: int
    sorry: bool
    seconds: float


def run(server: str, quick: bool) -> list[str]:
    residents = RESIDENTS // 10 if quick else RESIDENTS
    url = postgres.create_database(server, "bench_rush")
    with tempfile.TemporaryDirectory() as folder:
        with city.running(Path(folder), database_url=url, WEB_CONCURRENCY="2") as served:
            host = urlsplit(served.url).netloc
            wishes = _free_slots(host)
            before = _sold(url)
            pages = _in_threads(OPENERS, [(host, *wishes[n % SLOTS]) for n in range(residents)])
            answers = _press(host, pages)
            sold, doubles = _sold(url) - before, _doubles(url)
            alone = [_press(host, [page])[0] for page in pages[:SINGLE]]
        return _report(answers, alone, sold, doubles, min(SLOTS, residents))


def _report(answers: list[Answer], alone: list[Answer], sold: int, doubles: int, slots: int) -> list[str]:
    won = [a for a in answers if a.status == 303]
    refused = [a for a in answers if a.status == 409 and a.sorry]
    told = ", ".join(f"p{part} {share([a.seconds for a in answers], part):.2f} s" for part in (50, 95, 99))
    print(f"(c) {len(answers)} residents for {slots} slots: {len(won)} won, {len(refused)} refused; {told}")
    sorry = share([a.seconds for a in refused], 95) if refused else 0.0
    print(
        f"    refusals alone: p95 {sorry:.2f} s; {len(answers) / max(a.seconds for a in answers):.0f} answers/s"
    )
    single = [a.seconds for a in alone if a.status == 409 and a.sorry]
    if single:
        told = f"{1000 * median(single):.0f} ms ({len(single)} tries, best {1000 * min(single):.0f} ms)"
        print(f"    one refusal with nobody else pressing: {told}; the rest of a rush is queueing")
    missed = []
    if len(single) < len(alone):
        missed.append(f"(c) of {len(alone)} late wishes for a sold slot {len(single)} were refused")
    if not len(won) == sold == slots or doubles:
        missed.append(f"(c) {len(won)} were told they won, {sold} are booked, {doubles} overlap")
    others = Counter(a.status for a in answers if a not in won and a not in refused)
    if others:
        missed.append(f"(c) answers that are neither: {dict(others)}")
    return missed


def _free_slots(host: str) -> list[tuple[str, str]]:
    """Forty (address, band) of one facility that can be booked now."""
    for facility in load_facilities([Path("demo/facilities")]):
        if any(getattr(facility.limits, name) is not None for name in ("per_month", "active", "min_persons")):
            continue
        found: list[tuple[str, str]] = []
        whole = [room for room in facility.rooms if room.mode == "bands" and room.part_of is None]
        for room in whole[:1]:
            for band in _offered(host, facility.slug, room.key):
                found.append(band)
        if len(found) >= SLOTS:
            return found[:SLOTS]
    raise RuntimeError("no facility of the sample city has forty free slots")


def _offered(host: str, slug: str, key: str) -> list[tuple[str, str]]:
    """The slots that the room's own pages offer, as (address of the form, band)."""
    found: list[tuple[str, str]] = []
    _, text, _ = _ask(host, "GET", f"/facilities/{slug}/rooms/{key}?view=month")
    for path, query in re.findall(r'href="(/book/[^"?]+)\?([^"]+)"', text):
        band = re.search(r"band=([^&]+)", query)
        if band is not None:
            found.append((path, band.group(1)))
    return found


def _open_page(host: str, path: str, band: str) -> Page:
    _, text, cookies = _ask(host, "GET", f"{path}?band={band}")
    token = TOKEN.search(text)
    assert token is not None, path
    return Page(path, {"csrf_token": token.group(1), "band": band, "resident": "yes"}, cookies)


def _in_threads(clients: int, work: list[tuple[str, str, str]]) -> list[Page]:
    pages: list[Page] = []

    def client(mine: list[tuple[str, str, str]]) -> None:
        pages.extend(_open_page(*one) for one in mine)

    threads = [threading.Thread(target=client, args=(work[n::clients],)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pages) == len(work), "a page did not open"
    return pages


def _press(host: str, pages: list[Page]) -> list[Answer]:
    gate = threading.Barrier(len(pages) + 1)
    answers: list[Answer] = []
    began = [0.0]

    def resident(page: Page) -> None:
        gate.wait()
        try:
            status, text, _ = _ask(host, "POST", page.path, page.form, page.cookies)
        except OSError:
            status, text = 0, ""
        answers.append(Answer(status, SORRY in text, time.perf_counter() - began[0]))

    threads = [threading.Thread(target=resident, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    began[0] = time.perf_counter()
    gate.wait()
    for thread in threads:
        thread.join()
    return answers


def _ask(
    host: str, method: str, path: str, form: dict[str, str] | None = None, cookies: str = ""
) -> tuple[int, str, str]:
    """One request on a connection of its own; returns status, text and the cookies to send next time."""
    connection = HTTPConnection(host, timeout=TIMEOUT_S)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        given = "; ".join(c.split(";")[0] for c in answer.headers.get_all("Set-Cookie") or [])
        return answer.status, answer.read().decode(), given or cookies
    finally:
        connection.close()


def _sold(url: str) -> int:
    database = Database(url)
    try:
        with database.reading() as session:
            return session.scalar(select(func.count()).where(Booking.state == "held")) or 0
    finally:
        database.dispose()


def _doubles(url: str) -> int:
    database = Database(url)
    try:
        with database.reading() as session:
            return overlapping(session)
    finally:
        database.dispose()
