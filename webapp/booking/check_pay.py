"""Proofs that a hall can be paid: its methods, and who may pay by invoice."""

from collections.abc import Iterator

from webapp.booking.facility import Facility
from webapp.tariff.facts import names
from webapp.yaml_source import Complaint, Source

PROVED = frozenset({"group_class"})
"""What only an accepted registration says: anything else anybody could declare, and pay later."""
INVOICED = frozenset({"slip", "bank"})


def methods_are_some(source: Source, facility: Facility) -> Iterator[Complaint]:
    """A hall that takes no money at all, or names a way twice."""
    methods = facility.payment.methods
    here = ("payment", "methods")
    if methods is None:
        return
    if not methods:
        yield source.complain(here, "no way to pay is named", "name one, or leave methods: out for all")
    for n, method in enumerate(methods):
        if method in methods[:n]:
            yield source.complain((*here, n), f"{method!r} stands twice", "take one out")


def invoices_are_proved(source: Source, facility: Facility) -> Iterator[Complaint]:
    """Invoices for whoever says so, or that no method of the hall can pay."""
    rule, methods = facility.payment.invoice, facility.payment.methods
    here = ("payment", "invoice")
    if rule is None:
        return
    unproved = sorted(names(rule.when) - PROVED)
    if unproved:
        hint = "ask for group_class, which an accepted registration proves"
        yield source.complain((*here, "when"), f"anybody may declare {unproved[0]!r}", hint)
    if methods is not None and not INVOICED & set(methods):
        yield source.complain(here, "no method pays an invoice", "add slip or bank to methods:")
