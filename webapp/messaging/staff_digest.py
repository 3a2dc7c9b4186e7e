"""The digest mail: once a day each department hears how much is waiting, in numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from webapp import clock
from webapp.errors import InvalidInput
from webapp.messaging import mail_message
from webapp.messaging.deliver import House
from webapp.outbox.enqueue import enqueue
from webapp.outbox.models import OutboxMessage
from webapp.outbox.outcomes import Frozen, Outcome, Sending, Undeliverable
from webapp.ports.mail import MailPort

KIND: Final = "staff_digest"
TEMPLATE: Final = "staff_digest@1"


@dataclass(frozen=True)
class DigestCounts:
    """What waits in a department, by Japanese label, in the order of the mail (新しい案件: 3)."""

    department: str
    numbers: Mapping[str, int]


def send_digest(session: Session, counts: DigestCounts, addresses: list[str]) -> int:
    """Write one mail per address for today (Asia/Tokyo); nothing when nothing waits. Returns how many."""
    if not any(counts.numbers.values()):
        return 0
    for address in addresses:
        enqueue(
            session,
            KIND,
            {"to": address, "department": counts.department, "numbers": dict(counts.numbers)},
            lane="reminder",
            dedupe_key=f"digest:{clock.today()}:{counts.department}:{address}"[:200],
            not_after=clock.now() + timedelta(hours=12),
            channel="mail",
        )
    return len(addresses)


class DigestHandler:
    """Says digests by mail."""

    def __init__(self, house: House, mail: MailPort | None) -> None:
        self._house = house
        self._mail = mail

    def freeze(self, session: Session, message: OutboxMessage) -> Frozen | Undeliverable:
        """See Handler."""
        if self._mail is None:
            return Undeliverable("mail_off")
        payload = message.payload
        contact = self._house.contacts.get(payload["department"])
        name = contact.name.ja if contact else payload["department"]
        lines = [f"{label}: {number}件" for label, number in payload["numbers"].items() if number]
        inbox = self._house.links["staff_inbox"]() if "staff_inbox" in self._house.links else ""
        why = "職員画面の設定に、この部署の連絡先として登録されているため届きました。"
        body = "\n".join(
            [
                f"{name} のみなさん",
                "",
                "受付箱のようすをお知らせします。",
                "",
                *lines,
                "",
                inbox,
                "",
                "--",
                why,
                "",
            ]
        )
        try:
            raw = mail_message.to_bytes(
                to=payload["to"], sender=self._house.mail_from, sender_name=self._house.city.ja,
                subject=f"【窓口】{name}: {sum(payload['numbers'].values())}件が待っています",
                body=body, key=message.retry_key, at=clock.now(),
            )  # fmt: skip
        except InvalidInput:
            return Undeliverable("bad_address")
        return Frozen("mail", payload["to"].encode() + b"\n" + raw, TEMPLATE)

    def send(self, sending: Sending) -> Outcome:
        """See Handler."""
        if self._mail is None:
            return Outcome("paused", "mail_off")
        to, _, raw = sending.body.partition(b"\n")
        return self._mail.send(to.decode(), raw)

    def after(self, session: Session, message: OutboxMessage) -> None:
        """See Handler: a digest that fails is not repeated elsewhere."""
