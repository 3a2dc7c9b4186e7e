"""What holds for every address: headers, forged posts, reading that changes nothing, hostile words."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.permission_walk import Walk, open_walk, routes
from webapp.identity.permissions import ROLES
from webapp.settings import ROOT

HOSTILE = [
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "\r\nX-Evil: 1",
    "\0",
]
NAMES = ("q", "text", "next", "page", "sort", "lang", "category", "status", "level", "view", "year")
ALL = ("public", "visitor", "resident", "staff")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, _template: str) -> Walk:
    if not _template.startswith("sqlite"):
        pytest.skip("the rules are the same code on both databases; once is enough")
    return open_walk(_template, tmp_path_factory.mktemp("security"))


def answers(walk: Walk, method: str) -> Iterator[tuple[Rule, TestResponse]]:
    """Every address of a method, by somebody who may enter it."""
    for rule, how, guard in routes(walk, *ALL):
        if how != method:
            continue
        client = walk.as_resident(walk.owner)
        if guard.kind == "staff":
            role = next((name for name in ROLES if ROLES[name].permissions & {*guard.permissions}), "admin")
            client = walk.as_staff(role, "citizen")
        yield rule, walk.call(client, rule, method, {})


def test_every_answer_is_protected_by_its_headers(walk: Walk) -> None:
    for rule, answer in answers(walk, "GET"):
        where, headers = f"{rule.rule}: {answer.status}", answer.headers
        policy = dict(
            part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'", where
        if "sandbox" not in policy:  # files are shown in a sandbox, with a policy of their own
            assert "unsafe" not in headers["Content-Security-Policy"], where
            assert policy["base-uri"] == policy["frame-ancestors"] == policy["object-src"] == "'none'", where
        assert headers["X-Content-Type-Options"] == "nosniff", where
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", where
        assert headers["Referrer-Policy"] == "same-origin", where
        assert "Permissions-Policy" in headers, where
        if answer.mimetype in ("text/html", "application/json"):
            assert "charset=utf-8" in headers["Content-Type"] or answer.mimetype == "application/json", where


def test_personal_pages_are_not_kept_by_browsers(walk: Walk) -> None:
    for rule, answer in answers(walk, "GET"):
        if answer.status_code == 200 and not rule.rule.startswith("/static"):
            stored = answer.headers.get("Cache-Control", "")
            assert (
                "no-store" in stored or "no-cache" in stored or "private" in stored or "max-age" in stored
            ), rule.rule
            if rule.rule.startswith(("/staff/cases", "/account", "/apply/<", "/cases/<")):
                assert "no-store" in stored, rule.rule


def test_a_post_without_a_token_changes_nothing(walk: Walk) -> None:
    before = content(walk)
    for rule, answer in answers(walk, "POST"):
        assert answer.status_code in (303, 400, 403), f"{rule.rule}: {answer.status}"
        if answer.status_code == 303:
            assert "/sign-in" in answer.headers["Location"], rule.rule
    assert content(walk) == before


def test_a_post_from_another_site_is_refused(walk: Walk) -> None:
    walk.office.app.config["WTF_CSRF_ENABLED"] = False
    try:
        for rule, method, _guard in routes(walk, *ALL):
            if method != "POST":
                continue
            with walk.office.app.test_request_context():
                values = walk.values(rule, {})
                address = walk.office.app.url_map.bind("localhost").build(
                    rule.endpoint, values, method="POST"
                )
            for headers in (
                {"Sec-Fetch-Site": "cross-site"},
                {"Origin": "https://evil.example"},
                {"Origin": "null"},
            ):
                assert walk.as_resident(walk.owner).post(address, headers=headers).status_code == 403, (
                    rule.rule
                )
    finally:
        walk.office.app.config["WTF_CSRF_ENABLED"] = True


def test_reading_changes_nothing_but_the_trail_and_the_session(walk: Walk) -> None:
    before = content(walk)
    for _ in answers(walk, "GET"):
        pass
    assert content(walk) == before


def test_hostile_words_in_addresses_and_searches_break_nothing(walk: Walk) -> None:
    for rule, method, guard in routes(walk, "public", "visitor", "staff"):
        if method != "GET" or rule.arguments:
            continue
        for word in HOSTILE:
            client = walk.as_staff("reviewer", "citizen") if guard.kind == "staff" else walk.as_resident(None)
            query = dict.fromkeys(
                ("q", "text", "next", "page", "sort", "lang", "category", "status", "level"), word
            )
            answer = client.get(rule.rule, query_string=query)
            assert answer.status_code < 500 or answer.status_code == 503, (
                f"{rule.rule} {word!r}: {answer.status}"
            )
            assert "<script>alert(1)" not in answer.text, rule.rule
            assert "<img src=x" not in answer.text, rule.rule
            assert "X-Evil" not in answer.headers, rule.rule


def test_nothing_tells_the_version_and_trace_is_not_spoken(walk: Walk) -> None:
    answer = walk.as_resident(None).get("/")
    assert "X-Powered-By" not in answer.headers
    assert walk.as_resident(None).open("/", method="TRACE").status_code == 405


def test_templates_never_switch_escaping_off() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        found = re.findall(r"\|\s*safe\b|autoescape\s+false|Markup\(", path.read_text())
        assert not found, f"{path.name}: {found}"


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<[^>{]+\son[a-z]+\s*=", text), path.name
        assert not re.search(r"<[a-z][^>]*\sstyle\s*=", text), path.name
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text.replace("application/json", "src=")), (
            path.name
        )


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bpickle\b",
        r"\bshell=True",
        r"\bimport yaml\b",
        r"\bos\.system\(",
        r"(?<![\w.])eval\(",
        r"(?<![\w.])exec\(",
        r"\bextractall\(",
        r"verify\s*=\s*False",
        r"\b(?:WHERE|VALUES|SET)\b[^\"]*\{",
    ],
)
def test_the_code_holds_no_dangerous_call(pattern: str) -> None:
    for folder in (
        "webapp",
        *(["integrations"] if "WHERE" not in pattern else []),
    ):  # sandboxes speak plain SQLite
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(pattern, path.read_text()), f"{path.name}: {pattern}"


def content(walk: Walk) -> str:
    """Return a digest of every table but those that reading may write: the trail and the sessions."""
    path = walk.office.database.url.removeprefix("sqlite:///")
    digest = hashlib.sha256()
    with sqlite3.connect(f"file:{Path(path)}?mode=ro", uri=True) as file:
        names = [
            row[0]
            for row in file.execute("select name from sqlite_master where type = 'table' order by name")
        ]
        for name in names:
            if name not in ("audit_entry", "web_session", "throttle"):
                for row in file.execute(f'select * from "{name}" order by 1'):
                    digest.update(repr((name, row)).encode())
    return digest.hexdigest()
