"""Engine, column types and the transaction: the one place that knows SQLite from PostgreSQL."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    LargeBinary,
    MetaData,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.orm import (
    DeclarativeBase,
    ORMExecuteState,
    Session,
    sessionmaker,
)
from sqlalchemy.types import JSON, TypeDecorator

from webapp import trips

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC on both databases; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was given where an instant is stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
"""A JSON column; JSONB on PostgreSQL. Key order is not kept there."""


class Keyring:
    """Keys for personal data at rest: AES-256-GCM, the key's id in front of each value."""

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not keys:
            raise ValueError("a keyring needs at least one key")
        self.current = keys[0][0]
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys}

    def seal(self, plain: bytes) -> bytes:
        """Encrypt; the result begins with ``key id:``."""
        nonce = os.urandom(12)
        prefix = self.current.encode() + b":"
        return prefix + nonce + self._ciphers[self.current].encrypt(nonce, plain, prefix)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt; raises KeyError for an unknown key id, InvalidTag for a changed value."""
        key_id, _, rest = sealed.partition(b":")
        return self._ciphers[key_id.decode()].decrypt(rest[:12], rest[12:], key_id + b":")


_keyring: list[Keyring] = []


def use_keys(keys: Sequence[tuple[str, bytes]]) -> None:
    """Set the keys that encrypted columns use from now on (once per process, and on rotation)."""
    _keyring[:] = [Keyring(keys)]


def keyring() -> Keyring:
    """Return the keys in use; raises RuntimeError when ``use_keys`` was never called."""
    if not _keyring:
        raise RuntimeError("no encryption keys: call webapp.db.use_keys first")
    return _keyring[0]


class EncryptedBytes(TypeDecorator[bytes]):
    """Bytes sealed with the current key."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keyring().seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keyring().open(bytes(value))


class EncryptedText(TypeDecorator[str]):
    """Text sealed with the current key."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keyring().seal(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring().open(bytes(value)).decode()


class EncryptedJson(TypeDecorator[Any]):
    """JSON sealed with the current key; assign a new object to change it, mutation is not tracked."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else keyring().seal(json.dumps(value, ensure_ascii=False).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(keyring().open(bytes(value)))


LASTING = "lasting"
"""`Session.info` of sessions that only read: what they saw of rows that are never changed or removed."""


class WriteWhileReading(RuntimeError):
    """A session that only reads was told to write."""


class Database:
    """One database: engine and session factory.

    On SQLite a session that may write begins with BEGIN IMMEDIATE, so two writers queue up (20 s)
    instead of failing half-way; readers use a plain BEGIN on a WAL snapshot. On PostgreSQL (READ
    COMMITTED) readers need no transaction, and writers begin at their first write: see ``trips``.
    """

    def __init__(self, url: str, *, pool_size: int = 12) -> None:
        self.url = _driver_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self.engine = self._sqlite_engine() if self.is_sqlite else self._postgres_engine(pool_size)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._readers = sessionmaker(self.engine, expire_on_commit=False, info={LASTING: {}})
        event.listen(self._readers, "before_flush", _refuse_flush)
        event.listen(self._readers, "do_orm_execute", _refuse_statement)

    def session(self, *, read_only: bool = False) -> Session:
        """Open a session; the caller closes it. One that is ``read_only`` raises WriteWhileReading."""
        if not read_only:
            return self._sessions()
        session = self._readers()
        self.read_on(session)
        return session

    def read_on(self, session: Session) -> None:
        """Begin the next transaction of a session that only reads."""
        session.connection(execution_options={trips.READ_ONLY: True})

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of work: commits at the end; any exception rolls back, as closing a session does."""
        with self._sessions() as session:
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with self.session(read_only=True) as session:
            yield session

    def answers(self) -> bool:
        """Tell whether the database answers a question now."""
        try:
            with self.reading() as session:
                session.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def dispose(self) -> None:
        self.engine.dispose()

    def _postgres_engine(self, pool_size: int) -> Engine:
        engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_size,  # opened anew each time: the pool is to hold a web process's threads
            pool_timeout=30,
            hide_parameters=True,  # an error message must not carry what people typed
            connect_args={"autocommit": True},  # see trips: a transaction begins at its first write
        )
        trips.spare(engine)
        _ping_after_a_pause(engine)
        return engine

    def _sqlite_engine(self) -> Engine:
        engine = create_engine(
            self.url, connect_args={"timeout": 20, "check_same_thread": False}, hide_parameters=True
        )

        @event.listens_for(engine, "connect")
        def _prepare(dbapi_connection: Any, _record: Any) -> None:
            dbapi_connection.isolation_level = None
            for pragma in ("journal_mode=WAL", "busy_timeout=20000", "synchronous=NORMAL", "foreign_keys=ON"):
                dbapi_connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            read_only = connection.get_execution_options().get(trips.READ_ONLY, False)
            connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

        return engine


def _refuse_flush(session: Session, _context: object, _instances: object) -> None:
    if session.new or session.deleted or any(session.is_modified(thing) for thing in session.dirty):
        raise WriteWhileReading("a flush")


def _refuse_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise WriteWhileReading(str(state.statement))


MAY_REST_S = 2.0


def _ping_after_a_pause(engine: Engine) -> None:
    """Ask a pooled connection whether it still lives, but not one that answered a moment ago.

    SQLAlchemy's own pre-ping asks at every checkout, which is one of the five trips of a short transaction.
    """

    @event.listens_for(engine, "checkin")
    def _rests(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _wakes(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < MAY_REST_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("the connection died while it rested") from error


def _driver_url(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def is_postgres(session: Session) -> bool:
    """Tell whether this session talks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def new_token(n_bytes: int = 16) -> str:
    """Return a random URL-safe token."""
    return secrets.token_urlsafe(n_bytes)
