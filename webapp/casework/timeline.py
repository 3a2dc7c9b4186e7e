"""What happened on a case, in order, with the words residents and staff read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.casework.models import Case, CaseEvent
from webapp.kept import append
from webapp.yaml_source import Lang, Text


def _text(ja: str, easy: str, en: str) -> Text:
    return Text(ja=ja, easy=easy, en=en)


WORDS: Mapping[str, Text] = MappingProxyType(
    {
        "opened": _text("受け付けました", "うけつけました", "Received"),
        "start": _text("審査・対応を始めました", "見はじめました", "Work on it began"),
        "ask_correction": _text(
            "直していただきたいところをお知らせしました",
            "なおして ほしい ところを つたえました",
            "A correction was asked for",
        ),
        "answer_correction": _text(
            "直したものを受け取りました", "なおした ものを もらいました", "The correction arrived"
        ),
        "correction_extended": _text(
            "直していただく期限を延ばしました", "しめきりを のばしました", "The deadline was moved"
        ),
        "call_off_correction": _text(
            "直していただく必要がなくなりました",
            "なおさなくて よく なりました",
            "No correction is needed any more",
        ),
        "accept": _text("認められました", "みとめられました", "Accepted"),
        "refuse": _text("認められませんでした", "みとめられませんでした", "Refused"),
        "complete": _text("手続きが終わりました", "てつづきが おわりました", "Completed"),
        "return": _text("お返ししました", "かえしました", "Returned"),
        "answer": _text("対応が終わりました", "おわりました", "Dealt with"),
        "forward": _text(
            "担当する機関に引き継ぎました", "ほかの ところに つたえました", "Passed on to the body in charge"
        ),
        "confirm": _text("確定しました", "きまりました", "Confirmed"),
        "decline": _text("お受けできませんでした", "できませんでした", "Declined"),
        "withdraw": _text("取り下げました", "とりさげました", "Withdrawn"),
        "cancel": _text("取り消しました", "とりけしました", "Cancelled"),
        "reopen": _text("もう一度確認しています", "もう いちど 見て います", "Opened again"),
        "booking_changed": _text("予約を変更しました", "予約を かえました", "The booking was changed"),
        "overtime_recorded": _text(
            "予約の時間を過ぎて使ったことを記録しました",
            "時間を すぎて つかった ことを かきました",
            "Use beyond the booked time was recorded",
        ),
        "limit_passed": _text(
            "上限をこえて予約を受け付けました",
            "きまりより おおい 予約を うけました",
            "A booking beyond the limit was taken",
        ),
        "message_from_staff": _text(
            "市からメッセージがあります", "市から メッセージが あります", "A message from the city"
        ),
        "message_from_resident": _text(
            "メッセージを送りました", "メッセージを おくりました", "Your message was sent"
        ),
        "document_issued": _text("書類を発行しました", "しょるいを だしました", "A document was issued"),
        "document_opened": _text("書類を開きました", "しょるいを ひらきました", "The document was opened"),
        "charge_opened": _text(
            "お支払いをお願いしました", "おかねを はらって ください", "A payment was asked for"
        ),
        "paid": _text("お支払いを確認しました", "おかねを もらいました", "The payment arrived"),
        "charge_lapsed": _text(
            "期限までにお支払いがなかったため、請求を終わりました",
            "しめきりまでに おかねが はらわれませんでした",
            "The fee was not paid in time; the claim ended",
        ),
        "charge_waived": _text("お支払いが不要になりました", "おかねは いりません", "No payment is needed"),
        "transferred": _text(
            "担当課が変わりました", "たんとうの かが かわりました", "Another department took it over"
        ),
        "duty_added": _text(
            "あとで提出するものがあります", "あとで だす ものが あります", "Something is due later"
        ),
        "duty_done": _text("提出を確認しました", "だした ものを 見ました", "What was due arrived"),
        "registered": _text("登録しました", "とうろく しました", "Registered"),
        "registration_ended": _text("登録を終えました", "とうろくが おわりました", "The registration ended"),
        "assigned": _text("担当者を決めました", "たんとうの 人を きめました", "Assigned"),
        "note_added": _text("メモを書きました", "メモを かきました", "A note was written"),
        "opinion_asked": _text(
            "他の課に意見を求めました", "ほかの かに ききました", "An opinion was asked for"
        ),
        "opinion_given": _text("意見が返りました", "こたえが きました", "The opinion arrived"),
        "opinion_revoked": _text("意見照会を取り消しました", "とりけしました", "The question was taken back"),
        "entered": _text(
            "窓口などで受け付けた内容を入力しました", "まどぐちで うけつけました", "Entered by staff"
        ),
        "password_renewed": _text(
            "照会用パスワードを新しくしました", "パスワードを かえました", "A new password was given"
        ),
        "due_changed": _text("処理の期限が変わりました", "きげんが かわりました", "The due date changed"),
        "redacted": _text(
            "保存期間が過ぎたため内容を消しました",
            "ふるいので けしました",
            "Erased after the retention period",
        ),
    }
)


def record(
    session: Session,
    case: Case,
    event: str,
    actor: Actor,
    *,
    public: bool = False,
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Add a line to the timeline and to the audit trail.

    ``data`` is sealed and may hold what people wrote; the audit line holds only the event's name.
    ``at`` is the present instant where the caller has read the clock already.
    """
    record_all(session, case, {event: data or {}}, actor, public=public, at=at)


def record_all(
    session: Session,
    case: Case,
    events: Mapping[str, dict[str, Any]],
    actor: Actor,
    *,
    public: bool = False,
    at: datetime | None = None,
) -> None:
    """Add the lines of things that happened at one moment, each event with its data, in this order."""
    moment = at or clock.now()
    line = {
        "case_id": case.id,
        "at": moment,
        "public": public,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_label": actor.label,
        "channel": actor.channel,
    }
    append(session, _INSERT, [{**line, "event": event, "data": data} for event, data in events.items()])
    if case.updated_at != moment:
        case.updated_at = moment
    actions = [f"case.{event}" for event in events]
    audit.record_all(session, actor, actions, object_kind="case", object_id=case.id, case_id=case.id)


_INSERT = insert(cast(Table, CaseEvent.__table__)).inline()


def words(event: CaseEvent, lang: Lang = "ja") -> str:
    """Return the sentence of one line in ``lang``; an unknown event shows its own name."""
    text = WORDS.get(event.event)
    return text.in_(lang) if text else event.event


def of_case(session: Session, case: Case, *, public_only: bool) -> list[CaseEvent]:
    """Return the lines of a case, oldest first; residents get the public ones."""
    query = select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
    if public_only:
        query = query.where(CaseEvent.public)
    return list(session.scalars(query))
