"""Roles with four eyes: taking one away is done at once, giving one waits for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.audit import Actor
from webapp.identity import four_eyes, permissions, staff_accounts
from webapp.identity.models import Staff

ACTION = "staff.grant"


def change_roles(session: Session, asker: Staff, staff: Staff, roles: Sequence[str], *, actor: Actor) -> bool:
    """Give an account these roles as far as one person may; returns whether the rest waits for another.

    To take the right to approve away waits too: else the only other pair of eyes could be closed first.
    Raises InvalidInput, and Forbidden for the own account.
    """
    wanted, held = set(staff_accounts.checked_roles(roles)), set(staff.roles)
    added = wanted - held
    blinding = {grant for grant in held - wanted if permissions.scope_of([grant], four_eyes.PERMISSION)}
    payload: dict[str, Any] = {"add": sorted(added), "remove": sorted(blinding)}
    waits = bool(added or blinding) and (
        four_eyes.ask(session, asker, ACTION, object_id=staff.id, payload=payload) is not None
    )
    now = (wanted - added) | blinding if waits else wanted
    if now != held:
        staff_accounts.set_roles(session, staff, sorted(now), actor)
    return waits


def carry_out(session: Session, staff_id: int, details: dict[str, Any], actor: Actor) -> None:
    """Give and take what was approved."""
    staff = staff_accounts.get(session, staff_id)
    roles = (set(staff.roles) | set(details["add"])) - set(details["remove"])
    staff_accounts.set_roles(session, staff, sorted(roles), actor)
