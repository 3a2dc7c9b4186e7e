"""What the frame of a page shows: language, text size and contrast links, menu and footer.

Size and contrast are plain links that set a cookie; nothing here needs JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request
from flask_babel import gettext as _
from werkzeug.routing import BuildError

from webapp.web.account_bar import OWN, account_bar
from webapp.web.addresses import address
from webapp.web.languages import HTML_LANG, LABELS, PARAMETER, YEAR_IN_SECONDS, lang
from webapp.web.services import services
from webapp.yaml_source import LANGS

SIZES = ("m", "l", "xl")
CONTRASTS = ("normal", "high")
CHOICES = {"size": SIZES, "contrast": CONTRASTS}


@dataclass(frozen=True)
class Choice:
    """One link of a switch."""

    label: str
    url: str
    current: bool = False
    html_lang: str = "ja"


@dataclass(frozen=True)
class MenuItem:
    """One entry of a menu; `icon` names a symbol of icons.svg, `count` what waits there."""

    label: str
    url: str
    icon: str = ""
    current: bool = False
    count: int | None = None


@dataclass(frozen=True)
class MenuGroup:
    """Entries of the staff menu that open together; without a label they stand in the bar itself."""

    label: str
    items: list[MenuItem]

    @property
    def current(self) -> bool:
        return any(item.current for item in self.items)


@dataclass(frozen=True)
class Display:
    """Everything `page.html`, `base.html` and `staff_base.html` read as `display`."""

    html_lang: str
    classes: str
    languages: list[Choice]
    sizes: list[Choice]
    contrast: Choice
    home_url: str
    menu: list[MenuItem]
    footer: list[MenuItem]
    account: str | None = None
    staff_home_url: str = "/staff/"
    staff_menu: list[MenuGroup] = field(default_factory=list)
    staff_own: list[MenuItem] = field(default_factory=list)
    staff_name: str | None = None
    staff_sign_out_url: str | None = None


def install(app: Flask) -> None:
    """Give `city`, `lang` and `display` to every template, and remember the reader's choices."""
    app.context_processor(_context)
    app.after_request(_remember)


def url_if(endpoint: str, **values: Any) -> str | None:
    """`url_for`, or None where this installation has no such page."""
    try:
        return address(endpoint, **values)
    except BuildError:
        return None


def menu_item(label: str, endpoint: str, icon: str = "") -> MenuItem | None:
    """A menu entry for an endpoint, marked when the reader is on it; None where there is no such page."""
    url = url_if(endpoint)
    module = endpoint.rsplit(".", 1)[0]
    current = (request.endpoint or "").rsplit(".", 1)[0] == module
    return MenuItem(label, url, icon, current) if url else None


def _context() -> dict[str, Any]:
    return {"city": services().city, "lang": lang(), "display": _display()}


def _display() -> Display:
    size, contrast = _chosen("size"), _chosen("contrast")
    classes = [f"size-{size}", f"contrast-{contrast}", f"lang-{lang()}"]
    bar = account_bar()
    return Display(
        html_lang=HTML_LANG[lang()],
        classes=" ".join(classes),
        languages=[
            Choice(LABELS[key], _here(PARAMETER, key), key == lang(), HTML_LANG[key]) for key in LANGS
        ],
        sizes=[
            Choice(label, _here("size", key), key == size)
            for key, label in zip(SIZES, (_("標準"), _("大"), _("特大")), strict=True)
        ],
        contrast=Choice(
            _("標準の色") if contrast == "high" else _("はっきりした色"),
            _here("contrast", "normal" if contrast == "high" else "high"),
            contrast == "high",
        ),
        home_url=url_if("resident.home.home") or "/",
        menu=_menu(bar.signed_in),
        footer=_footer(),
        account=bar.resident_label,
        staff_home_url=url_if("staff.inbox.home") or "/staff/",
        staff_menu=_staff_menu([screen for screen in bar.screens if screen[0] != OWN]),
        staff_own=[item for group, *screen in bar.screens if group == OWN and (item := menu_item(*screen))],
        staff_name=bar.staff_name,
        staff_sign_out_url=url_if("staff.sign_in.sign_out") if bar.staff_name else None,
    )


def _menu(signed_in: bool) -> list[MenuItem]:
    items = [
        menu_item(_("手続き"), "resident.catalogue.search", "search"),
        menu_item(_("施設予約"), "resident.facilities.index", "calendar"),
        menu_item(_("わたしの手続き"), "resident.my.overview", "person"),
        None if signed_in else menu_item(_("サインイン"), "resident.sign_in.sign_in", "key"),
        menu_item(_("アカウント"), "resident.account.overview", "key") if signed_in else None,
    ]
    return [item for item in items if item]


def _staff_menu(screens: Sequence[tuple[str, str, str]]) -> list[MenuGroup]:
    """Group the screens; a group of one entry stands in the bar as that entry."""
    groups: dict[str, list[MenuItem]] = {}
    for group, label, endpoint in screens:
        if item := menu_item(label, endpoint):
            groups.setdefault(group, []).append(item)
    return [MenuGroup(label if len(items) > 1 else "", items) for label, items in groups.items()]


def _footer() -> list[MenuItem]:
    items = [
        menu_item(_("よくある質問"), "resident.information.help"),
        menu_item(_("受け取るお知らせを選ぶ"), "resident.topics.choose"),
        menu_item(_("オンラインでできない手続き"), "resident.information.not_online"),
        menu_item(_("お問い合わせ"), "resident.information.contact"),
        menu_item(_("個人情報の取り扱い"), "resident.information.privacy"),
        menu_item(_("アクセシビリティ"), "resident.information.accessibility"),
        menu_item(_("利用規約"), "resident.information.terms"),
    ]
    return [item for item in items if item]


def _chosen(name: str) -> str:
    allowed = CHOICES[name]
    for wish in (request.args.get(name), request.cookies.get(name)):
        if wish in allowed:
            return str(wish)
    return allowed[0]


def _here(name: str, value: str) -> str:
    """This page again with one choice changed; earlier choices in the address are dropped."""
    kept: Mapping[str, list[str]] = request.args.to_dict(flat=False)
    pairs = [(k, v) for k, vs in kept.items() if k not in (*CHOICES, PARAMETER) for v in vs]
    return f"{request.path}?{urlencode([*pairs, (name, value)])}"


def _remember(response: Response) -> Response:
    for name, allowed in CHOICES.items():
        wish = request.args.get(name)
        if wish in allowed and wish != request.cookies.get(name):
            response.set_cookie(
                name, wish, max_age=YEAR_IN_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax"
            )
    response.headers.setdefault("Content-Language", HTML_LANG[lang()])
    return response
