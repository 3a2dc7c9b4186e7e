"""Letters for people told by post or at the counter: the receipt and the request to correct, as PDF."""

from __future__ import annotations

from typing import Any

from webapp.applications.review import Examined
from webapp.calendar.era import format_era
from webapp.casework.models import Case
from webapp.city import City
from webapp.documents.glyphs import marked
from webapp.documents.letters import frame, moment
from webapp.documents.render import render
from webapp.intake.corrections import REASONS
from webapp.intake.models import Correction


def receipt(
    city: City, case: Case, seen: Examined | None, *, sample: bool, password: str = "", lookup: str = ""
) -> bytes:
    """Return the 受付票 with everything that was answered; what the fonts lack stands there as 〓(U+1F600).

    Raises Unprintable naming characters of the applicant's name, which a letter must spell right.
    """
    sections: list[dict[str, Any]] = []
    for section in seen.sections if seen else []:
        rows = [
            {"label": f"{row.heading} {row.label}" if row.heading else row.label, "text": marked(row.text)}
            for row in section.rows
        ]
        sections.append({"title": section.title, "rows": rows})
    due = [{"label": "処理の期限", "text": format_era(case.due_on)}] if case.due_on else []
    return render(
        "receipt",
        {
            **_frame(city, case, "受付票", sample=sample),
            "lead": f"「{case.title.get('ja')}」を受け付けました。",
            "arrived": moment(case.arrived_at),
            "rows": due,
            "password": password,
            "lookup": lookup,
            "sections": sections,
        },
    )


def correction(city: City, case: Case, seen: Examined, wanted: Correction, *, sample: bool) -> bytes:
    """Return the request to correct, for post. Raises Unprintable naming characters."""
    labels = {row.path: f"{row.heading} {row.label}" if row.heading else row.label for row in seen.rows}
    body = f"「{case.title.get('ja')}」について、次のところを直して提出してください。"
    return render(
        "correction",
        {
            **_frame(city, case, "補正のお願い", sample=sample),
            "body": f"{body}\n{wanted.reason}" if wanted.reason else body,
            "deadline": format_era(wanted.deadline),
            "items": [
                {
                    "label": labels.get(item.path, item.path),
                    "reason": REASONS.get(item.reason, item.reason),
                    "note": item.note or "",
                }
                for item in wanted.items
            ],
        },
    )


def _frame(city: City, case: Case, title: str, *, sample: bool) -> dict[str, Any]:
    return frame(
        city,
        title=title,
        number=case.reference,
        department=case.department,
        name=str(case.contact.get("name") or ""),
        sample=sample,
    )
