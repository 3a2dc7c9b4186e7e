"""What booking refuses, with what it refuses it for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp.errors import IllegalStep, InvalidInput, TooMany


@dataclass(frozen=True)
class Conflict:
    """One part that somebody else has: a cell, a stock item, a session."""

    part: str
    starts_at: datetime
    ends_at: datetime
    kind: str = "cell"


class Taken(IllegalStep):
    """The wish collides with what stands already; `conflicts` names the parts."""

    def __init__(self, conflicts: list[Conflict], *, say: str | None = None) -> None:
        super().__init__("booking.take", say=say or "申し訳ありません。先にほかの方が予約しました。")
        self.conflicts = conflicts


class HoldOver(IllegalStep):
    """The hold ran out before it was confirmed."""

    def __init__(self) -> None:
        say = "お取りしていた時間が過ぎたため、予約は確定していません。空いていれば、もう一度お選びください。"
        super().__init__("booking.confirm", state="expired", say=say)


class NotAllowed(InvalidInput):
    """A rule of the facility forbids it; `rule` names which, `say` what to do instead."""

    def __init__(self, rule: str, say: str) -> None:
        super().__init__(rule, say=say)
        self.rule = rule


class OverLimit(NotAllowed):
    """Limits that an officer may pass knowingly, with a reason; `broken` are they, one by one."""

    def __init__(self, broken: Sequence[NotAllowed], citation: str | None = None) -> None:
        sentences = "".join(f"{(one.say or '').split('。')[0]}。" for one in broken)
        super().__init__("over_limit", sentences + (f"({citation})" if citation else ""))
        self.broken = tuple(broken)


class TooManySlots(TooMany):
    """More slots are held than one browser or address may: `rule` names the limit, `figure` its size."""

    def __init__(self, rule: str, figure: int, retry_after: int) -> None:
        super().__init__(f"{rule}: more than {figure}", retry_after=retry_after)
        self.rule = rule
        self.figure = figure
