"""Every address as every role, with an own, a foreign and a missing object, against docs/permissions.md."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import permission_table
from tests.permission_walk import MISSING, NAME, Walk, open_walk, routes
from webapp.db import new_token
from webapp.identity.permissions import ROLES
from webapp.web.guards import staff_required


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, _template: str) -> Walk:
    if not _template.startswith("sqlite"):
        pytest.skip("the rules are the same code on both databases; once is enough")
    opened = open_walk(_template, tmp_path_factory.mktemp("matrix"))
    opened.checks_pages = False
    opened.office.app.config["WTF_CSRF_ENABLED"] = (
        False  # who may enter is asked here; forged posts elsewhere
    )
    return opened


def to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code in (302, 303) and "/sign-in" in answer.headers["Location"]


def test_every_address_stands_in_the_table_and_the_table_holds_no_other(walk: Walk) -> None:
    written = [line for line in permission_table.FILE.read_text().splitlines() if line.startswith("| ")]
    real = [*permission_table.route_lines(walk.office.app), *permission_table.role_lines()]
    heads = {"| address | view | who |", "| permission | what | roles |"}
    assert set(real) - set(written) == set(), "new or changed: python -m tests.permission_table"
    assert set(written) - set(real) - heads == set(), "gone: python -m tests.permission_table"


def test_staff_addresses_send_everyone_else_to_sign_in(walk: Walk) -> None:
    for rule, method, _guard in routes(walk, "staff"):
        for client in (walk.as_resident(None), walk.as_resident(walk.owner)):
            answer = walk.call(client, rule, method, {})
            assert to_sign_in(answer), f"{method} {rule.rule}: {answer.status}"
            assert NAME not in answer.text


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_its_permissions_say_and_nothing_else(walk: Walk, role: str) -> None:
    for rule, method, guard in routes(walk, "staff"):
        answer = walk.call(walk.as_staff(role, "citizen"), rule, method, {})
        where = f"{role} {method} {rule.rule}: {answer.status}"
        assert answer.status_code < 500, where
        if ROLES[role].permissions & {*guard.permissions}:
            assert not to_sign_in(answer), where
            assert "reference" in rule.arguments or answer.status_code != 403, where
        else:
            assert answer.status_code == 403, where
            assert NAME not in answer.text, where


@pytest.mark.parametrize("role", [role for role in ROLES if "case.read" in ROLES[role].permissions])
def test_a_case_of_another_department_is_answered_like_a_missing_one(walk: Walk, role: str) -> None:
    for rule, method, guard in routes(walk, "staff"):
        if "reference" not in rule.arguments or not ROLES[role].permissions & {*guard.permissions}:
            continue
        foreign = walk.call(walk.as_staff(role, "tax"), rule, method, {})
        missing = walk.call(walk.as_staff(role, "tax"), rule, method, MISSING)
        where = f"{role} {method} {rule.rule}"
        assert foreign.status_code == missing.status_code == 404, (
            f"{where}: {foreign.status} {missing.status}"
        )
        assert NAME not in foreign.text, where


def test_residents_addresses_send_visitors_to_sign_in(walk: Walk) -> None:
    for rule, method, _guard in routes(walk, "resident"):
        answer = walk.call(walk.as_resident(None), rule, method, {})
        assert to_sign_in(answer), f"{method} {rule.rule}: {answer.status}"


def test_what_belongs_to_somebody_is_shown_to_no_visitor(walk: Walk) -> None:
    """Other residents and officers: test_permission_objects.py, with a thing of every kind."""
    for rule, method, _guard in routes(walk, "visitor", "resident"):
        if not rule.arguments & {"token", "reference"}:
            continue
        answer = walk.call(walk.as_resident(None), rule, method, {})
        where = f"{method} {rule.rule}: {answer.status}"
        assert answer.status_code in (302, 303, 400, 403, 404, 409, 422), where
        assert NAME not in answer.text, where


def test_public_addresses_never_fail_and_show_nobody(walk: Walk) -> None:
    for rule, method, _guard in routes(walk, "public"):
        answer = walk.call(walk.as_resident(None), rule, method, {"token": new_token()})
        assert answer.status_code < 500 or answer.status_code == 503, f"{method} {rule.rule}: {answer.status}"
        assert NAME not in answer.text


def test_a_new_route_without_a_line_in_the_table_is_named() -> None:
    planted = Flask("planted")
    planted.add_url_rule("/staff/planted", "planted", staff_required("case.read")(lambda: ""))
    written = permission_table.FILE.read_text().splitlines()
    assert set(permission_table.route_lines(planted)) - set(written) == {
        "| GET `/staff/planted` | planted | permission `case.read` |"
    }
