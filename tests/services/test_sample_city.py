"""The sample city's staff fit its departments and facilities, and hear of what waits."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select

from webapp.booking.load import load_facilities
from webapp.city import load_city
from webapp.db import Database
from webapp.identity.models import Staff
from webapp.identity.permissions import check_grant
from webapp.jobs import sample_city
from webapp.messaging.topics import audience
from webapp.settings import ROOT, Settings
from webapp.wiring import Services

DEMO = ROOT / "demo"
ACCOUNTS = sample_city.sample_staff(DEMO).accounts


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.login)
def test_an_account_works_in_a_department_of_the_city(account: sample_city.Account) -> None:
    assert account.department in load_city(DEMO).departments


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.login)
def test_every_role_is_one_and_reaches_something_that_exists(account: sample_city.Account) -> None:
    departments, facilities = load_city(DEMO).departments, load_facilities([DEMO / "facilities"]).by_slug
    for grant in account.roles:
        check_grant(grant)
        scope = grant.partition("@")[2]
        kind, _, slug = scope.partition(":")
        assert scope == "*" or scope in departments or (kind == "facility" and slug in facilities), grant


def test_every_account_has_its_own_address_in_the_sample_city() -> None:
    assert [account.email for account in ACCOUNTS] == [f"{one.login}@mihon.example" for one in ACCOUNTS]


def test_two_cashiers_can_check_each_other() -> None:
    held = Counter(grant.partition("@")[0] for account in ACCOUNTS for grant in account.roles)
    assert held["cashier"] >= 2


def test_accounts_with_addresses_and_subscribers_on_every_topic_are_loaded_once(database: Database) -> None:
    services = SimpleNamespace(settings=Settings(city_dir=DEMO), database=database, city=load_city(DEMO))
    for made in (True, False):
        assert sample_city.load(cast("Services", services)) is made
    with database.reading() as session:
        people = [audience(session, topic.key) for topic in services.city.topics if topic.key != "procedures"]
        assert all(people)
        assert {bool(person.user_id) for person in people[0]} == {True, False}
        assert set(session.scalars(select(Staff.email))) == {account.email for account in ACCOUNTS}
