"""Words for where messages are. 「受付」 is as much as LINE or a mail server ever tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from webapp.messaging import templates
from webapp.outbox.models import LANES

STATUSES: Final = {
    "queued": "送信待ち",
    "sending": "送信中",
    "accepted": "送信済（LINE・メールサーバー受付）",
    "rejected": "受け付けられず",
    "unreachable": "届かない宛先",
    "expired": "期限切れで送らず",
    "superseded": "分けて送り直し",
    "cancelled": "取りやめ",
    "unknown": "不明（確認が必要）",
}
CHANNELS: Final = {"line": "LINE", "mail": "メール", "": "未定"}
LANE_WORDS: Final = {
    "emergency": "緊急",
    "transactional": "手続き",
    "reminder": "期限・予定",
    "bulk": "お知らせ",
}
PAUSES: Final = {
    "quota": "LINEの今月の送信数の上限に達しました。来月になると自動で再開します。",
    "401 token": "LINEが、設定されているアクセストークンを受け付けません。"
    "システム担当が設定を直してから、再開してください。",
}


def pause(reason: str) -> str:
    """Why a channel stands still, and what to do about it."""
    return PAUSES.get(reason) or f"相手の答え: {reason}"


def notice(template: str) -> str:
    """What a message says to its reader, by the name of its template (``decided@1``)."""
    known = templates.load().templates.get(template.partition("@")[0])
    return known.line.text.ja if known else template


def by_lane(counts: Mapping[tuple[str, str], int]) -> list[tuple[str, list[int]]]:
    """Return the lanes in their order, each with its number of messages by status (as STATUSES).

    ``counts`` is what ``webapp.outbox.relay.counts`` returns.
    """
    return [(LANE_WORDS[lane], [counts.get((lane, status), 0) for status in STATUSES]) for lane in LANES]
