"""``flask doctor``: is this installation fit to serve? Each finding says what to do."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock
from webapp.db import new_token
from webapp.identity.models import Staff
from webapp.identity.permissions import scope_of
from webapp.jobs import rotate_keys
from webapp.jobs.models import JobRun
from webapp.ports.scanner import ScannerUnavailable
from webapp.ports.storage import StorageError

if TYPE_CHECKING:
    from webapp.wiring import Services

Level = Literal["ok", "look", "bad"]
OLDEST_POSTGRES: Final = 14
ROOM_BYTES: Final = 2 * 1024**3
WORKER_PATIENCE: Final = timedelta(minutes=5)
CLOCK_PATIENCE: Final = timedelta(seconds=5)
HARMLESS_VIRUS: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file of EICAR, in two halves so that no scanner takes this module away."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``look`` may be meant so, ``bad`` keeps the city from working."""

    level: Level
    subject: str
    words: str


def examine(services: Services, env: Mapping[str, str]) -> Iterator[Finding]:
    """Look at everything; without a database what needs one is left out."""
    yield from _settings(services, env)
    yield from _folders(services)
    yield from _storage(services)
    yield from _scanner(services)
    yield from _identity(services)
    if not services.database.answers():
        yield Finding("bad", "database", "does not answer: check DATABASE_URL and that PostgreSQL runs")
        return
    checks: tuple[Callable[[Services], Iterator[Finding]], ...] = (_database, _schema)
    for check in checks:
        yield from check(services)
    try:
        for check in (_worker, _accounts, _keys):
            yield from check(services)
    except SQLAlchemyError as error:
        yield Finding("bad", "tables", f"cannot be read ({type(error).__name__}): run flask db upgrade")


def _settings(services: Services, env: Mapping[str, str]) -> Iterator[Finding]:
    settings = services.settings
    if settings.is_demo:
        yield Finding("look", "mode", "is the sample city; a real one sets MADOGUCHI_MODE=production")
    else:
        yield Finding("ok", "mode", f"production at {settings.base_url}")
    if not settings.is_demo and not settings.trusted_proxies:
        why = "is 0: behind a proxy every visitor has the proxy's address, and limits hit all of them"
        yield Finding("look", "MADOGUCHI_TRUSTED_PROXIES", why)
    if settings.maintenance:
        yield Finding("look", "MADOGUCHI_MAINTENANCE", "is on: residents see the maintenance page")
    off = [
        name
        for name in ("identity", "payment", "line", "mail", "scanner")
        if getattr(settings, f"{name}_plug") == "off"
    ]
    if off:
        yield Finding("look", "plugs", f"off: {', '.join(off)}")
    for name, path in env.items():
        if name.endswith("_FILE") and (name.startswith("MADOGUCHI_") or name == "DATABASE_URL_FILE"):
            yield from _secret_file(name, Path(path))


def _secret_file(name: str, path: Path) -> Iterator[Finding]:
    if path.exists() and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        yield Finding("look", name, f"{path} can be read by everybody on this machine: chmod o= {path}")


def _folders(services: Services) -> Iterator[Finding]:
    for name, folder in (("data", services.settings.data_dir), ("cache", services.settings.cache_dir)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".doctor-{new_token()}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            yield Finding("bad", f"{name} folder", f"{folder} cannot be written: {error.strerror}")
            continue
        free = shutil.disk_usage(folder).free
        level: Level = "ok" if free >= ROOM_BYTES else "look"
        yield Finding(level, f"{name} folder", f"{folder}, {free / 1024**3:.1f} GB free")


def _storage(services: Services) -> Iterator[Finding]:
    key = f"doctor/{new_token()}"
    try:
        services.storage.put(key, b"doctor", "text/plain")
        kept = services.storage.get(key) == b"doctor"
        services.storage.delete(key)
    except StorageError as error:
        yield Finding("bad", "file storage", f"does not take a file: {error}")
        return
    yield (
        Finding("ok", "file storage", "takes a file and gives it back")
        if kept
        else Finding("bad", "file storage", "gave back other bytes than it took")
    )


def _scanner(services: Services) -> Iterator[Finding]:
    if services.settings.scanner_plug == "off":
        return
    try:
        blind = services.scanner.scan(HARMLESS_VIRUS).clean
    except ScannerUnavailable as error:
        why = f"does not answer ({error}): uploads are held until it does"
        yield Finding("bad", "virus scanner", why)
        return
    if blind:
        yield Finding("bad", "virus scanner", "does not find the EICAR test file: its signatures are missing")
    else:
        yield Finding("ok", "virus scanner", "answers, and finds the EICAR test file")


def _identity(services: Services) -> Iterator[Finding]:
    for plug in (*services.identity.values(), *filter(None, [services.staff_identity])):
        ask: Callable[[], list[str]] = getattr(plug, "health", list)  # who speaks to nobody has none to tell
        troubles = ask()
        for trouble in troubles:
            yield Finding("bad", f"identity {plug.id}", trouble)
        if not troubles:
            yield Finding("ok", f"identity {plug.id}", "answers")


def _database(services: Services) -> Iterator[Finding]:
    if services.database.is_sqlite:
        level: Level = "ok" if services.settings.is_demo else "bad"
        yield Finding(level, "database", "is SQLite, which is for trying: a city runs on PostgreSQL")
        return
    with services.database.reading() as session:
        version = int(session.scalar(text("SHOW server_version_num")) or 0) // 10_000
        there = session.scalar(select(func.now()))
    if version < OLDEST_POSTGRES:
        yield Finding("bad", "database", f"is PostgreSQL {version}: {OLDEST_POSTGRES} or newer is needed")
    else:
        yield Finding("ok", "database", f"PostgreSQL {version}")
    if there is not None and abs(clock.now() - there) > CLOCK_PATIENCE:
        yield Finding("bad", "clock", "differs from the database's by more than five seconds: set up NTP")


def _schema(services: Services) -> Iterator[Finding]:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(services.migrations()).get_current_head()
    with services.database.engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    if now == head:
        yield Finding("ok", "schema", f"is at {head}")
    else:
        yield Finding(
            "bad", "schema", f"is at {now or 'nothing'}, this version wants {head}: flask db upgrade"
        )


def _worker(services: Services) -> Iterator[Finding]:
    with services.database.reading() as session:
        last = session.scalar(select(func.max(JobRun.started_at)))
        failed = list(session.scalars(select(JobRun.name).where(JobRun.result.startswith("failed"))))
    if last is None or clock.now() - last > WORKER_PATIENCE:
        when = "has never run" if last is None else f"has not run since {clock.tokyo(last):%Y-%m-%d %H:%M}"
        yield Finding("bad", "worker", f"{when}: start flask worker, or nothing is sent and nothing lapses")
    else:
        yield Finding("ok", "worker", "runs")
    for name in failed:
        yield Finding("look", f"job {name}", "failed when it last ran: see the worker's log")


def _accounts(services: Services) -> Iterator[Finding]:
    with services.database.reading() as session:
        everyone = list(session.scalars(select(Staff).where(Staff.active)))
    able = [one for one in everyone if scope_of(one.roles, "staff.manage").everywhere]
    if not able:
        yield Finding("bad", "accounts", "nobody administers: flask staff create-first")
    elif len(able) == 1:
        why = "one administrator only: a second one is needed to approve rights (four eyes)"
        yield Finding("look", "accounts", why)
    else:
        yield Finding("ok", "accounts", f"{len(everyone)} active, {len(able)} administrators")


def _keys(services: Services) -> Iterator[Finding]:
    with services.database.reading() as session:
        older = sum(rotate_keys.left(session).values())
    if older:
        why = f"{older} values are sealed with an older key: flask keys rotate, and keep that key until then"
        yield Finding("look", "answer keys", why)
    else:
        yield Finding("ok", "answer keys", "everything is sealed with the newest key")
