"""The sample city as it is, inside this process: all procedures, facilities, sandboxes and accounts."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from integrations import catalogue
from webapp import clock, wiring
from webapp.app import create_app
from webapp.jobs import sample_city
from webapp.settings import Settings


def whole_city(database_url: str, folder: Path, **settings: str) -> Flask:
    """The application of the sample city on a migrated database; ``folder`` holds its files."""
    chosen = Settings(database_url=database_url, data_dir=folder, base_url="http://localhost", **settings)  # type: ignore[arg-type]
    ground = catalogue.Ground(
        options={},
        base_url=chosen.base_url,
        internal_url=chosen.base_url,
        data_dir=folder,
        secret=chosen.secret_key,
        now=clock.now,
    )
    plugs = wiring.Plugs(
        identity={"cardsim": catalogue.build("identity", "sandbox", ground)},
        payment={name: catalogue.build("payment", name, ground) for name in ("sandbox", "counter")},
        storage=catalogue.build("storage", "folder", ground),
        scanner=catalogue.build("scanner", "sandbox", ground),
        mail=catalogue.build("mail", "sandbox", ground),
        line=catalogue.build("line", "sandbox", ground),
        staff_identity=catalogue.build("staff_identity", "sandbox", ground),
    )
    services = wiring.build(chosen, plugs)
    sample_city.load(services)
    return create_app(services)
