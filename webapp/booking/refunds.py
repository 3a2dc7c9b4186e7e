"""What is paid back when a booking is cancelled, and until when it may be done online."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from webapp.booking.facility import Facility, Room
from webapp.booking.moments import Days, closes_at
from webapp.booking.rules import Cancellation
from webapp.tariff.money import Rounding


@dataclass(frozen=True)
class RefundRule:
    """The rule that applies at one moment. `share` of what was paid is returned."""

    share: Fraction
    refund_yen: int
    fee_yen: int
    until: datetime | None
    online: bool
    citation: str

    def to_json(self) -> dict[str, Any]:
        return {
            "share": str(self.share),
            "refund_yen": self.refund_yen,
            "fee_yen": self.fee_yen,
            "until": self.until.isoformat() if self.until else None,
            "online": self.online,
            "citation": self.citation,
        }


def rule_of(facility: Facility, room: Room, method: str) -> Cancellation | None:
    for rule in facility.cancellation:
        if (not rule.rooms or room.key in rule.rooms) and rule.method in ("any", method):
            return rule
    return None


def refund_at(
    facility: Facility,
    room: Room,
    use: date,
    starts: datetime,
    now: datetime,
    days: Days,
    paid_yen: int,
    *,
    method: str = "cash",
    our_fault: bool = False,
) -> RefundRule:
    """The refund of `paid_yen` when cancelled now. Without a printed rule nothing is returned by itself.

    `our_fault`: closure, disaster, public use; what the rule prints for it, all of it where it is silent.
    """
    rule = rule_of(facility, room, method)
    if our_fault:
        share = Fraction(1) if rule is None or rule.not_our_fault is None else rule.not_our_fault
        return _result(rule, share, paid_yen, None, True)
    if rule is None:
        return RefundRule(Fraction(0), 0, paid_yen, None, now < starts, "")
    online = rule.online_until is None or now < closes_at(rule.online_until, starts, use, days)
    for tier in rule.tiers:
        end = min(closes_at(tier.until, starts, use, days), starts)
        if now < end:
            return _result(rule, tier.refund, paid_yen, end, online)
    return _result(rule, Fraction(0), paid_yen, None, online and now < starts)


def refund_of_change(
    facility: Facility,
    room: Room,
    use: date,
    starts: datetime,
    now: datetime,
    days: Days,
    less_yen: int,
    *,
    our_fault: bool = False,
) -> RefundRule:
    """What of `less_yen`, paid for the old use and not needed for the new one, is returned.

    The printed share for changes, else what cancelling the old use now would return of it.
    """
    rule = rule_of(facility, room, "cash")
    if rule is not None and rule.change_refund is not None and not our_fault:
        return _result(rule, rule.change_refund, less_yen, None, True)
    return refund_at(facility, room, use, starts, now, days, less_yen, our_fault=our_fault)


def may_change(
    facility: Facility, room: Room, use: date, starts: datetime, now: datetime, days: Days
) -> bool:
    """Whether date, time or room may still be changed."""
    rule = rule_of(facility, room, "cash")
    if rule is None or rule.change_until is None:
        return now < starts
    return now < closes_at(rule.change_until, starts, use, days)


def _result(
    rule: Cancellation | None, share: Fraction, paid: int, until: datetime | None, online: bool
) -> RefundRule:
    rounding = Rounding(rule.fee_rounding, rule.fee_unit) if rule else Rounding()
    fee = min(paid, rounding.apply(paid * (1 - share)))
    return RefundRule(share, paid - fee, fee, until, online, (rule.citation or "") if rule else "")
