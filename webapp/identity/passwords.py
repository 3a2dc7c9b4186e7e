"""Passwords: Argon2id, length instead of composition rules (ASVS 6.2), equal work for unknown accounts."""

from __future__ import annotations

import threading
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.errors import InvalidInput

SHORTEST = 15
LONGEST = 256
AT_ONCE = 2
"""Hashes computed at the same time in one process: each takes 32 MiB."""

COMMON = ("password", "passw0rd", "qwerty", "123456", "asdf", "letmein", "madoguchi", "welcome", "iloveyou")


def hash_password(password: str) -> str:
    """Return the Argon2id hash."""
    with _turnstile():
        return _hasher().hash(_normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Tell whether the password fits. With no stored hash the same work is done, and the answer is no."""
    with _turnstile():
        try:
            fits = _hasher().verify(stored or _dummy(), _normal(password)[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
    return fits and stored is not None


def needs_rehash(stored: str) -> bool:
    """Tell whether the parameters have changed since it was made."""
    return _hasher().check_needs_rehash(stored)


def check_new(password: str, *, context: tuple[str, ...] = (), shortest: int = SHORTEST) -> None:
    """Raise InvalidInput unless a new password is long enough and not an obvious one."""
    if len(password) < shortest:
        raise InvalidInput(
            "too short",
            field="password",
            say=f"パスワードは{shortest}文字以上にしてください。単語をいくつか並べると覚えやすくなります。",
        )
    if len(password) > LONGEST:
        raise InvalidInput("too long", field="password", say=f"パスワードは{LONGEST}文字までにしてください。")
    plain = _normal(password).lower()
    rest = plain
    for word in (*COMMON, *(w.lower() for w in context if len(w) >= 3)):
        rest = rest.replace(word, "")
    if len(set(plain)) < 5 or len(rest) < shortest // 2:
        raise InvalidInput(
            "obvious",
            field="password",
            say="推測されやすいパスワードです。氏名やよく使われる語を避けてください。",
        )


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)


@lru_cache(maxsize=1)
def _dummy() -> str:
    return _hasher().hash("nobody has this password")


@lru_cache(maxsize=1)
def _turnstile() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(AT_ONCE)
