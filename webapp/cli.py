"""The application's own commands: ``flask --app wsgi NAME`` (``python3 dev.py flask NAME``)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask
from flask.cli import AppGroup

if TYPE_CHECKING:
    from alembic.config import Config

    from webapp.wiring import Services

ROOT = Path(__file__).resolve().parent.parent

database = AppGroup("db", help="The database's schema.")
forms = AppGroup("forms", help="Procedures as data.")
facilities = AppGroup("facilities", help="Facilities as data.")
city = AppGroup("city", help="The sample city.")
staff = AppGroup("staff", help="Staff accounts.")


def install(app: Flask) -> None:
    """Register the commands on the app."""
    from webapp.jobs.security_commands import audit_group, keys_group

    for group in (database, forms, facilities, city, staff, audit_group, keys_group):
        app.cli.add_command(group)
    app.cli.add_command(worker)


def _services() -> Services:
    from webapp.web.services import services

    return services()


# -- schema -----------------------------------------------------------------------------------


def alembic_config(services: Services) -> Config:
    """Alembic's configuration for these services; no file is read."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["engine"] = services.database.engine
    return config


@database.command("upgrade")
def upgrade() -> None:
    """Bring the schema to this version's state."""
    from alembic import command

    command.upgrade(alembic_config(_services()), "head")


@database.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the schema back to REVISION."""
    from alembic import command

    command.downgrade(alembic_config(_services()), revision)


@database.command("check")
def check() -> None:
    """Fail when the models and the schema differ."""
    from alembic import command

    command.check(alembic_config(_services()))


# -- the sample city --------------------------------------------------------------------------


@city.command("prepare")
def prepare_city() -> None:
    """Bring the schema up to date and load the sample city once."""
    from alembic import command

    from webapp.jobs import sample_city

    services = _services()
    command.upgrade(alembic_config(services), "head")
    if services.settings.is_demo:
        sample_city.load(services)


@city.command("welcome")
def welcome() -> None:
    """Say where the sample city is and what to try."""
    from webapp.jobs import sample_city

    services = _services()
    base, sample = services.settings.base_url, sample_city.sample_staff(services.settings.city_dir)
    width = max(len(account.login) for account in sample.accounts)
    print(f"""
{services.city.name.ja} is open.

  residents   {base}/
  staff       {base}/staff          password of all sample accounts: {sample.password}""")
    for account in sample.accounts:
        print(f"                {account.login:<{width}}  {account.note}")
    print(f"""  messages    {base}/sandbox/messages   mail and LINE as they arrive
  LINE phone  {base}/sandbox/line
  cards       {base}/sandbox/identity   opened by the sign-in; choose a sample resident there

Try: find 住民票, sign in with a sample card, send it; take it up as staff "shimin", return a field;
correct it as the resident, pay, decide. Ctrl-C ends.
""", flush=True)


# -- staff accounts -----------------------------------------------------------------------------


@staff.command("create-first")
@click.option("--login", prompt="職員ID")
@click.option("--name", prompt="氏名")
@click.option("--department", prompt="課 (city.yaml のキー)")
@click.password_option(prompt="パスワード (15文字以上)")
def create_first(login: str, name: str, department: str, password: str) -> None:
    """Make the first staff account, an administrator; refuses when there is one."""
    from webapp.errors import MadoguchiError
    from webapp.identity import staff_accounts

    services = _services()
    if department not in services.city.departments:
        known = ", ".join(services.city.departments)
        raise click.ClickException(f"{department!r} is not in city.yaml: {known}")
    try:
        with services.database.transaction() as session:
            staff_accounts.create_first(
                session, login=login, name=name, department=department, password=password
            )
    except MadoguchiError as error:
        raise click.ClickException(error.say or str(error)) from error
    print(f"{login} can sign in at {services.settings.base_url}/staff")


# -- data files -------------------------------------------------------------------------------


@forms.command("check")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, path_type=Path))
def check_forms(folders: tuple[Path, ...]) -> None:
    """Report every error of all procedures at once, run their cases, walk their branches."""
    from webapp import clock
    from webapp.form_engine.report import run

    settings = _services().settings
    own = settings.city_dir / "forms"
    chosen = list(folders) or [settings.forms_dir, *([own] if own.is_dir() else [])]
    sys.exit(run(chosen, sys.stdout, today=clock.today()))


@forms.command("publish")
@click.option("--really", is_flag=True, help="Publish; without it only the effect is shown.")
@click.option("--only", help="The slug of one procedure.")
@click.option("--explain", default="", help="A sentence for people whose draft is under way.")
@click.option("--closes-old", is_flag=True, help="Drafts on earlier versions can no longer be sent.")
def publish_forms(really: bool, only: str | None, explain: str, closes_old: bool) -> None:
    """Show what new versions do to the drafts under way, and publish them."""
    from webapp import clock
    from webapp.audit import SYSTEM
    from webapp.calendar.business import city_hall
    from webapp.form_engine.outcome import Context
    from webapp.intake import publishing

    services = _services()
    now = clock.tokyo(clock.now())
    context = Context(today=now.date(), now=now, calendar=city_hall(services.city.holidays))
    with services.database.transaction() as session:
        for definition in services.library.procedures():
            live = publishing.live(session, definition.slug)
            if only not in (None, definition.slug) or (live and live.version == definition.version):
                continue
            print("\n".join(publishing.effect(session, definition, context).lines()))
            if really:
                text = {"ja": explain} if explain else {}
                publishing.publish(
                    session, definition, SYSTEM, context, explanation=text, closes_old=closes_old
                )


@facilities.command("check")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, path_type=Path))
def check_facilities(folders: tuple[Path, ...]) -> None:
    """Prove all facility files and run their worked cases."""
    from webapp.booking.check import run

    sys.exit(run(list(folders) or [_services().settings.city_dir / "facilities"], sys.stdout))


# -- worker -----------------------------------------------------------------------------------


@click.command("worker")
def worker() -> None:
    """Run the worker: the relay of the outbox and everything that happens on time."""
    from webapp.jobs.worker import main

    main(_services())
