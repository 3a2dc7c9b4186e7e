"""What an engineer asks of LINE from the command line, and the door for mail that starts a notice."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from webapp.errors import Forbidden, InvalidInput
from webapp.messaging import prepared, triggers
from webapp.ports.line import LinePort, LineRefused, LineUnavailable
from webapp.web.services import services
from webapp.yaml_source import LANGS, Lang

line_group = AppGroup("line", help="The LINE official account.")
notices_group = AppGroup("notices", help="Notices to many.")
MOST_AT_ONCE = 500
REFUSED = 65
LATER = 75
"""Exit codes as mail servers know them (sysexits: EX_DATAERR, EX_TEMPFAIL)."""


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


@notices_group.command("mail")
def take_mail() -> None:
    """Read one mail from standard input and start the prepared notice it names, if it is signed.

    For a mail server's pipe. Ends with 65 when the mail is refused, 75 when it should be tried again.
    """
    keys = triggers.keys_of(services().settings.plug_options.get("notice_key", ""))
    raw = sys.stdin.buffer.read(triggers.LARGEST + 1)
    try:
        if not keys or len(raw) > triggers.LARGEST:
            raise Forbidden("no key is set" if not keys else "too large")
        call = triggers.check_mail(raw, keys)
        with services().database.transaction() as session:
            known = prepared.load(services().settings.city_dir)
            number = triggers.start(session, call, known, services().city).id
    except (Forbidden, InvalidInput) as error:
        click.echo(f"refused: {error}", err=True)
        sys.exit(REFUSED)
    except DBAPIError as error:
        click.echo(f"later: {type(error).__name__}", err=True)
        sys.exit(LATER)
    click.echo(f"broadcast {number}")


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
