"""The application factory: one Flask app out of what ``wiring`` built."""

from __future__ import annotations

import importlib
import pkgutil

from flask import Blueprint, Flask
from werkzeug.routing import IntegerConverter, Map

import webapp.callbacks
import webapp.resident
import webapp.staff
from webapp.web import (
    addresses,
    compiled_templates,
    display,
    errors,
    filters,
    foreign,
    languages,
    maintenance,
    ruby,
    security,
    sessions,
    transaction,
    words,
)
from webapp.wiring import Services

SIDES = {
    "resident": (webapp.resident, None),
    "staff": (webapp.staff, "/staff"),
    "callbacks": (webapp.callbacks, "/callbacks"),
}
MOST_IN_ONE_REQUEST = 64 * 1024 * 1024
"""Bytes of all files of one request together; each file question has its own limit."""


class RowNumber(IntegerConverter):
    """``<int:…>`` of an address, the key of a row: a longer number belongs to nothing (404)."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


def create_app(services: Services) -> Flask:
    """Build the app. Raises RuntimeError when a view has no guard."""
    app = Flask("webapp", template_folder="../templates", static_folder="static")
    app.secret_key = services.settings.secret_key
    app.extensions["madoguchi"] = services
    app.config["MAX_CONTENT_LENGTH"] = MOST_IN_ONE_REQUEST
    app.url_map.converters["int"] = RowNumber
    app.jinja_environment = compiled_templates.OneSetOfGlobals
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    compiled_templates.install(app, services.settings.cache_dir)
    secure = services.settings.base_url.startswith("https://")
    if services.settings.trusted_proxies:
        _trust_proxies(app, services.settings.trusted_proxies)
    sessions.install(app, secure=secure)
    transaction.install(app)
    languages.install(app)
    ruby.install(app)
    foreign.install(app)
    words.install(app)
    filters.install(app)
    addresses.install(app)
    display.install(app)
    errors.install(app)
    maintenance.install(app)
    for side, (package, prefix) in SIDES.items():
        app.register_blueprint(_side(side, package.__path__[0], prefix))
    security.install(app, secure=secure, form_targets=services.form_targets)
    return app


def _side(name: str, folder: str, prefix: str | None) -> Blueprint:
    """One parent blueprint with a child for each module, so that endpoints read ``resident.book.confirm``."""
    parent = Blueprint(name, f"webapp.{name}", url_prefix=prefix)
    for module in sorted(pkgutil.iter_modules([folder]), key=lambda m: m.name):
        child = getattr(importlib.import_module(f"webapp.{name}.{module.name}"), "blueprint", None)
        if child is not None:
            parent.register_blueprint(child)
    return parent


def _trust_proxies(app: Flask, count: int) -> None:
    from werkzeug.middleware.proxy_fix import ProxyFix

    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
