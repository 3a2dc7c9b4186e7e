"""What ``wiring`` built, as views reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from webapp.wiring import Services


def services() -> Services:
    """Return the services of the running application."""
    return cast("Services", current_app.extensions["madoguchi"])
