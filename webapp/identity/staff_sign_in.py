"""Staff sign-in by password: counted, equally slow for everyone, and silent about which part was wrong."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import MadoguchiError
from webapp.identity import passwords, throttle
from webapp.identity.models import Staff
from webapp.identity.sessions import staff_may_work


class WrongCredentials(MadoguchiError):
    """The login or the password is wrong, or the account does not work any more; nobody is told which."""

    status = 422


def normal_login(login: str) -> str:
    """Return the login as it is stored."""
    return login.strip().lower()[:64]


def count_attempt(session: Session, login: str, place: str) -> None:
    """Count an attempt before it is made; ``place`` is a keyed hash of the address. Raises TooMany."""
    throttle.count(session, "staff_sign_in.here", place)
    throttle.count(session, "staff_sign_in.account_here", f"{normal_login(login)}\n{place}")
    throttle.count(session, "staff_sign_in.account", normal_login(login))


def find(session: Session, login: str) -> Staff | None:
    """Return the account of a login."""
    return session.scalar(select(Staff).where(Staff.login == normal_login(login)))


def check(staff: Staff | None, password: str) -> Staff:
    """Return the account when the password fits and it works today; raises WrongCredentials.

    Slow on purpose: hold no transaction open around it.
    """
    fits = passwords.verify(staff.password_hash if staff else None, password)
    if staff is None or not fits or not staff_may_work(staff):
        raise WrongCredentials("sign-in refused")
    return staff


def succeeded(session: Session, staff: Staff, password: str, place: str) -> Staff:
    """Record the sign-in, renew an outdated hash, forget the attempts; returns the stored account."""
    stored = session.get_one(Staff, staff.id)
    stored.last_signed_in_at = clock.now()
    if stored.password_hash and passwords.needs_rehash(stored.password_hash):
        stored.password_hash = passwords.hash_password(password)
    throttle.clear(session, "staff_sign_in.account_here", f"{stored.login}\n{place}")
    actor = Actor("staff", str(stored.id), stored.name)
    audit.record(session, actor, "staff.sign_in", object_kind="staff", object_id=stored.id)
    return stored


def failed(session: Session, staff: Staff | None) -> None:
    """Record a refused sign-in of a known account; unknown logins are counted only."""
    if staff is not None:
        audit.record(
            session, Actor("visitor"), "staff.sign_in_refused", object_kind="staff", object_id=staff.id
        )
