"""The profile a resident declares: cleaned and checked. Names stay exactly as typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import jaconv

from webapp import clock

ADDRESS_PARTS = ("postal", "prefecture", "city", "town", "block", "building")
KANA = re.compile(r"[ァ-ヶー・\u3000\s]+")
EMAIL = re.compile(r"[^@\s<>\"(),:;\\]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
LONGEST = 200
"""Characters of one box."""
LONGEST_EMAIL = 254
CONTROLS = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Checked:
    """Values to keep, values as typed, and what is wrong (field key -> code)."""

    values: dict[str, Any]
    typed: dict[str, Any]
    wrong: dict[str, str] = field(default_factory=dict)


def read(form: Mapping[str, str]) -> Checked:
    """Read the profile form. Codes of problems: missing, long, kana, date, tel, email, postal."""
    plain = {key: CONTROLS.sub("", form.get(key, "")).strip() for key in ("name", "kana", "tel", "email")}
    birth_typed = {part: form.get(f"birth.{part}", "").strip() for part in ("year", "month", "day")}
    address = {part: CONTROLS.sub("", form.get(f"address.{part}", "")).strip() for part in ADDRESS_PARTS}
    typed: dict[str, Any] = {**plain, "birth": birth_typed, "address": address}
    wrong: dict[str, str] = {}
    values: dict[str, Any] = {"name": plain["name"]}
    for key, text in (*plain.items(), *(("address", part) for part in address.values())):
        if len(text) > LONGEST:
            wrong[key] = "long"
    if not plain["name"]:
        wrong["name"] = "missing"
    values["kana"] = jaconv.hira2kata(jaconv.h2z(plain["kana"], kana=True))
    if values["kana"] and not KANA.fullmatch(values["kana"]):
        wrong["kana"] = "kana"
    values["tel"] = _digits(plain["tel"])
    if values["tel"] and not re.fullmatch(r"0\d{9,10}", values["tel"]):
        wrong["tel"] = "tel"
    values["email"] = jaconv.z2h(plain["email"], kana=False, ascii=True, digit=True)
    if values["email"] and not is_mail_address(values["email"]):
        wrong["email"] = "email"
    values["birth"] = _birth(birth_typed)
    if values["birth"] is None:
        wrong["birth"], values["birth"] = "date", ""
    values["address"] = {**address, "postal": _digits(address["postal"])}
    if values["address"]["postal"] and len(values["address"]["postal"]) != 7:
        wrong["address"] = "postal"
    return Checked(values, typed, wrong)


def is_mail_address(text: str) -> bool:
    """Tell whether mail could be sent there: one address, of at most 254 characters (RFC 5321)."""
    return len(text) <= LONGEST_EMAIL and EMAIL.fullmatch(text) is not None


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", jaconv.z2h(text, kana=False, digit=True))


def _birth(parts: Mapping[str, str]) -> str | None:
    """Return ISO text, "" when left empty, None when it is no date of a living person."""
    digits = [_digits(parts[key]) for key in ("year", "month", "day")]
    if not any(parts.values()):
        return ""
    try:
        found = date(*(int(d) for d in digits))
    except (ValueError, OverflowError):
        return None
    return found.isoformat() if date(1900, 1, 1) <= found <= clock.today() else None
