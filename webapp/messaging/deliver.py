"""The outbox handler of ``tell``: choose the channel, render, send, and fall back when a channel fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.errors import InvalidInput
from webapp.identity.models import Resident
from webapp.messaging import channels, line_message, mail_message, one_time_links, tell
from webapp.messaging.mail_message import Contact, MailParts
from webapp.messaging.models import LineAccount
from webapp.messaging.templates import Library, Template
from webapp.outbox import enqueue, relay
from webapp.outbox.models import OutboxMessage
from webapp.outbox.outcomes import Frozen, Outcome, Sending, Undeliverable
from webapp.ports.line import LinePort, LineUnavailable
from webapp.ports.mail import MailPort
from webapp.yaml_source import LANGS, Lang, Text

FALLS_BACK: Final = frozenset({"rejected", "unreachable"})
LATE_IS_BETTER_THAN_NEVER: Final = frozenset({"transactional"})
"""Lanes whose expired messages are still said by mail; a late reminder would only confuse."""


@dataclass(frozen=True)
class House:
    """What messages need to know about the city. Links return absolute addresses."""

    city: Text
    contacts: Mapping[str, Contact]
    links: Mapping[str, Callable[..., str]]
    open_link: Callable[[str], str]
    mail_from: str
    general: Contact | None = None


class TellHandler:
    """Says ``tell`` rows by LINE or by mail. ``line`` is None when LINE is switched off."""

    def __init__(self, house: House, library: Library, mail: MailPort | None, line: LinePort | None) -> None:
        self._house = house
        self._library = library
        self._mail = mail
        self._line = line

    def freeze(self, session: Session, message: OutboxMessage) -> Frozen | Undeliverable:
        """See Handler."""
        payload = message.payload
        recipient = tell.Recipient(**payload["recipient"])
        reach = channels.choose(session, recipient, line_on=self._line is not None, fixed=message.channel)
        if reach is None or (reach.channel == "mail" and self._mail is None):
            return Undeliverable("no_address")
        template = self._library.template(payload["event"])
        lang: Lang = recipient.lang if recipient.lang in LANGS else "ja"
        if reach.channel == "line":
            self._siblings(session, message, reach.addresses[1:])
            return self._line_bytes(session, message, template, lang, reach.addresses[0])
        try:
            return self._mail_bytes(message, template, lang, recipient, reach.addresses[0])
        except InvalidInput:
            return Undeliverable("bad_address")

    def send(self, sending: Sending) -> Outcome:
        """See Handler."""
        if sending.channel == "line":
            if self._line is None:
                return Outcome("rejected", "line_off")
            if self._is_blocked(self._line, sending):
                return Outcome("unreachable", "not a friend")
            return self._line.push(sending.body, sending.retry_key)
        if self._mail is None:
            return Outcome("paused", "mail_off")
        to, _, raw = sending.body.partition(b"\n")
        return self._mail.send(to.decode(), raw)

    def after(self, session: Session, message: OutboxMessage) -> None:
        """See Handler: note dead addresses, pause on quota, and try the other channel as a new row."""
        if message.detail == "quota":
            relay.pause_channel(session, "line", "quota", next_quota(clock.now()))
        if message.status == "unreachable" and message.frozen is not None:
            self._note_dead(session, message)
        late = message.status == "expired" and message.lane in LATE_IS_BETTER_THAN_NEVER
        if (message.status in FALLS_BACK or late) and message.fallback_of is None:
            self.fall_back(session, message)

    def fall_back(self, session: Session, message: OutboxMessage) -> bool:
        """Say it on the other channel, as a new row; False when there is none, or it was said already.

        The further phones of a resident have no fallback of their own: the first one's mail is enough.
        """
        if "sibling_of" in message.payload or (message.channel == "" and message.status != "expired"):
            return False
        other = "line" if message.channel == "mail" else "mail"
        recipient = replace(tell.Recipient(**message.payload["recipient"]), line_user_id=None)
        if channels.choose(session, recipient, line_on=self._line is not None, fixed=other) is None:
            return False
        hours = self._library.template(message.payload["event"]).keep_hours
        enqueue.enqueue(
            session, message.kind, {**message.payload, "recipient": asdict(recipient)},
            lane=cast(Any, message.lane), dedupe_key=f"{message.dedupe_key}:{other}", channel=other,
            not_after=max(message.not_after, clock.now() + timedelta(hours=min(hours, 24))),
            case_id=message.case_id, resident_id=message.resident_id, fallback_of=message.id,
        )  # fmt: skip
        return True

    def _is_blocked(self, line: LinePort, sending: Sending) -> bool:
        """LINE takes over what it never shows to somebody who blocked us: ask before what must arrive."""
        if sending.attempt > 1 or not self._library.template(sending.template.partition("@")[0]).must_reach:
            return False
        try:
            return not line.is_friend(json.loads(sending.body)["to"])
        except LineUnavailable:
            return False

    def _values(self, payload: Mapping[str, Any], name: str, lang: Lang) -> dict[str, Any]:
        return {
            **payload["data"],
            "city": self._house.city.in_(lang),
            "name": name,
            "reference": payload["reference"],
        }

    def _url(self, link: Mapping[str, Any] | None) -> str | None:
        return None if link is None else self._house.links[link["name"]](**link["args"])

    def _line_bytes(
        self, session: Session, message: OutboxMessage, template: Template, lang: Lang, user_id: str
    ) -> Frozen:
        payload = message.payload
        url = None
        if payload["link"] is not None:
            token = one_time_links.make(
                session, payload["link"]["name"], payload["link"]["args"],
                resident_id=message.resident_id, message_id=payload.get("sibling_of", message.id),
            )  # fmt: skip
            url = self._house.open_link(token)
        messages = line_message.render(
            template, self._library.frame, self._library.placeholders,
            lang=lang, values=self._values(payload, "", lang), url=url, city=self._house.city.in_(lang),
        )  # fmt: skip
        return Frozen("line", line_message.push_request(user_id, messages), template.name)

    def _mail_bytes(
        self, message: OutboxMessage, template: Template, lang: Lang, recipient: tell.Recipient, to: str
    ) -> Frozen:
        payload = message.payload
        contact = self._house.contacts.get(payload["data"].get("department", ""), self._house.general)
        parts = MailParts(
            lang, self._values(payload, recipient.name, lang), self._url(payload["link"]), contact
        )
        subject, body = mail_message.render(template, self._library.frame, self._library.placeholders, parts)
        raw = mail_message.to_bytes(
            to=to, sender=self._house.mail_from, sender_name=self._house.city.in_(lang),
            subject=subject, body=body, key=message.retry_key, at=clock.now(),
        )  # fmt: skip
        return Frozen("mail", to.encode() + b"\n" + raw, template.name)

    def _siblings(self, session: Session, message: OutboxMessage, others: tuple[str, ...]) -> None:
        """One row for each further LINE account of the same resident."""
        for number, user_id in enumerate(others, start=2):
            recipient = {**message.payload["recipient"], "line_user_id": user_id}
            enqueue.enqueue(
                session, message.kind,
                {**message.payload, "recipient": recipient, "sibling_of": message.id},
                lane=cast(Any, message.lane), dedupe_key=f"{message.dedupe_key}:line{number}",
                not_after=message.not_after, case_id=message.case_id, resident_id=message.resident_id,
                channel="line",
            )  # fmt: skip

    def _note_dead(self, session: Session, message: OutboxMessage) -> None:
        if message.channel == "mail" and message.resident_id is not None:
            resident = session.get(Resident, message.resident_id)
            if resident is not None:
                resident.email_bounced_at = clock.now()
        if message.channel == "line":
            user_id = message.payload["recipient"].get("line_user_id")
            query = select(LineAccount).where(
                LineAccount.user_id == user_id if user_id else LineAccount.resident_id == message.resident_id
            )
            for account in session.scalars(query):
                account.reachable = False


def next_quota(at: datetime) -> datetime:
    """Return the instant when LINE's monthly quota starts anew (first of the month, Asia/Tokyo)."""
    local = clock.tokyo(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return local.replace(year=year, month=month)
