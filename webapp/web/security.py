"""Headers, CSRF and cross-site checks for every response and every unsafe request."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request
from flask_wtf.csrf import CSRFProtect

from webapp.web import guards, redaction, sessions
from webapp.web.transaction import SAFE_METHODS

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(self), geolocation=(self), publickey-credentials-get=(self), "
        "publickey-credentials-create=(self), "
        "microphone=(), payment=(), usb=(), serial=(), display-capture=()"
    ),
}
MOST_TYPED = 2 * 1024 * 1024
"""Bytes of typed text in one request; files have their own limits."""
HSTS = "max-age=31536000; includeSubDomains"


def csp_nonce() -> str:
    """Return the nonce of this response, for ``<script nonce>``."""
    nonce: str = g.setdefault("csp_nonce", secrets.token_urlsafe(16))
    return nonce


def policy(form_targets: Sequence[str] = ()) -> str:
    """Return this response's Content-Security-Policy; ``form_targets``: origins a POST may redirect to."""
    own = f"'self' 'nonce-{csp_nonce()}'"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {own}",
            f"style-src {own}",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(["form-action 'self'", *form_targets]),
        ]
    )


def install(app: Flask, *, secure: bool, form_targets: Sequence[str] = ()) -> None:
    """Protect the application. ``secure``: reached by https. Call after all blueprints are registered."""
    missing = guards.unguarded(app)
    if missing:
        raise RuntimeError(f"views without a guard: {', '.join(missing)}")
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # the token lives as long as the session: a long phone call
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # checked below, where the guard is known
    app.config["WTF_CSRF_SSL_STRICT"] = False  # phones may send no Referer; Origin is checked instead
    app.config["MAX_FORM_PARTS"] = 3000
    redaction.install()
    if secure:
        # A forged Host must not end in a link of a mail; the balancer's own checks come by address.
        app.config["TRUSTED_HOSTS"] = [_own_host(app), "localhost", "127.0.0.1"]
    app.config["MAX_FORM_MEMORY_SIZE"] = MOST_TYPED
    csrf = CSRFProtect(app)
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.before_request
    def _refuse_oversize_and_nul() -> None:
        if request.mimetype != "multipart/form-data":
            request.max_content_length = (
                MOST_TYPED  # werkzeug's own limit for typed text knows multipart only
            )
        if _holds_nul():
            abort(400)

    @app.before_request
    def _check_unsafe() -> None:
        if request.method in SAFE_METHODS or request.endpoint is None:
            return
        guard = guards.guard_of(app.view_functions[request.endpoint])
        if guard is not None and guard.kind == "callback":
            return
        if is_cross_site():
            abort(403)
        if app.config.get("WTF_CSRF_ENABLED", True):
            csrf.protect()

    @app.after_request
    def _add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy(form_targets))
        if secure:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = _caching()
        return response


def _own_host(app: Flask) -> str:
    return urlsplit(str(app.extensions["madoguchi"].settings.base_url)).netloc


def _holds_nul() -> bool:
    """Tell whether something sent holds U+0000: no keyboard types it, PostgreSQL cannot keep it."""
    if "\0" in request.path:
        return True
    return any(
        "\0" in name or any("\0" in value for value in values) for name, values in request.values.lists()
    )


def is_cross_site() -> bool:
    """Tell whether another site's page sent this request (Fetch metadata, then Origin)."""
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return True
    origin = request.headers.get("Origin")
    if not origin:
        return False
    return urlsplit(origin).netloc.lower() != request.host.lower()


def _caching() -> str:
    guard = guards.guard_of(current_app.view_functions[request.endpoint]) if request.endpoint else None
    is_plain_page = guard is not None and guard.kind == "public" and not sessions.current().signed_in
    return "private, no-cache" if is_plain_page else "no-store"
