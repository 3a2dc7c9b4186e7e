"""Periodic work on cases, bookings and records; each function is one repeatable job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from webapp import audit
from webapp.applications import batch, erase, remind, retain, submit
from webapp.booking import expire, finish, registering, registration
from webapp.booking import remind as remind_users
from webapp.booking.forget_registrations import Keep
from webapp.booking.forget_registrations import forget as forget_registrations_ended
from webapp.identity import flows, mail_codes, sessions, throttle
from webapp.intake import upkeep as intake
from webapp.payment import reconcile
from webapp.wiring import forgetters

if TYPE_CHECKING:
    from webapp.wiring import Services


def in_transaction(services: Services, work: Callable[[Session], int], word: str) -> str:
    """Run ``work`` in one transaction and say how many it dealt with."""
    return f"{_committed(services, work)} {word}"


def in_batches(services: Services, work: Callable[[Session], int], word: str) -> str:
    """Run ``work`` in transactions of its own until nothing is left, and say how many it dealt with."""
    total = 0
    while done := _committed(services, work):
        total += done
    return f"{total} {word}"


def _committed(services: Services, work: Callable[[Session], int]) -> int:
    with services.database.transaction() as session:
        return work(session)


def expire_holds(services: Services) -> str:
    """Free what was held too long."""
    return in_transaction(services, lambda s: expire.expire_holds(s, services.facilities), "holds freed")


def lapse_unpaid(services: Services) -> str:
    """End bookings whose payment deadline has passed, by the facility's rule."""
    return in_transaction(services, lambda s: expire.lapse_unpaid(s, services.facilities), "bookings lapsed")


def reconcile_payments(services: Services) -> str:
    """Ask the providers what became of open attempts; what needs a person is named in the ledger's page."""
    return str(reconcile.run(services.database.transaction, services.payment, services.settle_handlers))


def lapse_registrations(services: Services) -> str:
    """Bring registrations into step with their cases, and end provisional ones whose papers never came."""

    def work(session: Session) -> int:
        registering.catch_up(session, services.city)
        return registration.lapse_provisional(session)

    return in_transaction(services, work, "registrations lapsed")


def erase_old_cases(services: Services) -> str:
    """Delete or make anonymous the cases whose retention period is over, on record."""

    def erased(session: Session) -> int:
        batch.forget(session)
        retain.complete(session)
        done = erase.run(session, audit.SYSTEM, dry_run=False, also=forgetters())
        return len(done.references)

    return in_transaction(services, erased, "cases erased")


def forget_registrations(services: Services) -> str:
    """Delete registrations that ended longer ago than their procedure keeps them; none without a rule."""
    definition = services.library.get(registering.PROCEDURE)
    if definition is None or definition.retention is None:
        return "no rule"
    law = "、".join(f"{one.name}{one.article or ''}" for one in definition.law)
    keep = Keep(
        until=lambda ended: retain.until(definition, "complete", closed_on=ended),
        rule=f"{definition.slug}@{definition.version[:8]}:ended",
        citation=law,
    )
    return in_transaction(
        services,
        lambda session: forget_registrations_ended(session, keep, audit.SYSTEM),
        "registrations forgotten",
    )


def remind_bookings(services: Services) -> str:
    """Tell everyone who uses a room tomorrow."""
    return in_batches(services, lambda s: remind_users.remind_tomorrow(s, services.facilities), "reminded")


def close_used(services: Services) -> str:
    """End the cases of bookings whose last use has passed, and forget the holds nobody confirmed."""
    closed = in_batches(services, finish.close_used, "bookings ended")
    return f"{closed}, {in_transaction(services, finish.forget_abandoned, 'holds forgotten')}"


def remind_corrections(services: Services) -> str:
    """Remind of corrections that are due soon or overdue."""
    return in_transaction(services, remind.remind_corrections, "reminded")


def remind_duties(services: Services) -> str:
    """Remind of papers, reports and renewals that are due soon."""
    return in_transaction(services, remind.remind_duties, "reminded")


def send_digests(services: Services) -> str:
    """Tell each department what waits for it."""
    departments = list(services.city.departments)
    return in_transaction(services, lambda s: remind.send_digests(s, departments), "digests")


def forget_passwords(services: Services) -> str:
    """Drop readable lookup passwords of receipts that are old."""
    return in_transaction(services, submit.forget_passwords, "forgotten")


def expire_drafts(services: Services) -> str:
    """Delete drafts nobody came back to, and bytes nobody needs."""
    told = in_transaction(services, intake.expire_drafts, "drafts deleted")
    swept = intake.sweep_files(services.database.transaction, services.storage)
    return f"{told}, {swept} files swept"


def clean_sessions(services: Services) -> str:
    """Delete sessions, sign-in flows and counters that are over."""

    def purge(session: Session) -> int:
        done = sessions.purge(session) + flows.purge(session)
        return done + throttle.purge(session) + mail_codes.purge(session)

    return in_transaction(services, purge, "deleted")


def seal_audit(services: Services) -> str:
    """Seal the newest audit lines into the chain."""
    with services.database.transaction() as session:
        batch = audit.seal(session)
        return "nothing new" if batch is None else f"batch {batch.id}"
