"""What the crawler types into a form: what a person would, and what nobody should."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any
from urllib.parse import quote, quote_from_bytes

from tests.proofs import hostile
from tests.proofs.page_forms import CHOSEN, Field, Form

Text = str | bytes
Value = Text | tuple[bytes, str]
"""What one control is given; a pair is a file: content and name."""
Typed = list[tuple[str, Value]]
"""Names and values of one post."""
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
FILES = (
    PICTURE,
    f"<svg onload={hostile.MARK}(9)>".encode(),
    b"%PDF-1.7\n%%EOF",
    b"",
    b"PK\x03\x04" + b"\0" * 30,
)
UPLOADS: list[Value] = [(content, name) for content in FILES for name in hostile.NAMES]
SMUGGLED = ("id", "resident_id", "staff_id", "protected", "roles", "status", "level", "amount_yen")
"""Names no form has: whoever copied a whole form into a row would take them over."""


class Typist:
    """Deals the hostile values out so that every kind of field meets each of them before one comes again."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._values: list[Value] = list(texts)
        self._choose = Random(7)
        self._left: dict[str, list[Value]] = {}
        self._dealt: list[tuple[str, Value]] = []

    def value(self, kind: str) -> Value:
        """Return the next value for a field of this kind."""
        every = UPLOADS if kind == "file" else self._values
        left = self._left.setdefault(kind, self._choose.sample(every, k=len(every)))
        if not left:
            return self._choose.choice(every)
        self._dealt.append((kind, left.pop()))
        return self._dealt[-1][1]

    def take_back(self) -> None:
        """The last form was turned away at the door: its values have met nothing yet."""
        for kind, value in self._dealt:
            self._left[kind].insert(0, value)
        self._dealt = []

    def kinds(self) -> dict[str, int]:
        """Return each kind of field that was met, with the number of values it has yet to meet."""
        return {kind: len(left) for kind, left in sorted(self._left.items())}

    def harmless(self, form: Form) -> Iterator[tuple[str, Value]]:
        """Fill a form in as a person would, with the first of its buttons."""
        yield from self._kept(form.fields, next(iter(_buttons(form)), None))

    def hostile(self, form: Form, *, everything: bool) -> Iterator[tuple[str, Value]]:
        """Fill a form in with hostile texts; ``everything``: also what is chosen, hidden or not there at all."""
        self._dealt = []
        button = self._choose.choice(_buttons(form) or [None])
        if not everything:
            yield from self._kept([one for one in form.fields if not is_typed(one)], button)
        for one in form.fields:
            if one.name == "csrf_token" and everything:
                yield one.name, ""
            elif everything or is_typed(one):
                yield one.name, self.value(one.kind)
        if everything:
            twice = next((one for one in form.fields if is_typed(one) and one.kind != "file"), None)
            if twice is not None:
                yield twice.name, self.value(twice.kind)  # a list where one value was meant
            yield from ((name, "1") for name in SMUGGLED)

    @staticmethod
    def _kept(fields: Sequence[Field], button: Field | None) -> Iterator[tuple[str, Value]]:
        done = set[str]()
        for one in fields:
            if one.kind == "submit" or one.name in done:
                continue
            done.add(one.name)
            yield one.name, usual(one)
        if button is not None:
            yield button.name, button.value


def is_typed(one: Field) -> bool:
    """Tell whether a person types or picks a file here, rather than choosing what the page offers."""
    return one.kind not in (*CHOSEN, "hidden", "submit")


def usual(one: Field) -> Value:
    """What a person would type here."""
    name = one.name.lower()
    if one.kind == "file":
        return PICTURE, "photo.png"
    if one.kind in ("hidden", "radio", "checkbox"):
        return one.value
    if one.kind == "select":
        return one.value or next((option for option in one.options if option), "")
    if one.value:
        return one.value
    for part, text in (
        ("login", "crawl-new"), ("url", "https://mihon.example/"), ("mail", "crawl@mihon.example"), ("address", "crawl@mihon.example"), ("tel", "0000551234"),
        ("postal", "9999901"), ("year", "2027"), ("month", "3"), ("day", "3"),
        ("password", "correct horse battery staple"), ("again", "correct horse battery staple"), ("until", "2027-03-03"), ("_on", "2027-03-03"),
        ("date", "2027-03-03"), ("valid", "2027-03-03"), ("persons", "1"), ("count", "1"), ("yen", "0"),
    ):  # fmt: skip
        if part in name:
            return text
    return "1" if one.kind == "number" else "見本"


def multipart(typed: Typed) -> dict[str, Any]:
    """Return what the test client sends as a form with files."""
    data: dict[str, list[Any]] = {}
    for name, value in typed:
        kept: Any = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(value, tuple):
            kept = (io.BytesIO(value[0]), value[1])
        data.setdefault(name, []).append(kept)
    return data


def urlencoded(typed: Typed) -> str:
    """Return a form's body, byte by byte as it was typed."""
    return "&".join(f"{quote(name, safe='')}={_quoted(value)}" for name, value in typed)


def _quoted(value: Value) -> str:
    assert not isinstance(value, tuple), "files travel as multipart"
    return quote_from_bytes(value) if isinstance(value, bytes) else quote(value, safe="")


def _buttons(form: Form) -> list[Field]:
    return [one for one in form.fields if one.kind == "submit"]
