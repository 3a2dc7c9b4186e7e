"""What the return from a provider shares: the registered address, the browser's mark, and the way back."""

from __future__ import annotations

import logging
from typing import Any

from flask import render_template, url_for
from werkzeug.wrappers import Response

from webapp.db import new_token
from webapp.ports.identity import IdentityRefused, Level, LostBrowser
from webapp.web import errors, next_page, sessions
from webapp.web.services import services

log = logging.getLogger(__name__)
REFUSALS = IdentityRefused
KNOWN_KINDS = frozenset({"cancelled", "insufficient", "card_refused", "provider_down", "lost_browser"})


def redirect_uri(endpoint: str = "resident.sign_in.callback") -> str:
    """Return the registered address. In the demo any name of this machine may be in the address bar."""
    if services().settings.is_demo:
        return url_for(endpoint, _external=True)
    return services().settings.base_url + url_for(endpoint)


def browser() -> str:
    """Return the mark that binds flows to this browser; it stays in the session on the server."""
    mark: str = sessions.current().setdefault("browser", new_token())
    return mark


def page(refusal: IdentityRefused, resume: dict[str, Any], level: Level | None = None) -> Response:
    """Return the page of a refusal: what happened, what is kept, what to do; ``level`` was asked for."""
    log.warning("identity refused: %s, reference %s", refusal.code, errors.reference())
    # Without a session cookie this is a private window or an app's own browser, not an attack.
    is_lost = isinstance(refusal, LostBrowser) or (
        refusal.code == "unknown_state" and sessions.current().token is None
    )
    kind = "lost_browser" if is_lost else refusal.code
    body = render_template(
        "resident/sign_in_refused.html",
        kind=kind if kind in KNOWN_KINDS else "protocol",
        reason=getattr(refusal, "reason", ""),
        reference=errors.reference(),
        level=level.key if level is not None else None,
        next=next_page.url(resume, fallback="resident.sign_in.sign_in") if resume else "",
    )
    return Response(body, 503 if kind == "provider_down" else 400, mimetype="text/html")
