"""Words for where messages are. 「受付」 is as much as LINE or a mail server ever tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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


def by_lane(counts: Mapping[tuple[str, str], int]) -> list[tuple[str, list[int]]]:
    """Return the lanes in their order, each with its number of messages by status (as STATUSES).

    ``counts`` is what ``webapp.outbox.relay.counts`` returns.
    """
    return [(LANE_WORDS[lane], [counts.get((lane, status), 0) for status in STATUSES]) for lane in LANES]
