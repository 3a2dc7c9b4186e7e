"""What an engineer asks of LINE from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from webapp.ports.line import LinePort, LineRefused, LineUnavailable
from webapp.web.services import services
from webapp.yaml_source import LANGS, Lang

line_group = AppGroup("line", help="The LINE official account.")
MOST_AT_ONCE = 500


@line_group.command("richmenu")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write pictures and JSON into this folder instead of sending them.",
)
def richmenu(out: Path | None) -> None:
    """Make the rich menu of every language and give it to LINE; running it again changes nothing."""
    made = {lang: _make(lang) for lang in LANGS}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for lang, (menu, image) in made.items():
            (out / f"richmenu-{lang}.png").write_bytes(image)
            (out / f"richmenu-{lang}.json").write_text(json.dumps(menu, ensure_ascii=False, indent=1))
        click.echo(f"{len(made)} menus in {out}; nothing was sent")
        return
    line = services().line
    if line is None:
        raise click.ClickException("LINE is switched off: set MADOGUCHI_LINE")
    try:
        for lang, (menu, image) in made.items():
            click.echo(_install(line, lang, menu, image))
    except (LineRefused, LineUnavailable) as error:
        raise click.ClickException(f"LINE did not take it ({error}); run it again") from error


def _make(lang: Lang) -> tuple[dict[str, Any], bytes]:
    from webapp.chat import rich_menu

    image = rich_menu.picture(lang)
    menu = rich_menu.definition(lang, image)
    if faults := rich_menu.complaints(menu, image):
        raise click.ClickException(f"{lang}: broken rules: {'; '.join(faults)}")
    return menu, image


def _install(line: LinePort, lang: Lang, menu: dict[str, Any], image: bytes) -> str:
    from webapp.messaging import line_menu

    alias = line_menu.alias_of(lang)
    is_new = line.install_menu(alias, menu, image)
    if lang == line_menu.DEFAULT:
        line.show_menu(None, alias)
    with services().database.reading() as session:
        users = [] if lang == line_menu.DEFAULT else list(line_menu.readers(session, lang))
    for start in range(0, len(users), MOST_AT_ONCE):
        line.show_menu(users[start : start + MOST_AT_ONCE], alias)
    shown = "everyone else" if lang == line_menu.DEFAULT else f"{len(users)} phones"
    return f"{alias}: {'new' if is_new else 'unchanged'}, {len(image):,} bytes, shown to {shown}"
