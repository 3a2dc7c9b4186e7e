"""Tell a person what happened: one outbox row, written in the transaction of the event.

The relay decides the channel (LINE when linked, reachable and switched on, else mail), renders the
template in the person's language and freezes the bytes. ``data`` may hold any placeholder of
templates/messages/_placeholders.yaml: dates as ``date`` or ISO text, instants aware, yen as int,
names as text or ``{ja, easy, en}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from webapp import clock
from webapp.messaging import templates
from webapp.outbox.enqueue import enqueue

KIND: Final = "tell"


@dataclass(frozen=True)
class Recipient:
    """Whom to tell. Addresses may be missing: a person with only a telephone is a normal case."""

    resident_id: int | None = None
    name: str = ""
    email: str | None = None
    tel: str | None = None
    lang: str = "ja"
    line_user_id: str | None = None


@dataclass(frozen=True)
class Link:
    """A page by name; wiring knows its address."""

    name: str
    args: Mapping[str, str] = field(default_factory=dict)


def tell(
    session: Session,
    event: str,
    recipient: Recipient,
    *,
    link: Link | None = None,
    case_id: int | None = None,
    reference: str | None = None,
    data: Mapping[str, Any] | None = None,
    dedupe_key: str,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    channel: str = "",
) -> None:
    """Write the wish to tell ``recipient`` about ``event``; the same ``dedupe_key`` tells once.

    ``channel`` ("mail" or "line") fixes the channel, for fallbacks and staff's choice.
    Raises InvalidInput when the event has no template, or a placeholder is unknown or missing.
    """
    values = _plain({key: value for key, value in (data or {}).items() if value is not None})
    library = templates.load()
    library.check(event, values)
    template = library.template(event)
    begin = not_before or clock.now()
    enqueue(
        session,
        KIND,
        {
            "event": event,
            "recipient": asdict(recipient),
            "link": None if link is None else {"name": link.name, "args": dict(link.args)},
            "reference": reference,
            "data": values,
        },
        lane=template.lane,
        dedupe_key=dedupe_key,
        not_before=not_before,
        not_after=not_after or begin + timedelta(hours=template.keep_hours),
        case_id=case_id,
        resident_id=recipient.resident_id,
        channel=channel,
    )


def _plain(value: Any) -> Any:
    """Make values JSON; a pydantic Text or a dataclass-like mapping becomes a dict."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_none=True)
    return value
