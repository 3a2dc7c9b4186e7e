"""Rich menus through LINE's doors, so that a run that broke off can simply be run again.

An alias is pointed at a menu only after its picture is there; what no alias points at is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from webapp.ports.line import LineRefused

Ask = Callable[..., dict[str, Any]]
MENUS = "/v2/bot/richmenu"


def install(ask: Ask, upload: Callable[[str], None], alias: str, menu: dict[str, Any]) -> bool:
    """Make ``alias`` stand for this menu; False when it does. ``ask(method, path, body)`` speaks to LINE."""
    known = _menu_of(ask, alias)
    is_new = known is None or ask("GET", f"{MENUS}/{known}").get("name") != menu["name"]
    if is_new:
        ask("POST", f"{MENUS}/validate", menu)
        fresh = str(ask("POST", MENUS, menu)["richMenuId"])
        upload(fresh)
        if known is None:
            ask("POST", f"{MENUS}/alias", {"richMenuAliasId": alias, "richMenuId": fresh})
        else:
            ask("POST", f"{MENUS}/alias/{alias}", {"richMenuId": fresh})
        known = fresh
    for other in ask("GET", f"{MENUS}/list").get("richmenus", []):
        if other["name"].startswith(f"{alias} ") and other["richMenuId"] != known:
            ask("DELETE", f"{MENUS}/{other['richMenuId']}")
    return is_new


def show(ask: Ask, user_ids: Sequence[str] | None, alias: str) -> None:
    """Show the alias' menu to users, or to everyone who has no own. Raises LineRefused when it has none."""
    menu_id = _menu_of(ask, alias)
    if menu_id is None:
        raise LineRefused(f"no menu {alias}")
    if user_ids is None:
        ask("POST", f"/v2/bot/user/all/richmenu/{menu_id}")
    elif len(user_ids) == 1:
        ask("POST", f"/v2/bot/user/{user_ids[0]}/richmenu/{menu_id}")
    else:
        ask("POST", f"{MENUS}/bulk/link", {"richMenuId": menu_id, "userIds": list(user_ids)})


def _menu_of(ask: Ask, alias: str) -> str | None:
    try:
        return str(ask("GET", f"{MENUS}/alias/{alias}")["richMenuId"])
    except LineRefused as refusal:
        if str(refusal) == "404":
            return None
        raise
