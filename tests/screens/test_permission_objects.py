"""Every address that names a thing, asked for an own one, somebody else's, a mixture, and one that is not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from integrations.payment.counter import CounterPayment
from tests.casework_office import open_office
from tests.permission_objects import (
    OF_NOBODY,
    OF_THE_CITY,
    OF_WHO_HAS_THE_LINK,
    WORDS,
    World,
    build,
    missing,
    named,
    places,
)
from webapp import clock
from webapp.db import Database
from webapp.web.guards import guard_of

MAY = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
PAPER = "\n      - {key: paper, type: file, label: {ja: 書類}, required: false}"
TYPED = {"staff.desk_booking.book": {"room": "a", "day": "2026-06-10"}}
"""What an address needs before it looks at anything."""
NOT_YET = {
    "resident.booked.permit": "handed out once the booking is permitted and paid",
    "resident.booked.refusal": "handed out once the booking is refused",
    "staff.signature.file": "exists only where the city keeps certificates",
}
"""Own things that do not open in the state in which this test has them, and why."""
MINE, THEIRS = "秘密野 一郎", "隠田 二郎"


@dataclass
class Both:
    """The two worlds, and the addresses that name things."""

    mine: World
    theirs: World

    def addresses(self) -> Iterator[tuple[Rule, str, str]]:
        """Rule, method and side; reading first, so that nothing is used up before it was looked at."""
        found = []
        for rule in self.mine.office.app.url_map.iter_rules():
            guard = guard_of(self.mine.office.app.view_functions[rule.endpoint])
            elsewhere = (*OF_NOBODY, *OF_WHO_HAS_THE_LINK, *OF_THE_CITY)
            if guard is None or not rule.arguments or rule.endpoint.startswith(elsewhere):
                continue
            side = "staff" if guard.kind == "staff" else "resident"
            found += [(rule, method, side) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]
        yield from sorted(found, key=lambda one: (one[1], _uses_up(one[0]), one[0].rule))

    def ask(self, rule: Rule, method: str, side: str, *worlds: World | None) -> TestResponse:
        """Call as my resident or officer: the outer thing is of the first world, an inner one of the last."""
        names, values = named(rule.endpoint), {}
        for number, argument in enumerate(things_of(rule)):
            world, thing = worlds[min(number, len(worlds) - 1)], names[argument]
            values[argument] = world.things[thing] if world else missing(thing)
        values |= {argument: self.mine.things[thing] for argument, thing in names.items() if thing in WORDS}
        with self.mine.office.app.test_request_context():
            address = self.mine.office.app.url_map.bind("localhost").build(
                rule.endpoint, {name: values[name] for name in rule.arguments}, method=method
            )
        return self.mine.client(side).open(address, method=method, data=TYPED.get(rule.endpoint))


def things_of(rule: Rule) -> list[str]:
    """The arguments that name a thing, in the order of the address."""
    order = re.findall(r"<(?:[^:<>]+:)?([^<>]+)>", rule.rule)
    return [name for name in order if named(rule.endpoint)[name] not in WORDS]


def _uses_up(rule: Rule) -> int:
    """Whether a POST may take a thing away: this one (1), or others with it (2)."""
    last = rule.rule.rsplit("/", 1)[-1]
    if last in ("discard", "confirm", "remove") or rule.endpoint.startswith("staff.decide."):
        return 2
    return int(last in ("end", "revoke", "release", "cancel", "unlink", "done"))


@pytest.fixture(scope="module", autouse=True)
def _in_may() -> Iterator[None]:
    with clock.frozen(MAY):
        yield


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, _template: str) -> Both:
    if not _template.startswith("sqlite"):
        pytest.skip("the rules are the same code on both databases; once is enough")
    folder = tmp_path_factory.mktemp("objects")
    shutil.copy(_template.removeprefix("sqlite:///"), folder / "db.sqlite3")
    office = open_office(Database(f"sqlite:///{folder / 'db.sqlite3'}"), folder, more=PAPER)
    facilities, desk = places(), CounterPayment(clock.now)
    services = replace(office.services, facilities=facilities, payment={"counter": desk})
    office.services = office.app.extensions["madoguchi"] = services
    office.app.config["WTF_CSRF_ENABLED"] = False  # who may open what is asked here; forged posts elsewhere
    with office.database.transaction() as session:
        mine = build(session, office, facilities, MINE, "citizen")
        theirs = build(session, office, facilities, THEIRS, "tax")
    return Both(mine, theirs)


def told(answer: TestResponse) -> tuple[int, str]:
    """What somebody learns from an answer: its status, and the view it leads to."""
    return answer.status_code, (answer.headers.get("Location") or "").split("?")[0].rpartition("/")[0]


def test_every_address_that_names_a_thing_is_listed(both: Both) -> None:
    for rule, _method, _side in both.addresses():
        assert set(named(rule.endpoint)) >= rule.arguments, (
            f"{rule.endpoint}: add to tests/permission_objects.py"
        )


def test_somebody_elses_thing_is_answered_like_one_that_does_not_exist(both: Both) -> None:
    for rule, method, side in both.addresses():
        foreign = both.ask(rule, method, side, both.theirs)
        none = both.ask(rule, method, side, None)
        where = f"{side} {method} {rule.rule}: {foreign.status} {none.status}"
        assert told(foreign) == told(none), where
        assert foreign.status_code in (302, 303, 403, 404, 422), where
        assert THEIRS not in foreign.text, where


def test_somebody_elses_thing_is_not_reached_through_an_own_one(both: Both) -> None:
    for rule, method, side in both.addresses():
        if len(things_of(rule)) < 2:
            continue
        mixed = both.ask(rule, method, side, both.mine, both.theirs)
        none = both.ask(rule, method, side, both.mine, None)
        where = f"{side} {method} {rule.rule}: {mixed.status} {none.status}"
        assert mixed.status_code == none.status_code == 404, where
        assert THEIRS not in mixed.text, where


def test_the_own_thing_opens(both: Both) -> None:
    """The control: without it, 404 for everybody would pass."""
    for rule, method, side in both.addresses():
        own = both.ask(rule, method, side, both.mine)
        where = f"{side} {method} {rule.rule}: {own.status} {own.headers.get('Location')}"
        if rule.endpoint in NOT_YET:
            continue
        assert own.status_code < 500 or own.status_code == 503, where  # 503: a plug this office has not
        assert own.status_code not in (403, 404), where
        assert "/sign-in" not in (own.headers.get("Location") or ""), where


DANGEROUS = (
    ("/staff/accounts/new", {}),
    ("/staff/accounts/{colleague}", {}),
    ("/staff/accounts/{colleague}/active", {}),
    ("/staff/accounts/{colleague}/invite", {}),
    ("/staff/accounts/{colleague}/factors/reset", {}),
    ("/staff/approvals/{approval}", {}),
    ("/staff/broadcasts/{broadcast}", {"_action": "approve"}),
    ("/staff/cases/{case}/protection", {}),
    ("/staff/cases/{case}/shield", {}),
    ("/staff/factors/app", {}),
    ("/staff/factors/passkey", {}),
    ("/staff/factors/recovery", {}),
    ("/staff/factors/{factor}/remove", {}),
    ("/staff/refunds/{refund}/approve", {}),
    ("/staff/refunds/{refund}/send", {}),
    ("/staff/refunds/{refund}/handed-over", {}),
)
"""Steps whose harm is done at once: rights, factors, consent, protection, money, a message to a whole city."""


def test_a_dangerous_step_needs_a_fresh_proof(both: Both) -> None:
    """The last of the file: with a fresh proof the steps are taken."""
    for minutes in (16, 0):
        client = both.mine.client("staff", minutes_ago=minutes)
        for address, typed in DANGEROUS:
            place = address.format(**both.mine.things)
            answer = client.get(place) if place.endswith("/passkey") else client.post(place, data=typed)
            is_asked = "/staff/confirm" in answer.headers.get("Location", "")
            assert is_asked is (minutes > 15), f"{minutes} minutes, {place}: {answer.status}"
