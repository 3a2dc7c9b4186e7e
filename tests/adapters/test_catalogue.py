"""Every plug that the catalogue names can be built."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations import catalogue
from integrations.line.messaging_api import MessagingApiLine

NAMED = [(socket, name) for socket, plugs in catalogue.BUILT_IN.items() for name in plugs]


def ground(folder: Path, **options: str) -> catalogue.Ground:
    base = "http://localhost:8000"
    return catalogue.Ground(options, base, base, folder, "x" * 32, lambda: datetime.now(UTC))


@pytest.mark.parametrize(("socket", "name"), NAMED)
def test_every_named_plug_leads_to_a_function(socket: str, name: str) -> None:
    assert callable(catalogue.find(socket, name))


def test_line_is_built_from_its_variables(tmp_path: Path) -> None:
    options = {"line_token": "t", "line_secret": "new,old"}
    plug = catalogue.build("line", "messaging_api", ground(tmp_path, **options))
    assert isinstance(plug, MessagingApiLine)
    assert plug.webhook_secrets == ("new", "old")
    assert plug.login is None
    both = {**options, "line_login_channel": "1", "line_login_secret": "s"}
    assert catalogue.build("line", "messaging_api", ground(tmp_path, **both)).login is not None


def test_off_is_nothing_and_an_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    assert catalogue.build("line", "off", ground(tmp_path)) is None
    with pytest.raises(catalogue.UnknownPlug, match="messaging_api, sandbox"):
        catalogue.build("line", "nosuch", ground(tmp_path))
