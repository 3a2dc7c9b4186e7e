"""The permit (使用許可書) of a case's bookings, as data for typst."""

import io
from typing import Any

import segno

from webapp import clock
from webapp.booking.letters import when_words
from webapp.booking.models import Booking
from webapp.calendar.era import format_era
from webapp.casework.models import Case
from webapp.documents import letters
from webapp.documents.render import render
from webapp.errors import NotFound
from webapp.tariff.money import yen_text
from webapp.web.services import services


def permit_pdf(case: Case, bookings: list[Booking]) -> bytes:
    """The permit of everything that is confirmed. Raises NotFound while nothing is, Unprintable."""
    confirmed = [b for b in bookings if b.state == "confirmed"]
    facility = services().facilities.get(confirmed[0].facility) if confirmed else None
    if not confirmed or facility is None:
        raise NotFound(case.reference, say="使用許可書は、予約が確定してから開けます。")
    address = services().links["case"](reference=case.reference)
    city = services().city
    data: dict[str, Any] = letters.frame(
        city,
        title="使用許可書",
        number=case.reference,
        department=facility.department,
        name=str(case.contact.get("name") or ""),
        sample=facility.sample,
    )
    data.update(
        facility=facility.name.ja,
        manager=facility.operator.name.ja,
        group=str(case.contact.get("group") or ""),
        event=confirmed[0].title or "",
        uses=[
            {
                "when": when_words(b),
                "room": facility.room(b.room).name.ja,
                "persons": f"{b.persons}人",
                "yen": yen_text(b.total_yen),
            }
            for b in confirmed
        ],
        lines=[line for b in confirmed for line in _lines(b)],
        total=yen_text(sum(b.total_yen for b in confirmed)),
        conditions=[text.ja for text in facility.conditions],
        limited=[reason for b in confirmed for reason in _limits(b)],
        instruction=_instruction(),
        issued=format_era(clock.today()),
        qr=_qr(address),
        address=address,
    )
    return render("permit", data)


def _lines(booking: Booking) -> list[dict[str, str]]:
    return [
        {
            "label": line["label"]["ja"],
            "how": " ".join(step["operation"] for step in line["steps"]),
            "yen": yen_text(line["amount_yen"]),
            "citation": line["citation"],
        }
        for line in (booking.quote or {}).get("lines", [])
    ]


def _limits(booking: Booking) -> list[str]:
    exemption = booking.exemption or {}
    if exemption.get("state") != "denied":
        return []
    return [
        "減免を認めません。"
        + (f"理由: {exemption['decided_reason']}" if exemption.get("decided_reason") else "")
    ]


def _instruction() -> str:
    text = getattr(services().city, "instruction_text", None)
    return "" if text is None else str(getattr(text, "ja", text))


def _qr(address: str) -> str:
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", border=0, xmldecl=False, svgns=True)
    return out.getvalue().decode()
