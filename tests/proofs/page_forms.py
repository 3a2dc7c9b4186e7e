"""Links and forms of a page, as a browser without scripts would use them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

CHOSEN = ("radio", "checkbox", "select")
TAG = re.compile(
    r"<(/?)(a|form|input|select|option|textarea|button)\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.I
)
"""The tags that matter here. Our pages are valid, so a tag needs no more than quotes to be told apart."""
ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")


@dataclass
class Field:
    """One control: its kind is the ``type`` of an input, or ``textarea`` or ``select``."""

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form that posts; ``action`` is a path of this site."""

    action: str
    fields: list[Field] = field(default_factory=list)

    @property
    def shape(self) -> tuple[str, ...]:
        """What makes two forms of one address different: the names of their controls."""
        return tuple(sorted({"".join("#" if c.isdigit() else c for c in one.name) for one in self.fields}))


class Page:
    """Reads ``links`` (paths of this site) and ``forms`` of a page at ``path``."""

    def __init__(self, path: str, html: str) -> None:
        self.path, self.links, self.forms = path, list[str](), list[Form]()
        self._by_id: dict[str, Form] = {}
        self._form: Form | None = None
        self._select: Field | None = None
        for closing, name, rest in TAG.findall(html):
            if closing:
                self._end(name.lower())
            else:
                self._start(name.lower(), _attributes(rest))

    def _start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "a" and (path := self._local(given.get("href", ""))):
            self.links.append(path)
        if tag == "form":
            self._begin(given)
        form = self._by_id.get(given.get("form", "")) or self._form
        if form is None:
            return
        if tag == "option" and self._select is not None:
            self._select.options.append(given.get("value", ""))
            if "selected" in given:
                self._select.value = given.get("value", "")
        if tag in ("input", "textarea", "select", "button") and given.get("name"):
            self._control(tag, given, form)
        if tag == "button" and given.get("formaction") and (path := self._local(given["formaction"])):
            other = Form(path, form.fields)
            if given.get("formmethod", "post") == "post":
                self.forms.append(other)

    def _control(self, tag: str, given: dict[str, str], form: Form) -> None:
        usual = {"button": "submit"}.get(tag, tag)
        kind = given.get("type", "text") if tag == "input" else usual
        made = Field(given["name"], kind, given.get("value", ""))
        if kind in ("radio", "checkbox"):
            made.options = [made.value]
        form.fields.append(made)
        self._select = made if tag == "select" else self._select

    def _end(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = None

    def _begin(self, given: dict[str, str]) -> None:
        path = self._local(given.get("action", "") or self.path)
        self._form = Form(path or "")
        if given.get("id"):
            self._by_id[given["id"]] = self._form
        if given.get("method", "get").lower() == "post" and path:
            self.forms.append(self._form)

    def _local(self, address: str) -> str:
        parts = urlsplit(urljoin("http://localhost" + self.path, address))
        if parts.netloc != "localhost" or parts.path.startswith(("/static/", "/sandbox/")):
            return ""
        return parts.path + (f"?{parts.query}" if parts.query else "")


def _attributes(text: str) -> dict[str, str]:
    return {
        name.lower(): unescape(double or single or bare)
        for name, double, single, bare in ATTRIBUTE.findall(text)
    }
