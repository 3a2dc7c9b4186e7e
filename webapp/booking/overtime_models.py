"""Use beyond the booked time, one row for each booking."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import webapp.booking.models
import webapp.payment.models  # noqa: F401 - the tables that the foreign keys name
from webapp.db import Base, Instant, Json


class Overtime(Base):
    """How long a group stayed beyond its booking and what it is asked for that.

    The key is the booking: whoever records again corrects this row. `charge_id` is the charge of this
    overtime alone, null while it costs nothing.
    """

    __tablename__ = "booking_overtime"
    __table_args__ = (
        UniqueConstraint("charge_id"),
        CheckConstraint("minutes >= 0 AND minutes <= 1440", name="minutes_of_a_day"),
        CheckConstraint("yen >= 0", name="yen_not_negative"),
    )

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    minutes: Mapped[int] = mapped_column(Integer)
    yen: Mapped[int] = mapped_column(Integer)
    quote: Mapped[dict[str, Any]] = mapped_column(Json)
    """Frozen when recorded: the lines of the overtime with their steps, table and version."""
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"))
    times: Mapped[int] = mapped_column(Integer, default=1)
    """How often it was recorded: each time is told."""
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(64))
