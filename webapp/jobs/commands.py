"""Commands around the worker: the worker itself, and the sample city it serves."""

from __future__ import annotations

import os
import sys

import click
from flask import Flask
from flask.cli import AppGroup

from webapp.booking import cells
from webapp.jobs import clockwork, doctor, sample_city
from webapp.jobs.identity_commands import identity_group
from webapp.jobs.line_commands import line_group, notices_group
from webapp.jobs.security_commands import audit_group, keys_group
from webapp.web.services import services

city = AppGroup("city", help="The sample city.")


def install(app: Flask) -> None:
    """Register the commands on the app."""
    groups = (city, audit_group, keys_group, identity_group, line_group, notices_group)
    for command in (doctor_command, worker, tick, *groups):
        app.cli.add_command(command)


@click.command("doctor", short_help="Is this installation fit to serve? Ends 1 when not.")
def doctor_command() -> None:
    """Look whether settings, database, files, worker and accounts are fit to serve; ends 1 when not."""
    found = list(doctor.examine(services(), os.environ))
    for one in found:
        click.echo(f"{one.level:5} {one.subject}: {one.words}")
    bad = sum(one.level == "bad" for one in found)
    look = sum(one.level == "look" for one in found)
    click.echo(f"{len(found)} looked at, {bad} to mend, {look} to look at")
    sys.exit(1 if bad else 0)


@click.command("worker", short_help="Run the worker process.")
def worker() -> None:
    """Run the worker: the relay of the outbox and everything that happens on time."""
    from webapp.jobs.worker import main

    main(services())


@click.command("tick", short_help="Run every periodic job whose time has come.")
def tick() -> None:
    """Run every periodic job whose time has come and say which; the worker does this each minute."""
    for name in clockwork.tick(services()):
        click.echo(name)


@city.command("prepare")
def prepare_city() -> None:
    """Bring the schema up to date and load the sample city once."""
    from alembic import command

    mine = services()
    command.upgrade(mine.migrations(), "head")
    with mine.database.transaction() as session:
        cells.sync_cells(session, mine.facilities)
    if mine.settings.is_demo:
        sample_city.load(mine)


@city.command("welcome")
def welcome() -> None:
    """Say where the sample city is and what to try."""
    mine = services()
    base, sample = mine.settings.base_url, sample_city.sample_staff(mine.settings.city_dir)
    width = max(len(account.login) for account in sample.accounts)
    click.echo(f"""
{mine.city.name.ja} is open.

  residents   {base}/
  staff       {base}/staff          password of all sample accounts: {sample.password}""")
    for account in sample.accounts:
        click.echo(f"                {account.login:<{width}}  {account.note}")
    click.echo(f"""  messages    {base}/sandbox/messages   mail and LINE as they arrive
  LINE phone  {base}/sandbox/line
  cards       {base}/sandbox/identity   opened by the sign-in; choose a sample resident there

Try: find 住民票, sign in with a sample card, send it; take it up as staff "shimin", return a field;
correct it as the resident, pay, decide. Ctrl-C ends.
""")
