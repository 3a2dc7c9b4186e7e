"""A worker of the delivery proof: the real relay, handler and LINE plug, in a process that gets killed."""

from __future__ import annotations

import sys
import threading
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from integrations.line.messaging_api import Channel, MessagingApiLine
from webapp import db
from webapp.jobs import relay
from webapp.messaging import templates
from webapp.messaging.deliver import House, TellHandler
from webapp.outbox.outcomes import Outcome, Sending
from webapp.yaml_source import Text

KEYS = [("proof", bytes(range(32)))]


class WithoutKey(TellHandler):
    """The negative control: every attempt is a new request to LINE."""

    def send(self, sending: Sending) -> Outcome:
        return super().send(replace(sending, retry_key=str(uuid.uuid4())))


@dataclass
class Services:
    database: db.Database
    outbox_handlers: dict[str, Any]


def services(url: str, line_url: str, *, control: bool) -> Services:
    """Put the real parts together around one database and one LINE."""
    house = House(
        city=Text(ja="みほん市"),
        contacts={},
        links={"my": lambda: "https://mihon.example/my"},
        open_link=lambda token: f"https://mihon.example/l/{token}",
        mail_from="noreply@mihon.example",
    )
    line = MessagingApiLine(Channel("test-token", line_url, line_url, connect_s=2.0, read_s=3.0))
    kind = WithoutKey if control else TellHandler
    return Services(db.Database(url), {"tell": kind(house, templates.load(), None, line)})


def main() -> None:
    url, line_url, control = sys.argv[1], sys.argv[2], sys.argv[3] == "control"
    db.use_keys(KEYS)
    relay.run_forever(
        services(url, line_url, control=control),
        threading.Event(),
        senders=1,
        poll_s=0.1,
        lease=timedelta(seconds=2),
    )


if __name__ == "__main__":
    main()
