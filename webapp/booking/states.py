"""The life of one booking, and its illegal steps by name."""

from collections.abc import Mapping
from types import MappingProxyType

from webapp.booking.models import Booking
from webapp.errors import IllegalStep

HOLDING = frozenset({"held", "applied", "awaiting_payment", "confirmed"})
"""States that own occupancy rows."""

STEPS: Mapping[str, tuple[frozenset[str], str]] = MappingProxyType(
    {
        "apply": (frozenset({"held"}), "applied"),
        "approve_unpaid": (frozenset({"applied", "held"}), "awaiting_payment"),
        "confirm": (frozenset({"held", "applied", "awaiting_payment"}), "confirmed"),
        "refuse": (frozenset({"applied"}), "refused"),
        "expire": (frozenset({"held"}), "expired"),
        "release": (frozenset({"held"}), "released"),
        "lapse": (frozenset({"awaiting_payment"}), "lapsed"),
        "cancel": (frozenset({"applied", "awaiting_payment", "confirmed"}), "cancelled"),
        "displace": (frozenset({"applied", "awaiting_payment", "confirmed", "held"}), "displaced"),
        "restore": (frozenset({"lapsed"}), "confirmed"),
    }
)
SAY: Mapping[str, str] = MappingProxyType(
    {
        "held": "仮予約",
        "applied": "申請中",
        "awaiting_payment": "支払い待ち",
        "confirmed": "確定",
        "refused": "不許可",
        "expired": "仮予約の時間切れ",
        "released": "仮予約の取りやめ",
        "lapsed": "支払い期限切れ",
        "cancelled": "取消し済み",
        "displaced": "施設の都合による取消し",
    }
)


def take(booking: Booking, step: str) -> None:
    """Move the booking on. Raises IllegalStep, naming the step, when its table does not have it."""
    origins, target = STEPS[step]
    if booking.state not in origins:
        state = SAY.get(booking.state, booking.state)
        say = f"この予約は「{state}」のため、この操作はできません。"
        raise IllegalStep(f"booking.{step}", state=booking.state, say=say)
    booking.state = target
