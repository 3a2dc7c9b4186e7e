"""A small counter with the screens of identity only, the real sandbox behind them, on a real port."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import TestResponse

from integrations.catalogue import Ground
from integrations.identity import sandbox
from webapp import clock
from webapp.booking.facility import Facilities
from webapp.city import City, load_city
from webapp.db import Database
from webapp.form_engine.load import Library
from webapp.settings import ROOT, Settings
from webapp.web import (
    compiled_templates,
    display,
    errors,
    filters,
    guards,
    languages,
    security,
    sessions,
    transaction,
)

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Counter:
    """The running parts, and what a browser does with them."""

    app: Flask
    database: Database
    server: BaseWSGIServer

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def stop(self) -> None:
        self.server.shutdown()


def build(database: Database, folder: Path) -> Counter:
    """Build the app; the identity plug's back channel goes over a socket, as it does in the dev server."""
    app = Flask("webapp", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "webapp/static"))
    server = make_server("127.0.0.1", 0, lambda e, s: app.wsgi_app(e, s), threaded=True)
    base = f"http://127.0.0.1:{server.server_port}"
    settings = replace(Settings(), base_url=base, internal_url=base, data_dir=folder)
    plug = sandbox.build_plug(base_url=base, internal_url=base, folder=folder)
    ground = Ground({}, base, base, folder.parent, "test", clock.now)
    app.extensions["madoguchi"] = SimpleNamespace(
        settings=settings,
        database=database,
        city=_city(),
        identity={plug.id: plug, "openid": sandbox.build_group(ground)},
        staff_identity=sandbox.build_staff(ground),
        mail=None,
        facilities=Facilities(),
        library=Library({}),
    )
    app.secret_key = "test"
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    compiled_templates.install(app, Settings.cache_dir)
    sessions.install(app, secure=False)
    transaction.install(app)
    languages.install(app)
    filters.install(app)
    display.install(app)
    errors.install(app)
    _register(app)
    security.install(app, secure=False)
    simulator = sandbox.build_simulator(base_url=base, folder=folder)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {sandbox.MOUNT: simulator})  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return Counter(app, database, server)


@lru_cache(maxsize=1)
def _city() -> City:
    return load_city(ROOT / "demo")


def token_of(page: TestResponse) -> str:
    """Return the CSRF token of a page."""
    found = TOKEN.search(page.text)
    assert found, page.text[:500]
    return found[1]


def post(
    client: FlaskClient, form_page: str, target: str, data: dict[str, Any] | None = None
) -> TestResponse:
    """Open a page, then send its form with the token of that page."""
    token = token_of(client.get(form_page))
    return client.post(target, data={"csrf_token": token, **(data or {})})


def sign_in_by_card(
    client: FlaskClient, card: str = "hanako", *, outcome: str = "normal", next_path: str = ""
) -> TestResponse:
    """Walk through the simulator as a browser does; return the answer of our callback."""
    return client.get(callback_address(client, card, outcome=outcome, next_path=next_path))


def callback_address(
    client: FlaskClient,
    card: str = "hanako",
    *,
    outcome: str = "normal",
    next_path: str = "",
    fault: str = "",
) -> str:
    """Walk to the point where the simulator sends the browser back; return that address."""
    start = post(client, "/sign-in", "/sign-in/card", {"next": next_path, "level": "card"})
    assert start.status_code == 303, start.text
    page = client.get(start.headers["Location"])
    transaction_id = re.search(r'name="transaction" value="([^"]+)"', page.text)
    action = re.search(r'action="([^"]+)"', page.text)
    assert transaction_id
    assert action
    chosen = client.post(
        action[1], data={"transaction": transaction_id[1], "card": card, "outcome": outcome, "fault": fault}
    )
    back = urlsplit(chosen.headers["Location"])
    return f"{back.path}?{back.query}"


def _register(app: Flask) -> None:
    from webapp.resident import account, line, mandates, pay, sign_in, sign_in_link, sign_in_mail, topics
    from webapp.staff import accounts, factors, invitation, second_factor, single_sign_on
    from webapp.staff import sign_in as staff_sign_in

    resident = Blueprint("resident", __name__)
    staff = Blueprint("staff", __name__, url_prefix="/staff")
    # the account's page links to the last four: a link without its page is an error
    for module in (sign_in, sign_in_link, sign_in_mail, account, mandates, topics, line, pay):
        resident.register_blueprint(module.blueprint)
    for module in (staff_sign_in, single_sign_on, second_factor, factors, invitation, accounts):
        staff.register_blueprint(module.blueprint)
    resident.register_blueprint(_my())
    staff.register_blueprint(_inbox())
    app.register_blueprint(resident)
    app.register_blueprint(staff)


def plain(text: str) -> Response:
    return Response(text, mimetype="text/plain")


def _my() -> Blueprint:
    my = Blueprint("my", __name__)

    @my.get("/my")
    @guards.resident_required
    def overview() -> Response:
        return plain(f"わたしの手続き {guards.current_level().key}")

    @my.post("/my/note")
    @guards.resident_required
    def note() -> Response:
        return plain("書いた内容：" + request.form["text"])

    @my.post("/echo")
    @guards.visitor_or_resident
    def echo() -> Response:
        return plain("受け取った内容：" + "、".join(request.form.getlist("text")))

    @my.get("/broken")
    @guards.public
    def broken() -> str:
        raise RuntimeError("meant")

    return my


def _inbox() -> Blueprint:
    inbox = Blueprint("inbox", __name__)

    @inbox.get("/")
    @guards.staff_required("staff.home")
    def home() -> Response:
        return plain("受付箱")

    @inbox.post("/note")
    @guards.staff_required("case.work")
    def note() -> Response:
        return plain("メモ：" + request.form["text"])

    return inbox
