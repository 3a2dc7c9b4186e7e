"""確認済: ticks on values an officer has looked at. A tick dies with the value it stood for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.casework.keys import digest, existing_key, key
from webapp.casework.models import Case, CaseTick


def set_ticks(
    session: Session, case: Case, values: Mapping[str, Any], ticked: set[str], actor: Actor
) -> None:
    """Keep exactly the ticks ``ticked`` among the paths of ``values`` (path to present value)."""
    session.execute(delete(CaseTick).where(CaseTick.case_id == case.id))
    staff_id = int(actor.id) if actor.id and actor.id.isdigit() else None
    for path in sorted(ticked & values.keys()):
        session.add(
            CaseTick(
                case_id=case.id,
                path=path,
                value_hash=_hash(key(session), values[path]),
                at=clock.now(),
                staff_id=staff_id,
            )
        )


def ticked_paths(session: Session, case: Case, values: Mapping[str, Any]) -> set[str]:
    """Return the paths whose tick still stands for the value they have now."""
    secret = existing_key(session) or b""
    rows = session.scalars(select(CaseTick).where(CaseTick.case_id == case.id))
    return {
        row.path for row in rows if row.path in values and row.value_hash == _hash(secret, values[row.path])
    }


def _hash(secret: bytes, value: Any) -> str:
    return digest(secret, "tick", json.dumps(value, sort_keys=True, ensure_ascii=False)).hex()
