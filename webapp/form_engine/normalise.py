"""From what people type to what is stored; only what has one right form is mended."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

from webapp.calendar.era import ERAS, NotInEra, from_era

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
JOINER = "\u200d"
DASHES = "‐‑‒–—―−－─━ｰ"
ERA_YEAR = re.compile(r"(令和|平成|昭和|大正|明治|[RHSTM])\.?(元|\d{1,2})年?")
HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def free_text(text: str, *, lines: bool = False) -> str:
    """Take away control and bidi-override characters and lone surrogates, nothing else."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "\n\t" if lines else ""
    return "".join(c for c in text if _is_writable(c) or c in kept)


def narrow(text: str) -> str:
    """Full-width letters and digits become narrow, dashes become '-'; for codes only, never for names."""
    folded = unicodedata.normalize("NFKC", free_text(text))
    return re.sub(f"[{DASHES}]", "-", folded).strip()


def katakana(text: str) -> str:
    """Full-width katakana from hiragana and half-width; small letters keep their size."""
    folded = re.sub(r"[\uff61-\uff9f]+", lambda m: unicodedata.normalize("NFKC", m[0]), free_text(text))
    folded = unicodedata.normalize("NFC", folded).translate(HIRAGANA)
    folded = re.sub(r"(?<=[ァ-ヺー])[-‐‑‒–—―−－─━](?=[ァ-ヺー]|$)", "ー", folded)
    return re.sub(r"[ \u3000]+", "\u3000", folded).strip("\u3000")


def is_katakana(text: str) -> bool:
    """Whether ``text`` is full-width katakana with spaces and middle dots."""
    return re.fullmatch(r"[ァ-ヺー・゠\u3000]+", text) is not None


def tel(text: str) -> str | None:
    """「090-1234-5678」 becomes digits; +81 becomes 0. None if it is no number."""
    digits = re.sub(r"[-()\s.]", "", narrow(text)).replace("ー", "")
    if digits.startswith("+81"):
        digits = "0" + digits[3:].removeprefix("0")
    return digits if digits.isdigit() else None


def is_tel(digits: str) -> bool:
    """Ten or eleven digits from 0; service numbers of three, four or six digits are numbers too."""
    if digits.startswith("0"):
        return len(digits) in (10, 11)
    return len(digits) in (3, 4, 6)


def postal(text: str) -> str | None:
    """「〒600-0001」 becomes 6000001; None if it is no number."""
    digits = re.sub(r"[-\s〒]", "", narrow(text)).replace("ー", "")
    return digits if digits.isdigit() else None


def email(text: str) -> str:
    """Full-width letters become narrow, spaces go; the rest stays."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", free_text(text)))


def is_email(text: str) -> bool:
    """Little is checked, because carriers issued strange addresses; the confirmation mail is the proof."""
    local, at, domain = text.rpartition("@")
    return (
        bool(at and local and len(text) <= 256 and re.fullmatch(r"[^\s@]+\.[^\s@.]+", domain))
        and "@" not in local
    )


def integer(text: str) -> int | None:
    """A whole number; commas, units such as 円 and full-width digits are understood."""
    digits = re.sub(r"[,\s円人通個点枚]", "", narrow(text)).replace("、", "")
    return int(digits) if re.fullmatch(r"[+-]?\d{1,15}", digits) else None


def decimal(text: str) -> str | None:
    """An exact decimal as text."""
    cleaned = re.sub(r"[,\s]", "", narrow(text))
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        return None
    return format(value, "f") if value.is_finite() and len(cleaned) <= 20 else None


def year(text: str) -> int | None:
    """A Western year from 2025, 令和7, R7 or 平成元年."""
    cleaned = narrow(text).upper().replace(" ", "")
    if re.fullmatch(r"\d{4}年?", cleaned):
        return int(cleaned.rstrip("年"))
    matched = ERA_YEAR.fullmatch(cleaned)
    if matched is None:
        return None
    number = 1 if matched[2] == "元" else int(matched[2])
    start = next(start for name, letter, start in ERAS if matched[1] in (name, letter))
    return start.year + number - 1 if number else None


def day(year_text: str, month_text: str, day_text: str) -> str | None:
    """An ISO date from three boxes; None if there is no such day."""
    month, number = integer(month_text.replace("月", "")), integer(day_text.replace("日", ""))
    if month is None or number is None:
        return None
    matched = ERA_YEAR.fullmatch(narrow(year_text).upper().replace(" ", ""))
    try:
        if matched:
            return from_era(
                matched[1], 1 if matched[2] == "元" else int(matched[2]), month, number
            ).isoformat()
        found = year(year_text)
        return None if found is None else date(found, month, number).isoformat()
    except (NotInEra, ValueError):
        return None


def clock(text: str) -> str | None:
    """「9時30分」「9:30」「９：３０」 become 09:30."""
    cleaned = narrow(text).replace("時", ":").replace("分", "").replace(" ", "")
    matched = (
        re.fullmatch(r"(\d{1,2}):?(\d{2})?", cleaned)
        if ":" in cleaned
        else re.fullmatch(r"(\d{1,2})(\d{2})", cleaned)
    )
    if matched is None:
        return None
    hour, minute = int(matched[1]), int(matched[2] or 0)
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def graphemes(text: str) -> int:
    """Characters as people count them: variation selectors, joiners and combining marks do not count."""
    count, joined = 0, False
    for character in text:
        if _extends(character):
            joined = character == JOINER
            continue
        count += 0 if joined else 1
        joined = False
    return count


def _extends(character: str) -> bool:
    code = ord(character)
    return (
        character == JOINER
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or 0x1F3FB <= code <= 0x1F3FF
        or unicodedata.combining(character) != 0
        or unicodedata.category(character) in ("Mn", "Me")
    )


def _is_writable(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in BIDI
