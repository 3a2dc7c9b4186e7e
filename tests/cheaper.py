"""What a test run need not pay for again and again; nothing that a test looks at is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from werkzeug.routing.rules import Rule

from webapp import db
from webapp.identity import passwords

_compile = Rule._compile_builder
_real_hasher = passwords._hasher


def addresses() -> None:
    """Let a route compile its address builder when ``url_for`` first asks: an app has 600, a test asks for ten."""
    Rule._compile_builder = _when_asked  # type: ignore[method-assign]


def _when_asked(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    made: list[Callable[..., tuple[str, str]]] = []

    def build(bound: Rule, **values: Any) -> tuple[str, str]:
        if not made:
            made.append(_compile(rule, append_unknown))
        return made[0](bound, **values)

    return build


def statements() -> None:
    """Let every engine of a dialect use what the first one compiled: a test's database is new, its SQL is not."""
    db.create_engine = _sharing  # type: ignore[assignment]


def _sharing(url: str, **options: Any) -> Engine:
    engine = create_engine(url, **options)
    first = _first.get(engine.dialect.name)
    if first is None:
        event.listen(
            engine, "engine_connect", lambda _connection: _first.setdefault(engine.dialect.name, engine)
        )
    else:
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


_first: dict[str, Engine] = {}
"""By dialect: an engine that has connected, so its dialect knows the server."""


def hashes() -> None:
    """Hash passwords with the same algorithm at its least strength."""
    passwords._hasher = _light_hasher
    passwords._dummy.cache_clear()


@contextmanager
def real_hashes() -> Iterator[None]:
    """Within, passwords are hashed as the city does."""
    passwords._hasher = _real_hasher
    passwords._dummy.cache_clear()
    try:
        yield
    finally:
        hashes()


@lru_cache(maxsize=1)
def _light_hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
