"""What every HTML page must be: parsed without errors, titled, labelled, with unique ids, no inline code."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter

import html5lib

H = "{http://www.w3.org/1999/xhtml}"
VISIBLE_INPUTS = {"input", "select", "textarea"}
NO_LABEL_NEEDED = {"hidden", "submit", "button", "image", "reset"}
TOLERATED = {"unexpected-null-character"}  # html5lib's own name for text browsers show as U+FFFD


def complaints(html: str) -> list[str]:
    """Return what is wrong with a whole page; an empty list is a good page."""
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=True)
    tree = parser.parse(html)
    found = [
        f"line {position[0]}: {code} {details or ''}".strip()
        for position, code, details in parser.errors
        if code not in TOLERATED
    ]
    if not html.lstrip().lower().startswith("<!doctype html>"):
        found.append("the page does not begin with <!doctype html>")
    return found + _page(tree) + _ids(tree) + _labels(tree) + _inline(tree)


def _page(tree: ET.Element) -> list[str]:
    found = []
    title = tree.find(f".//{H}title")
    if title is None or not (title.text or "").strip():
        found.append("no <title>")
    if tree.get("lang") not in ("ja", "en"):
        found.append(f"<html lang> is {tree.get('lang')!r}: write ja or en")
    headings = tree.findall(f".//{H}h1")
    if len(headings) != 1:
        found.append(f"{len(headings)} <h1>: a page has one")
    if len(tree.findall(f".//{H}main")) != 1:
        found.append("a page has one <main>")
    return found


def _ids(tree: ET.Element) -> list[str]:
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    found = [f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1]
    for element in tree.iter():
        for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
            for wanted in (element.get(attribute) or "").split():
                if wanted not in ids:
                    found.append(f"{attribute}={wanted!r} points at nothing")
    return found


def _labels(tree: ET.Element) -> list[str]:
    labelled = {label.get("for") for label in tree.iter(f"{H}label")}
    inside = {id(e) for label in tree.iter(f"{H}label") for e in label.iter()}
    found = []
    for element in tree.iter():
        name = str(element.tag).removeprefix(H)
        if name not in VISIBLE_INPUTS or element.get("type") in NO_LABEL_NEEDED:
            continue
        named = element.get("aria-label") or element.get("aria-labelledby")
        if not named and element.get("id") not in labelled and id(element) not in inside:
            found.append(f"<{name} name={element.get('name')!r}> has no label")
    for form in tree.iter(f"{H}form"):
        if (form.get("method") or "get").lower() == "post" and not _has_token(form):
            found.append(f"<form action={form.get('action')!r}> posts without csrf_token")
    images = [image for image in tree.iter(f"{H}img") if image.get("alt") is None]
    return found + [f"<img src={image.get('src')!r}> has no alt" for image in images]


def _has_token(form: ET.Element) -> bool:
    return any(field.get("name") == "csrf_token" for field in form.iter(f"{H}input"))


def _inline(tree: ET.Element) -> list[str]:
    found = []
    for element in tree.iter():
        if element.get("style") is not None:
            found.append(f"<{str(element.tag).removeprefix(H)}> carries an inline style")
        found += [f"inline handler {name}" for name in element.attrib if re.fullmatch(r"on[a-z]+", name)]
        is_code = element.tag == f"{H}script" and element.get("type") != "application/json"
        if is_code and not element.get("src"):
            found.append("inline <script>")
    return found
