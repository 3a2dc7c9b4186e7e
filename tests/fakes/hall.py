"""A small sample facility and the services around it, for tests of booking."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facilities, Facility
from webapp.booking.hold import hold
from webapp.booking.models import Booking
from webapp.booking.person import Booker
from webapp.booking.wish import Wish
from webapp.db import new_token
from webapp.payment.models import Charge, PaymentAttempt, Settlement

RESIDENT = Actor("resident", "1", "申請者")
OFFICER = Actor("staff", "9", "職員")
CONTACT = {"name": "見本 花子", "tel": "0773662000", "email": "hanako@example.jp", "lang": "ja"}
MAY = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
"""When June can be booked: the fixture `in_may` stops the clock there."""
FIRST = date(2026, 6, 10)
HALL: Mapping[str, Any] = {
    "slug": "gym",
    "name": "みほん体育館",
    "municipality": "見本",
    "kind": "体育館",
    "department": "sports",
    "operator": {"name": "みほん市"},
    "bands": {
        "three": [
            {"key": "am", "name": "午前", "start": "09:00", "end": "12:00"},
            {"key": "pm", "name": "午後", "start": "13:00", "end": "17:00"},
            {"key": "ev", "name": "夜間", "start": "18:00", "end": "21:00"},
        ]
    },
    "rooms": [
        {"key": "whole", "name": "全面", "bands": "three", "cells": ["a", "b"], "capacity": 100},
        {"key": "a", "name": "半面A", "bands": "three", "part_of": "whole", "capacity": 50},
        {"key": "b", "name": "半面B", "bands": "three", "part_of": "whole", "capacity": 50},
        {
            "key": "visit",
            "name": "見学",
            "sessions": {"first": "09:00", "last": "16:00", "minutes": 60, "cap": 200},
        },
    ],
    "tariffs": [
        {
            "key": "table",
            "title": "使用料",
            "citation": "別表",
            "rows": [
                {"rooms": ["whole"], "yen": {"am": 4000, "pm": 5000, "ev": 4500}},
                {"rooms": ["a", "b"], "yen": {"am": 2000, "pm": 2500, "ev": 2300}},
                {"rooms": ["visit"], "per": "person", "yen": 0},
            ],
            "extras": [{"key": "board", "label": "得点板", "prices": [{"yen": 300}], "stock": 2}],
            "exemptions": [{"key": "cohost", "label": "共催", "shares": {"room": "1/2"}}],
        }
    ],
    "windows": [{"opens": {"months_before": 2, "day": 1, "at": "09:00"}, "closes": {"days_before": 0}}],
    "limits": {"max_consecutive_days": 5},
    "payment": {"days_after": 5},
    "cancellation": [
        {
            "tiers": [
                {"until": {"days_before": 7}, "refund": "1"},
                {"until": {"days_before": 2}, "refund": "1/2"},
            ],
            "citation": "規則5条",
        }
    ],
}


def facilities(**changes: Any) -> Facilities:
    """The sample gymnasium, with parts of its file replaced."""
    facility = Facility.model_validate({**HALL, **changes})
    return Facilities({facility.slug: facility})


def person(number: int = 1) -> Booker:
    return Booker(f"person:{number}", None, {"resident": True, "ticket": 0, "commercial": False})


def wish(room: str = "a", day: date = FIRST, *bands: str, **more: Any) -> Wish:
    return Wish("gym", room, day, bands or ("am",), **more)


def held(
    session: Session, places: Facilities, room: str = "a", day: date = FIRST, *bands: str, by: int = 1
) -> Booking:
    """A hold with its answers given."""
    booking = hold(session, places, wish(room, day, *bands), person(by))
    return describe(session, places, booking.token, Details(persons=10, title="練習"))


def cash(session: Session, charge: Charge) -> Settlement:
    """Money for all that is open on a charge, written as settling writes it."""
    now, amount = clock.now(), charge.open_yen
    attempt = PaymentAttempt(
        key=new_token(),
        provider="counter",
        account="city",
        amount_yen=amount,
        methods=[],
        request={},
        status="paid",
        created_at=now,
        expires_at=now,
    )
    charge.attempts.append(attempt)
    session.flush()
    entry = Settlement(
        attempt_id=attempt.id,
        state="applied",
        provider="counter",
        method="cash",
        channel="counter",
        amount_yen=amount,
        currency="jpy",
        paid_at=now,
        paid_on=clock.today(),
        fiscal_year=2026,
        recorded_at=now,
        recorded_by="staff:9",
        found_by="desk",
        refund_reserved_yen=0,
        refunded_yen=0,
    )
    charge.settlements.append(entry)
    charge.settled_yen += amount
    charge.open_yen = 0
    session.flush()
    return entry
