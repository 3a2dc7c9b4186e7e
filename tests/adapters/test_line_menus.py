"""Rich menus: pictures within LINE's limits, given to LINE over real HTTP, as often as one likes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from integrations.line.messaging_api import Channel, MessagingApiLine
from tests.fakes.line_server import State, running
from tests.fakes.line_world import PHONE, LineWorld, line_world
from webapp.chat import rich_menu
from webapp.chat.words import MENU
from webapp.jobs import commands
from webapp.messaging.line_menu import alias_of
from webapp.messaging.models import LineAccount
from webapp.ports.line import LineRefused, LineUnavailable
from webapp.yaml_source import LANGS, Lang


def png(colour: str = "white") -> bytes:
    out = BytesIO()
    Image.new("RGB", (rich_menu.WIDTH, rich_menu.HEIGHT), colour).save(out, "PNG")
    return out.getvalue()


WHITE = png()


@pytest.fixture
def fake() -> Iterator[tuple[str, State]]:
    with running() as started:
        yield started


@pytest.fixture
def line(fake: tuple[str, State]) -> MessagingApiLine:
    url, state = fake
    return MessagingApiLine(Channel(state.token, url, url, connect_s=1.0, read_s=2.0))


def put(line: MessagingApiLine, lang: Lang = "ja", image: bytes = WHITE) -> bool:
    return line.install_menu(alias_of(lang), rich_menu.definition(lang, image), image)


@pytest.mark.parametrize("lang", LANGS)
def test_every_entry_of_the_talk_and_the_other_languages_can_be_tapped(lang: Lang) -> None:
    taps = [tile.data for tile in rich_menu.tiles(lang)]
    assert taps == [f"do={name}" for name in MENU] + [f"lang={other}" for other in LANGS if other != lang]
    covered = sum(tile.width * tile.height for tile in rich_menu.tiles(lang))
    assert covered == rich_menu.WIDTH * rich_menu.HEIGHT


def test_a_menu_that_line_would_refuse_is_named_before_it_is_sent() -> None:
    menu = rich_menu.definition("ja", WHITE)
    assert rich_menu.complaints(menu, WHITE) == []
    small = BytesIO()
    Image.new("RGB", (10, 10)).save(small, "GIF")
    assert rich_menu.complaints(menu, small.getvalue()) == [
        "image is PNG or JPEG",
        "image has the menu's size",
    ]
    outside = {**menu["areas"][0], "bounds": {"x": 2400, "y": 0, "width": 200, "height": 10}}
    bad: dict[str, Any] = {**menu, "chatBarText": "あ" * 15, "areas": [outside] * 21}
    assert rich_menu.complaints(bad, WHITE) == [
        "chatBarText has at most 14 characters",
        "there are 1 to 20 areas",
        "every area lies inside",
    ]


def test_a_menu_is_made_once_and_a_changed_one_takes_its_place(
    line: MessagingApiLine, fake: tuple[str, State]
) -> None:
    menus = fake[1].menus
    assert put(line) is True
    assert put(line) is False
    assert len(menus.menus) == 1
    first = menus.aliases["madoguchi-ja"]
    assert put(line, image=png("black")) is True
    assert list(menus.menus) == [menus.aliases["madoguchi-ja"]] != [first]


def test_a_run_that_broke_off_is_mended_by_the_next(line: MessagingApiLine, fake: tuple[str, State]) -> None:
    menus = fake[1].menus
    menu = rich_menu.definition("ja", WHITE)
    with pytest.raises(LineRefused):
        line.install_menu(alias_of("ja"), menu, b"no picture")
    assert len(menus.menus) == 1 and not menus.aliases
    assert put(line) is True
    assert list(menus.menus) == [menus.aliases["madoguchi-ja"]]


def test_everyone_sees_the_default_and_some_their_own(
    line: MessagingApiLine, fake: tuple[str, State]
) -> None:
    menus = fake[1].menus
    for lang in LANGS:
        put(line, lang)
    line.show_menu(None, alias_of("ja"))
    line.show_menu(["U1", "U2"], alias_of("en"))
    line.show_menu(["U3"], alias_of("easy"))
    assert [menus.sees(user).split()[0] for user in ("U0", "U1", "U2", "U3")] == [
        "madoguchi-ja", "madoguchi-en", "madoguchi-en", "madoguchi-easy",
    ]  # fmt: skip
    with pytest.raises(LineRefused, match="no menu"):
        line.show_menu(["U1"], "madoguchi-fr")
    with pytest.raises(LineUnavailable):
        MessagingApiLine(Channel("t", "http://127.0.0.1:9", connect_s=0.5)).show_menu(["U1"], "x")


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[LineWorld]:
    made = line_world(database_url, tmp_path)
    commands.install(made.app)
    yield made
    made.services.database.dispose()


def run(world: LineWorld, *args: str) -> str:
    result = world.app.test_cli_runner().invoke(args=["line", "richmenu", *args])
    return f"{result.exit_code} {result.output}"


def test_the_command_draws_and_gives_a_menu_for_each_language(
    world: LineWorld, line: MessagingApiLine, fake: tuple[str, State], tmp_path: Path
) -> None:
    world.app.extensions["madoguchi"] = replace(world.services, line=line)
    with world.services.database.transaction() as session:
        session.add(LineAccount(user_id="Uenglish", lang="en", state={}))
    said = run(world)
    assert said.startswith("0 madoguchi-ja: new")
    assert "madoguchi-en: new" in said and "shown to 1 phones" in said
    assert run(world).count("unchanged") == 3
    assert fake[1].menus.sees("Uenglish").startswith("madoguchi-en")
    assert fake[1].menus.sees("Usomebody").startswith("madoguchi-ja")
    assert "nothing was sent" in run(world, "--out", str(tmp_path / "menus"))
    assert len(list((tmp_path / "menus").iterdir())) == 2 * len(LANGS)
    for image in fake[1].menus.images.values():
        assert len(image) <= rich_menu.LARGEST_IMAGE
    world.app.extensions["madoguchi"] = replace(world.services, line=None)
    assert run(world).startswith("1 ") and "MADOGUCHI_LINE" in run(world)


def test_choosing_a_language_in_the_talk_changes_the_menu_of_this_phone(world: LineWorld) -> None:
    for lang in LANGS:
        world.line.install_menu(alias_of(lang), rich_menu.definition(lang, WHITE), WHITE)
    world.tap("lang=en")
    with world.line.open() as db:
        assert dict(db.execute("SELECT user_id, menu FROM phone").fetchall())[PHONE] == "madoguchi-en"
    world.tap("lang=ja")
    with world.line.open() as db:
        assert dict(db.execute("SELECT user_id, menu FROM phone").fetchall())[PHONE] == "madoguchi-ja"
