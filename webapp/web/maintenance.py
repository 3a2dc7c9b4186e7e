"""The closed counter: during maintenance residents read what they can do; staff and machines work on.

The page asks the database nothing, so that it also shows while the database is being changed.
"""

from __future__ import annotations

from flask import Flask, make_response, render_template, request
from werkzeug.wrappers import Response

from webapp.web.services import services

OPEN = ("/staff", "/static", "/callbacks", "/sandbox", "/healthz", "/readyz")
"""Doors that stay open: staff check the work, payments and bounces still arrive, the balancer asks."""
RETRY_AFTER = 1800
"""Seconds after which programs should ask again."""


def is_closed(path: str) -> bool:
    """Tell whether an address shows the maintenance page now."""
    return services().settings.maintenance and not any(
        path == door or path.startswith(f"{door}/") for door in OPEN
    )


def install(app: Flask) -> None:
    """Answer residents with the maintenance page while the setting says so."""

    @app.before_request
    def _close() -> Response | None:
        if not is_closed(request.path):
            return None
        body = render_template("errors/maintenance.html", department=services().city.front_desk)
        response = make_response(body, 503)
        response.headers["Retry-After"] = str(RETRY_AFTER)
        response.headers["Cache-Control"] = "no-store"
        return response
