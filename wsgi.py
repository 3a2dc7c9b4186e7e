"""Composition root: settings and plugs become one WSGI application. The only file that imports both sides."""

from __future__ import annotations

from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from integrations import catalogue
from integrations.builders import sandbox_applications
from webapp import cli, clock, memory, parsed_files, wiring
from webapp.app import create_app
from webapp.jobs import commands
from webapp.settings import Settings


def plugs(settings: Settings, ground: catalogue.Ground) -> wiring.Plugs:
    """Build the plugs the settings name; several names, divided by commas, where a socket takes several."""

    def one(socket: str, name: str) -> Any:
        return catalogue.build(socket, name, ground)

    def several(socket: str, names: str) -> dict[str, Any]:
        return {name: one(socket, name) for name in names.split(",") if name != catalogue.OFF}

    payment = {**several("payment", settings.payment_plug), "counter": one("payment", "counter")}
    identity = several("identity", settings.identity_plug).values()
    line = one("line", settings.line_plug)
    leading_away = [*payment.values(), *identity, getattr(line, "login", None)]
    origins = {origin for port in leading_away for origin in getattr(port, "page_origins", ())}
    staff_identity = one("staff_identity", settings.staff_identity_plug)
    for plug in (*identity, *filter(None, [staff_identity])):
        origins |= set(plug.page_origins)
    return wiring.Plugs(
        identity={plug.id: plug for plug in identity},
        staff_identity=staff_identity,
        payment=payment,
        form_targets=tuple(sorted(origins)),
        storage=one("storage", settings.storage_plug),
        scanner=one("scanner", settings.scanner_plug),
        mail=one("mail", settings.mail_plug),
        line=line,
    )


settings = Settings.from_environment()
parsed_files.remember_in(settings.cache_dir)
ground = catalogue.Ground(
    options=settings.plug_options,
    base_url=settings.base_url,
    internal_url=settings.internal_url,
    data_dir=settings.data_dir,
    secret=settings.secret_key,
    now=clock.now,
)
chosen = plugs(settings, ground)
services = wiring.build(settings, chosen)
app = create_app(services)
cli.install(app)
commands.install(app)
if settings.is_demo:
    doors = sandbox_applications(
        ground, mail=chosen.mail, line=chosen.line, payment=chosen.payment.get("sandbox")
    )
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, doors)  # type: ignore[method-assign]
memory.settle()
