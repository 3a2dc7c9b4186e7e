"""What an administrator asks from the command line: is the trail whole, which keys are in use."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from webapp.web.services import services

audit_group = AppGroup("audit", help="The audit trail.")
keys_group = AppGroup("keys", help="The keys of personal answers.")


@audit_group.command("verify")
@click.option("--head", default=None, help="A digest noted earlier that must still be in the chain.")
def verify(head: str | None) -> None:
    """Recompute the chain; ends with 1 when an entry was changed, added, removed or cut off."""
    from webapp import audit

    with services().database.reading() as session:
        verdict = audit.verify(session, known_head=head)
    for complaint in verdict.complaints:
        click.echo(complaint)
    click.echo(f"{verdict.batches} batches, {verdict.entries} entries, {verdict.unsealed} not sealed yet")
    click.echo(f"head {verdict.head}   (note it outside of this machine)")
    sys.exit(1 if verdict.complaints else 0)


@audit_group.command("seal")
def seal() -> None:
    """Seal what is unsealed now, without waiting for the worker."""
    from webapp import audit

    while True:
        with services().database.transaction() as session:
            if audit.seal(session) is None:
                return


@keys_group.command("rotate")
def rotate() -> None:
    """Seal everything anew with the first key of MADOGUCHI_ANSWER_KEYS; may be stopped and started again."""
    from webapp.jobs import rotate_keys

    done = rotate_keys.rotate(services().database)
    with services().database.reading() as session:
        left = rotate_keys.left(session)
    click.echo(f"{done} values sealed anew, {sum(left.values())} left with an older key")
    sys.exit(1 if left else 0)


@keys_group.command("status")
def status() -> None:
    """Say how many values still have an older key, by column."""
    from webapp.jobs import rotate_keys

    with services().database.reading() as session:
        for name, number in rotate_keys.left(session).items():
            click.echo(f"{name}: {number}")
    click.echo("that is all")
