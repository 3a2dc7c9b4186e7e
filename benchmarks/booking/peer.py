"""libres from PyPI on a database of its own: reserve and commit is the hold, approve and commit confirms."""

import threading
from datetime import datetime
from typing import Any

from libres.context.registry import create_default_registry
from libres.context.session import SERIALIZABLE, SessionProvider
from libres.db.scheduler import Scheduler
from libres.modules.errors import AlreadyReservedError
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import scoped_session, sessionmaker

from tests import postgres

Stretch = tuple[datetime, datetime]
TRIES = 2000


class _Sessions(SessionProvider):
    """libres' own provider with a connection for every client, as it asks of whoever overrides it."""

    def __init__(self, dsn: str, connections: int) -> None:
        self.dsn = dsn
        self.engine = create_engine(dsn, pool_size=connections, isolation_level=SERIALIZABLE)
        self.session = scoped_session(sessionmaker(bind=self.engine))


class Libres:
    """One hall whose stretches may be reserved; the first ``wanted`` of them are fought for."""

    def __init__(
        self, server: str, stretches: list[Stretch], connections: int = 8, *, wanted: int = 0
    ) -> None:
        name = f"bench_libres_{connections}"
        dsn = postgres.create_database(server, name)
        context = create_default_registry().register_context(name)
        self.sessions = _Sessions(dsn, connections)
        context.set_service("session_provider", lambda *_: self.sessions)
        self.scheduler: Any = Scheduler(context, "hall", timezone="Asia/Tokyo")
        self.scheduler.setup_database()
        self.scheduler.allocate(stretches)
        self.scheduler.commit()
        self.stretches = stretches
        self.wanted = wanted
        self.retries = 0
        self._count, self._turn = threading.Lock(), threading.Lock()

    def book(self, number: int) -> None:
        """Reserve and approve one stretch that nobody else wants."""
        token = self.scheduler.reserve("a@example.jp", self.stretches[number])
        self.scheduler.commit()
        self.scheduler.approve_reservations(token)
        self.scheduler.commit()

    def attempt(self, number: int) -> bool:
        """The same among rivals: what SERIALIZABLE aborts is tried again until it is won or refused."""
        return self._until_decided(number % self.wanted)

    def warm(self, client: int) -> None:
        """Each client books a stretch of its own on its own connection, one after the other."""
        with self._turn:
            self.book(self.wanted + client)

    def _until_decided(self, number: int) -> bool:
        for _ in range(TRIES):
            try:
                self.book(number)
            except AlreadyReservedError:
                self.scheduler.rollback()
                return False
            except DBAPIError:
                self.scheduler.rollback()
                with self._count:
                    self.retries += 1
            else:
                return True
        raise RuntimeError(f"not decided after {TRIES} tries")

    def close(self) -> None:
        self.sessions.session.remove()
        self.sessions.engine.dispose()
