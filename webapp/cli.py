"""The application's own commands: ``flask --app wsgi NAME`` (``python3 dev.py flask NAME``)."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask
from flask.cli import AppGroup

if TYPE_CHECKING:
    from webapp.wiring import Services

database = AppGroup("db", help="The database's schema.")
forms = AppGroup("forms", help="Procedures as data.")
facilities = AppGroup("facilities", help="Facilities as data.")
staff = AppGroup("staff", help="Staff accounts.")
payment = AppGroup("payment", help="The ledger.")


def install(app: Flask) -> None:
    """Register the commands on the app."""
    for group in (database, forms, facilities, staff, payment):
        app.cli.add_command(group)


def _services() -> Services:
    from webapp.web.services import services

    return services()


# -- the ledger -------------------------------------------------------------------------------


@payment.command("check")
def check_ledger() -> None:
    """Count every charge from its rows: lines = settled - refunded + waived + open. Ends 1 on a fault."""
    from webapp.payment import ledger

    with _services().database.reading() as session:
        balance = ledger.check(session)
    for fault in balance.faults:
        print(fault)
    print(
        f"{balance.charges} charges: lines {balance.lines_yen} = settled {balance.settled_yen}"
        f" - refunded {balance.refunded_yen} + waived {balance.waived_yen} + open {balance.open_yen} yen,"
        f" parked {balance.parked_yen}, {len(balance.faults)} faults"
    )
    sys.exit(0 if balance.sound else 1)


@payment.command("reconcile")
def reconcile_now() -> None:
    """Ask the providers about everything that is not known to be finished."""
    from webapp.payment import reconcile

    services = _services()
    transaction = services.database.transaction
    print(reconcile.run(transaction, services.payment, services.settle_handlers, everything=True))


# -- schema -----------------------------------------------------------------------------------


@database.command("upgrade")
def upgrade() -> None:
    """Bring the schema to this version's state, and the cells of the facilities to their files' state."""
    from alembic import command

    from webapp.booking import cells

    mine = _services()
    command.upgrade(mine.migrations(), "head")
    with mine.database.transaction() as session:
        cells.sync_cells(session, mine.facilities)


@database.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the schema back to REVISION."""
    from alembic import command

    command.downgrade(_services().migrations(), revision)


@database.command("check")
def check() -> None:
    """Fail when the models and the schema differ."""
    from alembic import command

    command.check(_services().migrations())


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
    from webapp.applications import process_cases
    from webapp.form_engine.report import run

    settings, city = _services().settings, _services().city
    own = settings.city_dir / "forms"
    chosen = list(folders) or [settings.forms_dir, *([own] if own.is_dir() else [])]
    with process_cases.stage() as database:
        played = partial(process_cases.complaints, database, city)
        sys.exit(run(chosen, sys.stdout, today=clock.today(), processes=played))


@forms.command("page")
def write_page() -> None:
    """Write docs/procedures.md again."""
    from webapp.form_engine.procedures_page import page

    settings = _services().settings
    file = settings.forms_dir.parent / "docs" / "procedures.md"
    file.write_text(page([settings.forms_dir]), encoding="utf-8")
    print(file)


@forms.command("schema")
def write_schema() -> None:
    """Write forms/form.schema.json again, from the models."""
    from webapp.form_engine import schema

    print(schema.write(_services().settings.forms_dir))


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
