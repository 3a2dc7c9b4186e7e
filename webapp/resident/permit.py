"""The permit (使用許可書) of a case's bookings, or its refusal, as data for typst."""

import io
from typing import Any

import segno

from webapp import clock
from webapp.booking.letters import when_words
from webapp.booking.models import Booking
from webapp.calendar.era import format_era
from webapp.casework import decisions
from webapp.casework.models import Case, CaseDecision
from webapp.documents import letters
from webapp.documents.render import render
from webapp.errors import NotFound
from webapp.tariff.money import yen_text
from webapp.web.services import services
from webapp.web.transaction import db


def permit_pdf(case: Case, bookings: list[Booking]) -> bytes:
    """The permit of everything that is confirmed. Raises NotFound while nothing is, Unprintable."""
    confirmed = [b for b in bookings if b.state == "confirmed"]
    facility = services().facilities.get(confirmed[0].facility) if confirmed else None
    if not confirmed or facility is None:
        raise NotFound(case.reference, say="使用許可書は、予約が確定してから開けます。")
    decision = decisions.standing(db(), case)
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
        limited=[*_conditions(decision), *(reason for b in confirmed for reason in _limits(b))],
        instruction=decision.instruction if decision else "",
        issued=format_era(clock.today()),
        qr=_qr(address),
        address=address,
    )
    return render("permit", data)


def refusal_pdf(case: Case, bookings: list[Booking]) -> bytes:
    """The notice that a use is not permitted, with reasons and 教示. Raises NotFound where none is."""
    refused = [b for b in bookings if b.state == "refused"]
    facility = services().facilities.get(refused[0].facility) if refused else None
    decision = decisions.standing(db(), case)
    if facility is None or decision is None:
        raise NotFound(case.reference, say="この予約には、不許可の通知書がありません。")
    data: dict[str, Any] = letters.frame(
        services().city,
        title="使用不許可通知書",
        number=case.reference,
        department=facility.department,
        name=str(case.contact.get("name") or ""),
        sample=facility.sample,
        on=clock.tokyo(decision.decided_at).date(),
    )
    applied = format_era(clock.tokyo(case.arrived_at).date())
    data.update(
        body=f"{applied}に申請のあった施設の使用について、次の理由により許可しないことに決定しました。",
        rows=[
            {"label": "施設", "text": facility.name.ja},
            *({"label": facility.room(b.room).name.ja, "text": when_words(b)} for b in refused),
        ],
        reasons=decision.reasons,
        instruction=decision.instruction,
    )
    return render("decision_refuse", data)


def _conditions(decision: CaseDecision | None) -> list[str]:
    return [] if decision is None or not decision.conditions else [decision.conditions]


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
    why = booking.why("denied")
    return ["減免を認めません。" + (f"理由: {why}" if why else "")]


def _qr(address: str) -> str:
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", border=0, xmldecl=False, svgns=True)
    return out.getvalue().decode()
