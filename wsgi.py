"""Composition root: settings and plugs become one WSGI application. The only file that imports both sides."""

from __future__ import annotations

from typing import Any

from click import ClickException
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from integrations import catalogue
from integrations.builders import sandbox_applications
from webapp import cli, clock, memory, parsed_files, wiring
from webapp.app import create_app
from webapp.jobs import commands
from webapp.settings import BadSettings, Settings


def plugs(settings: Settings, ground: catalogue.Ground) -> wiring.Plugs:
    """Build the plugs the settings name; several names, divided by commas, where a socket takes several."""

    def one(socket: str, name: str) -> Any:
        try:
            return catalogue.build(socket, name, ground)
        except catalogue.UnknownPlug as unknown:
            raise BadSettings([f"MADOGUCHI_{socket.upper()}: {unknown}"]) from None
        except KeyError as missing:
            needed = f"MADOGUCHI_{str(missing.args[0]).upper()}"
            raise BadSettings([f"{needed} is missing: the {socket} plug {name!r} needs it"]) from None

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


def on_the_ground(settings: Settings) -> catalogue.Ground:
    """What the plugs stand on."""
    return catalogue.Ground(
        options=settings.plug_options,
        base_url=settings.base_url,
        internal_url=settings.internal_url,
        data_dir=settings.data_dir,
        secret=settings.secret_key,
        now=clock.now,
    )


try:
    settings = Settings.from_environment()
    ground = on_the_ground(settings)
    chosen = plugs(settings, ground)
except BadSettings as bad:
    # The command line shows this as it is; gunicorn stops on any exception.
    raise ClickException("\n  - ".join(["madoguchi does not start:", *bad.complaints])) from None
parsed_files.remember_in(settings.cache_dir)
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
