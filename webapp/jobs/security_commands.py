"""What an administrator asks from the command line: is the trail whole, which keys are in use."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import IO

import click
from flask.cli import AppGroup

from webapp import clock
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


@audit_group.command("alarms")
@click.option("--hours", default=24, show_default=True, help="How far to look back.")
def alarms(hours: int) -> None:
    """For the city's monitor: ends with 1 when something is worth attention, or the chain is broken."""
    from webapp import audit
    from webapp.jobs.alarms import look

    with services().database.reading() as session:
        seen = look(session, clock.now() - timedelta(hours=hours))
        broken = audit.verify(session).complaints
    for one in seen:
        mark = "ALARM" if one.rings else "ok"
        click.echo(f"{mark:5} {one.alarm.label}: {one.count} (from {one.alarm.at_least} on)")
    click.echo(f"{'ALARM' if broken else 'ok':5} chain of the trail: {'; '.join(broken) or 'whole'}")
    sys.exit(1 if broken or any(one.rings for one in seen) else 0)


@audit_group.command("incident")
@click.option("--staff", "login", required=True, help="The account that was misused.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First day (Asia/Tokyo).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Last day (Asia/Tokyo).")
def incident(login: str, since: datetime, until: datetime) -> None:
    """Print the time line of an account as CSV, and how many cases and residents it reached."""
    from webapp.identity import staff_sign_in
    from webapp.jobs.alarms import touched_by

    first, last = (moment.replace(tzinfo=clock.TOKYO) for moment in (since, until + timedelta(days=1)))
    with services().database.reading() as session:
        staff = staff_sign_in.find(session, login)
        if staff is None:
            raise click.ClickException(f"no account {login}")
        lines = list(touched_by(session, staff.id, first, last))
    writer = csv.writer(sys.stdout)
    writer.writerow(["at", "action", "object", "case", "resident"])
    for one in lines:
        at = clock.tokyo(one.at).isoformat(timespec="seconds")
        writer.writerow([at, one.action, one.what, one.reference, one.resident_id or ""])
    cases, residents = {one.reference for one in lines} - {""}, {one.resident_id for one in lines} - {None}
    click.echo(f"{len(lines)} lines, {len(cases)} cases, {len(residents)} residents", err=True)


@audit_group.command("taken-away")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Day of the backup.")
def taken_away(since: datetime) -> None:
    """Print what was taken away since a backup: run it nightly, keep the file apart from the backup."""
    from webapp.jobs import after_restore

    with services().database.reading() as session:
        for line in after_restore.lines(session, since.replace(tzinfo=clock.TOKYO)):
            click.echo(json.dumps(asdict(line), ensure_ascii=False))


@audit_group.command("take-away-again")
@click.argument("file", type=click.File(encoding="utf-8"))
def take_away_again(file: IO[str]) -> None:
    """After a restore and before the site opens: repeat what ``taken-away`` printed. Safe to run twice."""
    from webapp.jobs import after_restore

    noted = [after_restore.Line(**json.loads(text)) for text in file if text.strip()]
    with services().database.transaction() as session:
        done = after_restore.repeat(session, noted)
    for action, number in sorted(done.items()):
        click.echo(f"{action}: {number}")
    click.echo(f"{len(noted)} lines, {done.total()} done again")


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
