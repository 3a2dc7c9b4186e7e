"""When a procedure is open: fixed days, every year, closed periods; the stored arrival decides."""

from __future__ import annotations

from datetime import date

from webapp.form_engine.compiled import Compiled
from webapp.form_engine.limits import end_of
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Notice, Stop
from webapp.form_engine.rules_model import Period
from webapp.form_engine.situation import Situation
from webapp.yaml_source import Text

OUTSIDE = Text(
    ja="いまは受付期間ではありません。",
    easy="いまは うけつけて いません。",
    en="This procedure is not open now.",
)
LATE = Text(
    ja="一次の受付期間を過ぎています。受け付けますが、順番は期間内の人の後になります。",
    easy="さいしょの うけつけは おわりました。いまも 申し込めます。でも、さきに 申し込んだ 人が 先です。",
    en="The first period has ended. You can still apply, but people who applied in time come first.",
)


def current(definition: Definition, ready: Compiled, situation: Situation) -> Period | None:
    """The period that is open now for these answers; None when closed or when there are no periods."""
    if definition.window is None:
        return None
    if any(_holds(p, ready, situation) for p in definition.window.closed):
        return None
    return next((p for p in definition.window.periods if _holds(p, ready, situation)), None)


def stop(definition: Definition, ready: Compiled, situation: Situation) -> Stop | None:
    """What to say outside the window; None while it is open. Paper that staff enter is not stopped."""
    window = definition.window
    if window is None or situation.channel not in ("web", "line"):
        return None
    closed = any(_holds(p, ready, situation) for p in window.closed)
    concerned = [p for p in window.periods if _applies(p, ready, situation)]
    if not closed and (not concerned or current(definition, ready, situation) is not None):
        return None
    return Stop("window", window.outside or OUTSIDE, window.note)


def late_notice(definition: Definition, ready: Compiled, situation: Situation) -> Notice | None:
    """Something to know about the period: late ones are accepted with a lower rank."""
    period = current(definition, ready, situation)
    if period is None or not period.late:
        return None
    return Notice("late", period.label or LATE, "warning")


def _applies(period: Period, ready: Compiled, situation: Situation) -> bool:
    return period.if_ is None or ready.tests[id(period)](situation, ())


def _holds(period: Period, ready: Compiled, situation: Situation) -> bool:
    if not _applies(period, ready, situation):
        return False
    today = situation.today
    if period.yearly_from and period.yearly_until:
        return _in_year(today, period) and situation.now < end_of(_last_day(today, period), period.closes_at)
    if period.from_ is not None and today < period.from_:
        return False
    return period.until is None or situation.now < end_of(period.until, period.closes_at)


def _in_year(today: date, period: Period) -> bool:
    key = f"{today:%m-%d}"
    first, last = period.yearly_from or "", period.yearly_until or ""
    return first <= key <= last if first <= last else key >= first or key <= last


def _last_day(today: date, period: Period) -> date:
    return today if f"{today:%m-%d}" == period.yearly_until else date.max.replace(year=9998)
