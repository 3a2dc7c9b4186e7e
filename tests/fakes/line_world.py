"""A city hall with phones: the real webhook, inbox, relay and sandbox, driven step by step."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask

from integrations.line.phone import Phones
from integrations.line.sandbox import SandboxLine
from integrations.mail.sandbox import SandboxMail
from tests.fakes import line_shapes
from tests.fakes.counter import ROOT, counter
from webapp.chat.conversation import ChatHouse
from webapp.form_engine.load import Library, load_library
from webapp.jobs import line_inbox, relay
from webapp.messaging import line_lint
from webapp.messaging.handler import handlers
from webapp.ports.delivery import Outcome
from webapp.wiring import Services

PHONE = "Usandbox0000000000000000000000001"
OTHER = "Usandbox0000000000000000000000002"


class StrictLine(SandboxLine):
    """Compares everything it is given with LINE's own description and with our linter."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.faults: list[str] = []

    def push(self, request: bytes, retry_key: str) -> Outcome:
        self._compare("push", json.loads(request))
        return super().push(request, retry_key)

    def multicast(self, request: bytes, retry_key: str) -> Outcome:
        self._compare("multicast", json.loads(request))
        return super().multicast(request, retry_key)

    def reply(self, reply_token: str, messages: list[dict[str, Any]]) -> Outcome:
        self._compare("reply", {"replyToken": reply_token, "messages": messages})
        return super().reply(reply_token, messages)

    def _compare(self, kind: str, body: dict[str, Any]) -> None:
        self.faults += line_shapes.complaints(kind, body) + line_lint.complaints(body["messages"])


@dataclass
class LineWorld:
    """``app`` is the real application with sandbox mail and LINE."""

    app: Flask
    mail: SandboxMail
    line: StrictLine
    house: ChatHouse
    statuses: list[int] = field(default_factory=list)

    @property
    def services(self) -> Services:
        found: Services = self.app.extensions["madoguchi"]
        return found

    def deliver(self, body: bytes, signature: str) -> int:
        """What the phone does with an event: a signed POST to the real webhook."""
        answer = self.app.test_client().post(
            "/callbacks/line", data=body, headers={"x-line-signature": signature}
        )
        self.statuses.append(answer.status_code)
        return answer.status_code

    def phones(self) -> Phones:
        return Phones(self.line, self.deliver)

    def work(self) -> None:
        """Let the worker do everything that waits."""
        line_inbox.drain(self.services.database, self.house)
        relay.drain(self.services)
        assert self.line.faults == []

    def tap(self, data: str, user: str = PHONE) -> None:
        self.phones()._do(user, {"data": data, "label": data})
        self.work()

    def write(self, words: str, user: str = PHONE) -> None:
        self.phones()._do(user, {"text": words})
        self.work()

    def follow(self, what: str = "follow", user: str = PHONE) -> None:
        self.phones()._do(user, {"follow": what})
        self.work()

    def talk(self, user: str = PHONE) -> list[dict[str, Any]]:
        """Messages of the city in a phone, newest first."""
        return [bubble.message for bubble in self.line.received(user) if not bubble.mine]

    def words(self, user: str = PHONE) -> str:
        return json.dumps(self.talk(user), ensure_ascii=False)


@lru_cache(maxsize=1)
def _library() -> Library:
    return load_library([ROOT / "forms"])


_houses: list[ChatHouse] = []


def line_world(database_url: str, folder: Path) -> LineWorld:
    """Build it on the sample city with the shared procedures."""
    app = counter(database_url, folder)
    mail, line = SandboxMail(folder / "mail.sqlite3"), StrictLine(folder / "line.sqlite3")
    services: Services = app.extensions["madoguchi"]
    made = handlers(city=services.city, links=services.links, mail=mail, line=line)
    services = replace(services, mail=mail, line=line, outbox_handlers=made, library=_library())
    app.extensions["madoguchi"] = services
    if not _houses:
        _houses.append(line_inbox.chat_house(services))  # the same data files for every test
    return LineWorld(app, mail, line, _houses[0])
