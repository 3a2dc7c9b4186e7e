"""One session and one commit for each request.

A view of an unsafe method writes; its session is committed once after the view returned and rolled
back when it raised. A GET reads only: a write through its session raises ``WriteWhileReading``. What a GET
must leave behind (a line in the audit trail) goes through ``afterwards``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, g, has_request_context, request
from sqlalchemy.orm import Session

from webapp.web.services import services

PERSONS = ("staff", "resident")
"""Rows of this request's session that the guards keep in ``g``."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def db() -> Session:
    """Return the session of this request; it is opened at the first call."""
    session: Session | None = g.get("db_session")
    if session is None:
        session = services().database.session(read_only=not _may_write())
        g.db_session = session
    return session


def commit() -> None:
    """Commit now: for views that open, commit, call a port with no transaction open, then store."""
    session: Session | None = g.get("db_session")
    if session is not None:
        session.commit()


def begin_writing() -> None:
    """Let this GET write: for addresses that a protocol fixes as GET, such as the return from sign-in."""
    close()
    g.db_writing = True


def undo() -> None:
    """Give up what this request has written; from now on it only reads, for a page that says why."""
    close()
    g.db_writing = False


def first(write: Callable[[Session], Any]) -> None:
    """Run ``write(session)`` now; in a GET in a transaction of its own, and what it wrote is read on."""
    session = db()
    if _may_write():
        write(session)
        return
    session.commit()  # ends the snapshot this request read so far
    with services().database.transaction() as own:
        write(own)
    services().database.read_on(session)


def afterwards(write: Callable[[Session], Any]) -> None:
    """Run ``write(session)`` in a transaction of its own after the view has returned without an exception."""
    g.setdefault("db_afterwards", []).append(write)


@contextmanager
def around_view() -> Iterator[None]:
    """Commit after the view, roll back when it raises; used by the guards, which sit around every view."""
    g.db_writing = request.method not in SAFE_METHODS
    try:
        yield
        if g.db_writing:  # also when a GET said begin_writing()
            commit()
    except BaseException:
        g.pop("db_afterwards", None)
        raise
    finally:
        close()
        g.db_writing = False
    for write in g.pop("db_afterwards", []):
        with services().database.transaction() as session:
            write(session)


def close() -> None:
    """Close the request's session, undoing what was not committed; who acts is read anew when asked for."""
    session: Session | None = g.pop("db_session", None)
    if session is not None:
        session.close()  # not rollback(): it would expire what error pages still show
        for person in PERSONS:
            g.pop(person, None)  # a savepoint rolled back has expired them, and nothing can read them now


def install(app: Flask) -> None:
    """Close what a request left open."""

    @app.teardown_request
    def _close(_error: BaseException | None) -> None:
        close()


def _may_write() -> bool:
    # Outside of a view (error pages, before_request) nothing writes; outside of a request (commands) all may.
    return bool(g.get("db_writing", not has_request_context()))
