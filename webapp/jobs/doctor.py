"""``flask doctor``: is this installation fit to serve? Every part is tried for real, and nothing is changed.

A city runs it after each change of settings and from its monitor: it ends with 1 when something is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select, type_coerce

from webapp import clock
from webapp.db import Instant, new_token
from webapp.jobs import rotate_keys
from webapp.jobs.models import JobRun
from webapp.ports.scanner import ScannerUnavailable
from webapp.ports.storage import StorageError
from webapp.web.services import services

if TYPE_CHECKING:
    from webapp.ports.identity import IdentityProvider
    from webapp.wiring import Services

MOST_SKEW = 5.0
"""Seconds between this machine's clock and the database's."""
QUIET = timedelta(minutes=10)
"""A worker that began no job for so long is gone."""
HARMLESS_VIRUS = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass(frozen=True)
class Finding:
    """What one look found; ``wrong`` is empty when all is well."""

    part: str
    wrong: str = ""


def look(mine: Services) -> Iterator[Finding]:
    """Yield a finding for every part of the house."""
    looks: dict[str, Callable[[Services], str]] = {
        "schema of the database": _schema,
        "clock": _clock,
        "worker": _worker,
        "keys of the answers": _keys,
        "storage": _storage,
        "virus scanner": _scanner,
    }
    for part, at in looks.items():
        yield Finding(part, _tried(at, mine))
    plugs = [*mine.identity.values(), *filter(None, [mine.staff_identity])]
    for plug in plugs:
        yield Finding(f"identity {plug.id}", _tried(partial(_provider, plug), mine))


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Look at database, clock, worker, keys, storage, scanner, identity; ends with 1 when one is unwell."""
    found = list(look(services()))
    for one in found:
        click.echo(f"{'WRONG' if one.wrong else 'ok':5} {one.part}{': ' if one.wrong else ''}{one.wrong}")
    raise SystemExit(1 if any(one.wrong for one in found) else 0)


def _tried(at: Callable[[Services], str], mine: Services) -> str:
    try:
        return at(mine)
    except Exception as error:  # noqa: BLE001  (whatever is broken is exactly what is asked for)
        return f"{type(error).__name__}: {error}"[:300]


def _provider(plug: IdentityProvider, _mine: Services) -> str:
    health: Callable[[], list[str]] = getattr(plug, "health", list)  # who speaks to nobody has none to tell
    return "; ".join(health())


def _schema(mine: Services) -> str:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory.from_config(mine.migrations()).get_current_head()
    with mine.database.engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    return "" if here == newest else f"at {here}, this version needs {newest}: flask db upgrade"


def _clock(mine: Services) -> str:
    with mine.database.reading() as session:
        before = time.time()
        told = session.scalar(select(type_coerce(func.current_timestamp(), Instant)))
    assert told is not None
    seconds = abs(told.timestamp() - before)
    return (
        "" if seconds <= MOST_SKEW else f"{seconds:.0f} seconds away from the database's: sign-ins will fail"
    )


def _worker(mine: Services) -> str:
    with mine.database.reading() as session:
        last = session.scalar(select(func.max(JobRun.started_at)))
    is_there = last is not None and clock.now() - last < QUIET
    return "" if is_there else f"no job began since {last or 'ever'}: start flask worker"


def _keys(mine: Services) -> str:
    with mine.database.reading() as session:
        left = sum(rotate_keys.left(session).values())
    return f"{left} values are sealed with an older key: flask keys rotate" if left else ""


def _storage(mine: Services) -> str:
    key, data = f"doctor/{new_token(12).strip('-_')}", b"is anybody there"
    try:
        mine.storage.put(key, data, "text/plain")
        same = mine.storage.get(key) == data
        mine.storage.delete(key)
        return "" if same and not mine.storage.exists(key) else "does not give back what it was given"
    except StorageError as error:
        return str(error)


def _scanner(mine: Services) -> str:
    try:
        if mine.scanner.scan(HARMLESS_VIRUS).clean:
            return "does not find the EICAR test file: its signatures are missing"
        return "" if mine.scanner.scan(b"harmless").clean else "finds something in a harmless file"
    except ScannerUnavailable as error:
        return f"{error}: uploads are held until it answers"
