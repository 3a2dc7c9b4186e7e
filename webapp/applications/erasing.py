"""Erasing what is kept too long, as a matter for two people: exactly the cases that were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.applications import erase
from webapp.applications.erase import Due, Forget
from webapp.audit import Actor
from webapp.errors import IllegalStep

ACTION = "retention.erase"


def payload_of(due: Sequence[Due]) -> dict[str, Any]:
    """Return what the plan is about."""
    return {"references": sorted(one.case.reference for one in due)}


def carry_out(session: Session, details: dict[str, Any], actor: Actor, *, also: Sequence[Forget]) -> None:
    """Erase what was approved; raises IllegalStep when other cases are due by now."""
    if payload_of(erase.plan(session))["references"] != details["references"]:
        raise IllegalStep(
            "erase", state="changed", say="対象の案件が変わりました。もう一度、承認を求め直してください。"
        )
    erase.run(session, actor, dry_run=False, also=also)
