"""The words of the case page: what happened, in the terms of the office."""

from __future__ import annotations

from datetime import date
from typing import Any

from webapp.calendar.era import format_era
from webapp.casework import timeline
from webapp.casework.models import Case, CaseEvent
from webapp.casework.states import life
from webapp.staff import desk

NEWS = {
    "arrived": "新着",
    "answered": "補正が届きました",
    "message": "メッセージが届きました",
    "withdrawn": "取り下げられました",
    "paid": "入金がありました",
    "unpaid": "料金が期限までに支払われませんでした",
    "opinion": "意見が届きました",
    "overdue": "補正の期限を過ぎました",
}


def event_title(case: Case, event: CaseEvent) -> str:
    """Return the line of the timeline as staff read it."""
    if event.event == "opened":
        return "受付"
    step = life(case.kind).steps.get(event.event)
    return step.label if step else timeline.words(event)


def event_text(event: CaseEvent) -> str:
    """Return what a line of the timeline adds: to whom, why, until when."""
    data: dict[str, Any] = event.data or {}
    if event.event == "transferred":
        way = f"{desk.department_name(data.get('from', ''))}から{desk.department_name(data.get('to', ''))}へ"
        return f"{way}\n理由: {data.get('reason', '')}"
    if event.event == "assigned":
        taker = data.get("to") or "担当者なし"
        return f"{taker}({data['instead_of']}の代理)" if data.get("instead_of") else str(taker)
    parts = [
        desk.department_name(data["department"]) if "department" in data else "",
        f"期限 {_day(data['deadline'])}" if "deadline" in data else "",
        str(data["label"].get("ja", "")) if isinstance(data.get("label"), dict) else "",
        str(data.get("title", "")),
        f"理由: {data['reasons']}" if data.get("reasons") else "",
    ]
    return "\n".join(part for part in parts if part)


def step_label(case: Case, step: str) -> str:
    """Return the officer's word for a step."""
    known = life(case.kind).steps.get(step)
    return known.label if known else step


def _day(text: str) -> str:
    return format_era(date.fromisoformat(text))
