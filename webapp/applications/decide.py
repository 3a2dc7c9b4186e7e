"""Deciding a case by its kind, with reasons, conditions and 教示, and opening it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webapp import clock
from webapp.applications import follow_up, retain, review
from webapp.applications.issue import Prepared, issue, prepare_letter
from webapp.audit import Actor
from webapp.calendar.business import BusinessCalendar
from webapp.calendar.era import format_era
from webapp.casework import decisions, registrations, steps, telling
from webapp.casework.models import Case, CaseDecision
from webapp.casework.states import Step, life
from webapp.city import City
from webapp.errors import IllegalStep, InvalidInput
from webapp.intake import corrections

LETTERS = {
    "accept": (
        "decision_accept",
        "決定通知書",
        "{date}に申請のあった「{procedure}」について、次のとおり承認します。",
    ),
    "confirm": ("decision_accept", "確定のお知らせ", "「{procedure}」の申込みを確定しました。"),
    "complete": (
        "notice",
        "手続き完了のお知らせ",
        "{date}に受け付けた「{procedure}」の手続きが完了しました。",
    ),
    "refuse": (
        "decision_refuse",
        "不承認通知書",
        "{date}に申請のあった「{procedure}」について、次の理由により承認しないことに決定しました。",
    ),
    "return": (
        "decision_refuse",
        "返戻通知書",
        "{date}に提出のあった「{procedure}」を、次の理由によりお返しします。",
    ),
    "decline": (
        "decision_refuse",
        "お断りのお知らせ",
        "「{procedure}」は、次の理由によりお受けできませんでした。",
    ),
    "answer": ("letter", "回答", "{message}"),
    "forward": ("letter", "引継ぎのお知らせ", "{message}"),
}
"""Step -> template, title of the letter, its first sentence."""


@dataclass(frozen=True)
class Ruling:
    """What an officer gives with a decision. Each text is stored as typed."""

    step: str
    reasons: str = ""
    conditions: str = ""
    message: str = ""
    with_letter: bool = False


def check(case: Case, ruling: Ruling) -> Step:
    """Return the step if this ruling may be given now.

    Raises IllegalStep naming the step, InvalidInput where reasons (行政手続法8条) or a message are missing.
    """
    step = life(case.kind).step(ruling.step, case.status)
    if case.kind == "booking":
        # A booking holds rooms and money: only the booking ledger may decide about it.
        raise IllegalStep(step.key, state=case.status, say="予約の確定や取消しは、予約台帳で行ってください。")
    if not step.by_staff or step.key in ("start", "ask_correction", "call_off_correction", "reopen"):
        raise IllegalStep(step.key, state=case.status, say=f"「{step.label}」はここではできません。")
    if step.needs_reasons and not ruling.reasons.strip():
        raise InvalidInput(
            "no reasons", field="reasons", say="理由を入力してください。申請者に知らせる文書に載ります。"
        )
    if step.needs_message and not ruling.message.strip():
        raise InvalidInput("no message", field="message", say="申請者への回答を入力してください。")
    return step


def letter(city: City, case: Case, ruling: Ruling, *, sample: bool) -> Prepared:
    """Build the letter of a decision; refusals and conditions carry 教示 from the city's settings.

    Raises IllegalStep for a step without a letter, Unprintable for characters without a glyph.
    """
    if ruling.step not in LETTERS:
        raise IllegalStep("letter", state=ruling.step, say="この処理には通知書がありません。")
    template, title, lead = LETTERS[ruling.step]
    procedure = str(case.title.get("ja") or "")
    body = lead.format(
        date=format_era(clock.tokyo(case.arrived_at).date()), procedure=procedure, message=ruling.message
    )
    if ruling.message and "{message}" not in lead:
        body = f"{body}\n{ruling.message}"
    fields: dict[str, Any] = {
        "body": body,
        "rows": [{"label": "手続き", "text": procedure}, {"label": "受付番号", "text": case.reference}],
        "reasons": ruling.reasons,
        "conditions": ruling.conditions,
        "instruction": instruction_for(city, case, ruling),
    }
    kind = "notice" if template in ("notice", "letter") else "decision"
    return prepare_letter(city, case, template, kind=kind, title=title, fields=fields, sample=sample)


def instruction_for(city: City, case: Case, ruling: Ruling) -> str:
    """Return the 教示 a decision must carry: with refusals and conditions of applications, else nothing."""
    adverse = ruling.step in ("refuse", "return", "decline") or bool(ruling.conditions.strip())
    if not adverse or case.kind not in ("application", "notification"):
        return ""
    text = city.instruction_text
    return str(getattr(text, "ja", text) or "")


def decide(
    session: Session,
    case: Case,
    ruling: Ruling,
    actor: Actor,
    *,
    city: City,
    calendar: BusinessCalendar,
) -> CaseDecision:
    """Give the ruling, keep it and tell the resident; an open correction falls away.

    The definition's follow-up duties and the retention period begin with it.
    Raises what ``check`` raises. The letter, if wanted, is issued by the caller in the same transaction.
    """
    step = check(case, ruling)
    steps.take(session, case, ruling.step, actor, calendar=calendar)
    waiting = corrections.waiting(session, case.id)
    if waiting is not None:
        corrections.call_off(session, waiting, actor)
    decision = decisions.keep(
        session,
        case,
        ruling.step,
        actor,
        reasons=ruling.reasons,
        conditions=ruling.conditions if step.takes_conditions else "",
        message=ruling.message,
        instruction=instruction_for(city, case, ruling),
    )
    seen = review.examine(session, case, calendar=calendar)
    if seen is not None:
        case.retain_until = retain.until(seen.definition, ruling.step) or case.retain_until
        if not step.needs_reasons:
            follow_up.note(session, case, seen, calendar, actor)
            follow_up.register(session, case, seen, calendar, actor)
    telling.tell_resident(
        session,
        case,
        "decided",
        dedupe_key=f"case:{case.id}:decision:{decision.id}",
    )
    return decision


def decide_with_letter(
    session: Session,
    case: Case,
    ruling: Ruling,
    prepared: Prepared | None,
    actor: Actor,
    *,
    city: City,
    calendar: BusinessCalendar,
) -> CaseDecision:
    """As ``decide``; a letter whose bytes lie in the store already is issued in the same transaction."""
    decision = decide(session, case, ruling, actor, city=city, calendar=calendar)
    if prepared is not None:
        # One message about the result is enough: it leads to the letter.
        issue(session, case, prepared, actor, tell=False)
    return decision


def reopen(
    session: Session, case: Case, reasons: str, actor: Actor, *, calendar: BusinessCalendar | None = None
) -> None:
    """Open a decided case again; the earlier decision stays readable, marked as overtaken.

    Raises InvalidInput without reasons, IllegalStep when the case was not decided.
    """
    life(case.kind).step("reopen", case.status)
    if not reasons.strip():
        raise InvalidInput(
            "no reasons", field="reasons", say="審査に戻す理由を入力してください。記録に残ります。"
        )
    steps.take(session, case, "reopen", actor, data={"reasons": reasons}, calendar=calendar)
    decisions.revoke(session, case)
    registrations.end_all(session, case, actor)
    case.retain_until = None
