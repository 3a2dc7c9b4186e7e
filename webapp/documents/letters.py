"""The frame every letter of the city shares: number, date, addressee, sender, and 見本 in the sample city."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from webapp import clock
from webapp.calendar.era import format_era
from webapp.city import City, Department


def frame(
    city: City,
    *,
    title: str,
    number: str,
    department: str,
    name: str,
    sample: bool,
    on: date | None = None,
    honorific: str = "様",
) -> dict[str, Any]:
    """Return the data of ``templates/documents/_letter.typ``; ``department`` is a key of the city.

    The address of the addressee is left out on purpose: a letter opened on the web needs none, and a
    protected address (支援措置) must not appear.
    """
    return {
        "title": title,
        "number": number,
        "date": format_era(on or clock.today()),
        "sample": sample,
        "city": city.name.ja,
        "to": {"name": name, "honorific": honorific} if name else None,
        "from": sender(city.departments.get(department), department),
    }


def sender(department: Department | None, key: str) -> dict[str, str]:
    """Return the contact block of a department; a key that the city no longer has stands for itself."""
    if department is None:
        return {"department": key, "tel": "", "email": "", "hours": "", "address": ""}
    return {
        "department": department.name.ja,
        "tel": department.tel or "",
        "email": department.email or "",
        "hours": _ja(department.hours),
        "address": _ja(department.address),
    }


def moment(at: datetime) -> str:
    """Return an instant as letters write it: 令和8年11月21日 10時05分."""
    local = clock.tokyo(at)
    return f"{format_era(local.date())} {local.hour}時{local.minute:02d}分"


def _ja(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return str(value.get("ja") or "")
    return str(getattr(value, "ja", value))
