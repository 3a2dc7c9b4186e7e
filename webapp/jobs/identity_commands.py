"""Identity from the command line: accounts follow when a provider renumbers its subjects."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from webapp.web.services import services

identity_group = AppGroup("identity", help="Residents' proofs of identity.")


@identity_group.command("relink")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--old-issuer", required=True, help="The issuer whose subjects end.")
@click.option("--new-issuer", required=True, help="The issuer of the new subjects; it may be the same.")
@click.option("--reason", required=True, help="Why; stands in the audit trail.")
@click.option("--apply", is_flag=True, help="Do it. Without this, and with any fault, nothing changes.")
def relink(file: Path, old_issuer: str, new_issuer: str, reason: str, apply: bool) -> None:
    """Move accounts by the provider's list: a CSV file, two columns, old subject and new subject.

    Another contract, client or provider gives every person another subject. Ends with 1 on any fault.
    """
    from webapp.audit import SYSTEM
    from webapp.identity import linking

    with file.open(newline="", encoding="utf-8-sig") as lines:
        pairs = [(row[0], row[1]) if len(row) == 2 else ("", "") for row in csv.reader(lines)]
    with services().database.transaction() as session:
        found = linking.relink(
            session,
            pairs,
            old_issuer=old_issuer,
            new_issuer=new_issuer,
            reason=reason,
            actor=SYSTEM,
            apply=apply,
        )
    click.echo(f"{len(found.done)} accounts {'moved' if apply and found.is_clean else 'could be moved'}")
    for words, numbers in (("not known", found.unknown), ("taken or listed twice", found.taken)):
        if numbers:
            click.echo(f"lines {', '.join(map(str, numbers))}: {words}; nothing was changed")
    sys.exit(0 if found.is_clean else 1)
