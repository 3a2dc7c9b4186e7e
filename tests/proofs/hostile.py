"""What a hostile hand types, and how to see in an answer that it did something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

MARK = "zz7"
"""Stands in every value that must not come back as markup."""

MARKUP = (
    f"<img src=x onerror={MARK}(1)>",
    f'"><svg/onload={MARK}(2)>',
    f"</script><script>{MARK}(3)</script>",
    f'{MARK}" autofocus onfocus="{MARK}(4)',
    f"{MARK}' onmouseover='{MARK}(5)",
    f"javascript:{MARK}(6)",
    f"</textarea></title><iframe srcdoc='<script>{MARK}(7)</script>'>",
    "{{ 1337 * 1337 }} ${1337*1337} #{1337*1337} {% print(1337*1337) %}",
)
INJECTION = (
    "' OR '1'='1' --",
    "1; DROP TABLE staff; --",
    "') UNION SELECT password_hash FROM staff --",
    "%' AND 1=CAST((SELECT login FROM staff LIMIT 1) AS INT) --",
    "../../../../../../etc/passwd",
    "..\\..\\..\\windows\\win.ini",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
    "//evil.example/%2f..",
    "a\r\nX-Evil: 1\r\n\r\nbody",
    "=cmd|'/c calc'!A1",
    '＝ＨＹＰＥＲＬＩＮＫ("http://evil.example")',
    "%s%n%x {0.__class__.__mro__} %(secret_key)s",
    "| cat /etc/passwd; $(id) `id`",
)
TYPES = (
    "",
    " ",
    "-1",
    "0",
    "1e308",
    "NaN",
    "Infinity",
    "2147483648",
    "99999999999999999999999",
    "²",
    "٣",
    "１２３",
    "0x10",
    "null",
    "[]",
    '{"a": 1}',
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "yes",
)
UNICODE = (
    "\u202e\u2066bidi\u2069",
    "\ufeff\u200b\u200d\u2060",
    "e\u0301\u0301\u0301" * 40,
    "\U00020bb7\U000e0100\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ufdfa" * 60,
    "\u2028\u2029\x85\x0b\x1f\x7f",
    "\uffff\U0010ffff",
)
LONG = ("あ" * 3_000, "9" * 400, "A" * 5_000, "a@" + "b" * 400 + ".example")
HUGE = ("9" * 6_000, "𠮷" * 120_000)
BYTES = (b"\xed\xa0\x80\xed\xbf\xbf", b"\xc0\xaf\xc0\xae\xc0\xae", b"\xff\xfe\xfd", b"ok\x00nul")
"""Lone surrogates, overlong UTF-8, no UTF-8 at all, NUL: sent as they are."""

TEXTS: tuple[str, ...] = (*MARKUP, *INJECTION, *TYPES, *UNICODE, *LONG)
NAMES = (
    "../../../../etc/cron.d/zz7.png",
    f"<img src=x onerror={MARK}(8)>.png",
    'a".png\r\nX-Evil: 1',
    "証明\u202egnp.exe",
    "a" * 400 + ".png",
    "",
)
"""Names of uploaded files."""

SECRETS = re.compile(
    r"root:[^:\n]*:0:0:|argon2id\$v=19|Traceback \(most recent call last\)|sqlalchemy\.exc|werkzeug\.exceptions"
    r"|\b1787569\b"
)
"""A file or a hash was read, a fault tells its inside, or a template was run (the product of 1337 by itself)."""
ADDRESSES = ("href", "src", "action", "formaction", "data", "xlink:href")


SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script", re.S | re.I)
QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')


class _Alive(HTMLParser):
    """Notices a tag made of what was typed."""

    def __init__(self) -> None:
        super().__init__()
        self.found = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            acts = name.startswith("on") or name == "srcdoc"
            leads = name in ADDRESSES and (value or "").strip().lower().startswith("javascript:")
            if (acts or leads) and MARK in (value or ""):
                self.found = self.found or f"<{tag} {name}={value}"[:120]


def alive(html: str) -> str:
    """Return what came alive in a page, or nothing.

    Only the tags that hold the mark are parsed, and scripts searched: a crawl reads thousands of pages.
    """
    if found := SECRETS.search(html):
        return found.group()
    if MARK not in html:
        return ""
    for script in SCRIPT.finditer(html):
        if f"{MARK}(" in script[1]:
            return script.group()[:120]
    parser = _Alive()
    for tag in _tags(html):
        parser.feed(tag)
        parser.reset()
    return parser.found


def _tags(html: str) -> Iterator[str]:
    """Each tag in which the mark stands, from its ``<`` to a ``>`` after the mark."""
    at = html.find(MARK)
    while at >= 0:
        begin = html.rfind("<", 0, at)
        if begin >= 0 and ">" not in QUOTED.sub("", html[begin:at]):
            end = html.find("<", at)
            yield html[begin : end if end >= 0 else len(html)]
        at = html.find(MARK, at + 1)
