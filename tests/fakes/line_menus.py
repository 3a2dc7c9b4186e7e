"""The rich-menu doors of the fake LINE: menus, pictures, aliases, and who sees which."""

from __future__ import annotations

import struct
import uuid
from typing import Any

Reply = tuple[int, dict[str, Any]]
MISSING: Reply = (404, {"message": "Not found"})
LARGEST_IMAGE = 1024 * 1024


class RichMenus:
    """Refuses what LINE refuses: a picture of another size, a second picture, an alias without picture."""

    def __init__(self) -> None:
        self.menus: dict[str, dict[str, Any]] = {}
        self.images: dict[str, bytes] = {}
        self.aliases: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        """User id, or ``all``, to menu id."""
        self.calls: list[str] = []

    def answer(self, method: str, path: str, body: Any) -> Reply:
        """``path`` begins behind ``/v2/bot/``; ``body`` is JSON already read, or a picture's bytes."""
        self.calls.append(f"{method} {path}")
        match method, *path.split("/"):
            case "POST", "richmenu":
                return self._create(body)
            case "POST", "richmenu", "validate":
                return self._validated(body)
            case "GET", "richmenu", "list":
                return 200, {"richmenus": [{**menu, "richMenuId": id} for id, menu in self.menus.items()]}
            case "POST", "richmenu", "alias":
                return self._alias(body["richMenuAliasId"], body["richMenuId"], new=True)
            case "POST", "richmenu", "alias", alias:
                return self._alias(alias, body["richMenuId"], new=False)
            case "GET", "richmenu", "alias", alias:
                known = self.aliases.get(alias)
                return MISSING if known is None else (200, {"richMenuAliasId": alias, "richMenuId": known})
            case "POST", "richmenu", "bulk", "link":
                return self._show(body["userIds"], body["richMenuId"], 202)
            case "POST", "richmenu", menu, "content":
                return self._picture(menu, body)
            case "GET", "richmenu", menu:
                return (200, {**self.menus[menu], "richMenuId": menu}) if menu in self.menus else MISSING
            case "DELETE", "richmenu", menu:
                self.shown = {user: shown for user, shown in self.shown.items() if shown != menu}
                return (200, {}) if self.menus.pop(menu, None) is not None else MISSING
            case "POST", "user", user, "richmenu", menu:
                return self._show([user], menu, 200)
        return MISSING

    def sees(self, user: str) -> str:
        """Return the name of the menu that a phone shows."""
        menu = self.shown.get(user) or self.shown.get("all", "")
        return str(self.menus[menu]["name"]) if menu in self.menus else ""

    def _create(self, menu: dict[str, Any]) -> Reply:
        status, answer = self._validated(menu)
        if status != 200:
            return status, answer
        menu_id = f"richmenu-{uuid.uuid4().hex}"
        self.menus[menu_id] = menu
        return 200, {"richMenuId": menu_id}

    @staticmethod
    def _validated(menu: dict[str, Any]) -> Reply:
        fits = set(menu) == {"size", "selected", "name", "chatBarText", "areas"}
        fits = fits and len(menu["areas"]) <= 20 and len(menu["chatBarText"]) <= 14
        return (200, {}) if fits else (400, {"message": "The request body has errors"})

    def _alias(self, alias: str, menu: str, *, new: bool) -> Reply:
        if menu not in self.images or (alias in self.aliases) is new:
            return 400, {"message": "richmenu not found or alias conflicts"}
        self.aliases[alias] = menu
        return 200, {}

    def _picture(self, menu: str, image: bytes) -> Reply:
        if menu not in self.menus or menu in self.images:
            return 400, {"message": "An image has already been uploaded to the richmenu"}
        size = self.menus[menu]["size"]
        is_png = image[:8] == b"\x89PNG\r\n\x1a\n" and len(image) <= LARGEST_IMAGE
        if not is_png or struct.unpack(">II", image[16:24]) != (size["width"], size["height"]):
            return 400, {"message": "Image size mismatch"}
        self.images[menu] = image
        return 200, {}

    def _show(self, users: list[str], menu: str, status: int) -> Reply:
        if menu not in self.images or not 1 <= len(users) <= 500:
            return 400, {"message": "richmenu not found"}
        self.shown.update(dict.fromkeys(users, menu))
        return status, {}
