"""What facilities want to reach in a fiscal year: use rate and online share, in whole percent."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit import Actor, record
from webapp.booking.errors import NotAllowed
from webapp.booking.models import Target


def of_year(session: Session, year: int) -> Mapping[str, Target]:
    """The targets of a fiscal year by facility."""
    return {one.facility: one for one in session.scalars(select(Target).where(Target.fiscal_year == year))}


def set_target(
    session: Session, facility: str, year: int, *, use: int | None, online: int | None, actor: Actor
) -> Target:
    """Set or clear what a facility aims at. Raises NotAllowed outside 0–100 %."""
    for percent in (use, online):
        if percent is not None and not 0 <= percent <= 100:
            raise NotAllowed("percent", "目標は0から100までの数字で入れてください。")
    target = session.get(Target, (facility, year)) or Target(facility=facility, fiscal_year=year)
    target.use_percent, target.online_percent = use, online
    session.add(target)
    session.flush()
    details = {"facility": facility, "year": year, "use": use, "online": online}
    record(session, actor, "booking.target", object_kind="facility", object_id=facility, details=details)
    return target
