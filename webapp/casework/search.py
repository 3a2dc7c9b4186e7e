"""Finding a case by a name or a number although what people typed is sealed.

Texts are folded (width, case, kana, variant kanji, variation selectors), cut into one- and two-character
grams, and only a keyed hash of each gram is kept. So 「髙橋」 is found by 「高橋」, two kanji are enough,
and the table alone tells nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from operator import add

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from webapp.casework.keys import digest, existing_key, key
from webapp.casework.models import CaseGram
from webapp.db import is_postgres
from webapp.trips import UNANSWERED

_VARIANTS = str.maketrans(
    "髙﨑𠮷嵜栁濵濱邊邉齋齊斎櫻澤廣國學眞惠德瀨槗曻鷗祐桒嶋嶌龍冨壽彌礒舘藪蘓鄕閒黑增寬晴薗淵渕槇緖",
    "高崎吉崎柳浜浜辺辺斉斉斉桜沢広国学真恵徳瀬橋昇鴎祐桑島島竜富寿弥磯館薮蘇郷間黒増寛晴園渕渕槙緒",
)
_SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
_KATAKANA = range(ord("ァ"), ord("ヶ") + 1)
_FOLDS: dict[int, int | None] = {
    **dict.fromkeys(_SELECTORS),
    **{code: code - 0x60 for code in _KATAKANA},
    **_VARIANTS,
}
_HYPHENS = "-‐‑‒–—―−－ーｰ・･.,、。()[]「」"
_NO_HYPHENS = dict.fromkeys(map(ord, _HYPHENS))
_NO_ASCII = dict.fromkeys(range(128))
_MOST_GRAMS = 2000


def fold(text: str) -> str:
    """Fold a text for comparison only; what was typed is stored elsewhere, untouched."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return plain.translate(_FOLDS)


def common_form(text: str) -> str:
    """Return variant kanji in their common form (髙 → 高), for encodings that hold nothing else."""
    return text.translate(_VARIANTS)


def _pieces(text: str) -> list[str]:
    """Split into words; hyphens and dots inside a word vanish, so 090-1234 and 0901234 are one."""
    folded = fold(text).translate(_NO_HYPHENS)
    return folded.split()


def grams(text: str) -> set[str]:
    """Return the one- and two-character grams of ``text``.

    A single letter or digit (a-z, 0-9) counts only as a word of its own: inside of numbers and addresses
    it finds every case, and would be a third of all grams.
    """
    found: set[str] = set()
    for piece in _pieces(text):
        found.update(piece if len(piece) == 1 else piece.translate(_NO_ASCII))
        found.update(map(add, piece, piece[1:]))
        if len(found) > _MOST_GRAMS:
            break
    return found


def wanted(query: str) -> set[str]:
    """Return the grams a query needs: pairs, or the single character when a word is that short."""
    found: set[str] = set()
    for piece in _pieces(query):
        found.update([piece] if len(piece) == 1 else map(add, piece, piece[1:]))
    return found


def _hashes(secret: bytes, parts: Iterable[str]) -> set[int]:
    return {_hash(secret, part) for part in parts}


@lru_cache(maxsize=8192)
def _hash(secret: bytes, gram: str) -> int:
    """Kana, digits and the titles of procedures come again in every case."""
    return int.from_bytes(digest(secret, "gram", gram)[:8], "big", signed=True)


def index(session: Session, case_id: int, texts: Iterable[str], *, fresh: bool = False) -> None:
    """Replace the grams of a case by those of ``texts`` (names, kana, numbers, addresses, titles).

    ``fresh``: the case is new and has none yet.
    """
    parts: set[str] = set()
    for one in texts:
        # each text apart, so that no gram spans a name and a telephone number
        parts |= grams(one)
    if not fresh:
        session.execute(delete(CaseGram).where(CaseGram.case_id == case_id))
    hashes = sorted(_hashes(key(session), parts))
    if not hashes:
        return
    if is_postgres(session):
        given = {"grams": f"{{{','.join(map(str, hashes))}}}", "case_id": case_id}
        session.execute(_INSERT_ALL, given, execution_options=UNANSWERED)
    else:
        session.execute(insert(CaseGram), [{"gram": gram, "case_id": case_id} for gram in hashes])


_INSERT_ALL = text(
    "INSERT INTO case_gram (gram, case_id) SELECT unnest(CAST(:grams AS bigint[])), CAST(:case_id AS int)"
)
"""One statement for the hundred grams of a case, instead of a hundred."""


def matching(session: Session, query: str) -> Select[int] | None:
    """Return a query for the ids of the cases that hold all grams of ``query``; None when it asks nothing."""
    parts = wanted(query)
    if not parts:
        return None
    secret = existing_key(session)
    hashes = _hashes(secret, parts) if secret else {0}
    return (
        select(CaseGram.case_id)
        .where(CaseGram.gram.in_(hashes))
        .group_by(CaseGram.case_id)
        .having(func.count() == len(hashes))
    )
