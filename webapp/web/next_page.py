"""Where to go on after sign-in: only pages of this very site, kept as an endpoint with its arguments."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect


def parse(wish: str | None, *, side: str) -> dict[str, Any] | None:
    """Return ``{"endpoint", "args", "query"}`` of a local path that a GET may open, or None.

    ``//host``, ``/\\host``, schemes, control characters and pages of the other side give None.
    """
    if not wish or not wish.startswith("/") or len(wish) > 2000:
        return None
    if wish.startswith("//") or "\\" in wish or any(ord(c) < 0x20 or ord(c) == 0x7F for c in wish):
        return None
    parts = urlsplit(wish)
    if parts.scheme or parts.netloc:
        return None
    try:
        routes = current_app.url_map.bind(request.host)
        endpoint, args = routes.match(parts.path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    if not str(endpoint).startswith(f"{side}."):
        return None
    return {"endpoint": endpoint, "args": dict(args), "query": parse_qsl(parts.query)}


def url(resume: dict[str, Any] | None, *, fallback: str) -> str:
    """Return the local address of what ``parse`` gave."""
    if not resume:
        return url_for(fallback)
    query: dict[str, Any] = {}
    for name, value in resume["query"]:
        query.setdefault(name, []).append(value)
    for name in set(query) & set(resume["args"]):
        del query[name]  # a query cannot replace a part of the path
    return url_for(resume["endpoint"], **resume["args"], **query)
