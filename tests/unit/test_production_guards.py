"""What production refuses, what it adds, and what never reaches a log."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.casework_office import Office, open_office
from webapp.app import create_app
from webapp.db import Database
from webapp.identity import passwords, residents
from webapp.settings import ROOT, BadSettings, Quotas, Settings
from webapp.web import guards, redaction, security, sessions

GOOD = {
    "MADOGUCHI_MODE": "production",
    "MADOGUCHI_SECRET_KEY": "k" * 40,
    "MADOGUCHI_ANSWER_KEYS": "a1:" + "A" * 43 + "=",
    "MADOGUCHI_BASE_URL": "https://madoguchi.city.example.jp",
    "MADOGUCHI_IDENTITY": "digital_agency",
    "MADOGUCHI_PAYMENT": "stripe",
    "MADOGUCHI_LINE": "off",
    "MADOGUCHI_MAIL": "smtp",
    "MADOGUCHI_SCANNER": "clamav",
}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return open_office(database, tmp_path)


@pytest.fixture
def https(office: Office) -> Flask:
    settings = replace(office.services.settings, base_url="https://madoguchi.city.example.jp")
    return create_app(replace(office.services, settings=settings))


def test_good_production_settings_are_taken() -> None:
    assert Settings.from_environment(GOOD).mode == "production"


def test_a_city_sets_its_own_quotas_and_leaves_the_rest() -> None:
    quotas = Settings.from_environment({**GOOD, "MADOGUCHI_QUOTA_SLOTS_AN_HOUR": "12"}).quotas
    assert quotas == Quotas(slots_an_hour=12)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CITY_DIR", "/nowhere"),
        ("MADOGUCHI_FORMS_DIR", "/nowhere"),
        ("MADOGUCHI_TRUSTED_PROXIES", "one"),
        ("MADOGUCHI_ANSWER_KEYS", "a1:***"),
        ("MADOGUCHI_QUOTA_SLOTS_AT_ONCE", "many"),
        ("MADOGUCHI_MODE", "prod"),
        ("DATABASE_URL_FILE", "/nowhere"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        Settings.from_environment({**GOOD, name: value})


@pytest.mark.parametrize("name", ["IDENTITY", "STAFF_IDENTITY", "PAYMENT", "LINE", "MAIL", "SCANNER"])
def test_production_refuses_a_sandbox(name: str) -> None:
    with pytest.raises(BadSettings, match=name):
        Settings.from_environment({**GOOD, f"MADOGUCHI_{name}": "sandbox"})


def test_production_refuses_a_sandbox_beside_a_real_plug() -> None:
    for names in ("digital_agency,sandbox", "group_sandbox,digital_agency"):
        with pytest.raises(BadSettings, match="IDENTITY"):
            Settings.from_environment({**GOOD, "MADOGUCHI_IDENTITY": names})


@pytest.mark.parametrize("name", ["SECRET_KEY", "ANSWER_KEYS", "BASE_URL"])
def test_production_refuses_a_missing_secret_or_address(name: str) -> None:
    with pytest.raises(BadSettings):
        Settings.from_environment({key: value for key, value in GOOD.items() if key != f"MADOGUCHI_{name}"})


def test_production_refuses_a_moved_clock() -> None:
    with pytest.raises(BadSettings, match="CLOCK"):
        Settings.from_environment({**GOOD, "MADOGUCHI_CLOCK_FILE": "clock"})


def test_hsts_is_sent_over_https_and_the_cookie_is_bound_to_the_host(https: Flask) -> None:
    client = https.test_client()
    answer = client.get("/staff/sign-in", base_url="https://madoguchi.city.example.jp")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-madoguchi_staff=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_a_forged_host_is_refused(https: Flask) -> None:
    assert https.test_client().get("/", base_url="https://evil.example").status_code == 400


def test_a_view_without_a_guard_stops_the_start() -> None:
    app = Flask("bare")
    app.add_url_rule("/open", "open", lambda: "open")
    with pytest.raises(RuntimeError, match="open"):
        security.install(app, secure=False)


def test_a_view_has_one_guard_only() -> None:
    with pytest.raises(TypeError, match="two guards"):
        guards.public(guards.resident_required(lambda: ""))


def test_unknown_fields_of_a_profile_are_ignored(office: Office) -> None:
    from webapp import clock
    from webapp.audit import SYSTEM
    from webapp.identity.models import Resident

    with office.database.transaction() as session:
        resident = Resident(created_at=clock.now(), profile={})
        session.add(resident)
        session.flush()
        residents.declare(
            session, resident, {"name": "見本", "protected": False, "id": 7, "level": 40}, SYSTEM
        )
        assert resident.profile == {"name": "見本"}


@pytest.mark.usefixtures("strong_hashes")
def test_an_unknown_account_takes_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by the work, not by a watch: one hash of the same parameters is computed either way."""
    stored, real = passwords.hash_password("a known password here"), PasswordHasher.verify
    worked: list[str] = []

    def note(hasher: PasswordHasher, hashed: str, password: str) -> bool:
        worked.append(hashed.rsplit("$", 2)[0])
        return bool(real(hasher, hashed, password))

    monkeypatch.setattr(PasswordHasher, "verify", note)
    for hashed in (stored, None):
        assert not passwords.verify(hashed, "a wrong password here")
    assert worked == ["$argon2id$v=19$m=32768,t=3,p=1"] * 2


def test_a_large_form_is_refused(office: Office) -> None:
    answer = office.app.test_client().post("/sign-in/card", data={"next": "x" * 3_000_000})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "line",
    [
        "GET /sign-in/callback?code=abcdefgh12345&state=zyxwv9876 HTTP/1.1",
        "mail to hanako@example.jp failed",
        "tel 090-1234-5678",
        "number 123456789018 typed",
        "Authorization: Bearer eyJhbGciOi.abc.def",
        "POST /apply/Ab3dEf6hIj9kLmNo/pages/applicant",
        "two\nlines\r\nforged",
    ],
)
def test_logs_hold_no_secret_and_no_person(line: str, caplog: pytest.LogCaptureFixture) -> None:
    redaction.install()
    with caplog.at_level(logging.INFO):
        logging.getLogger("any").info("%s", line)
    text = caplog.records[-1].getMessage()
    for secret in (
        "abcdefgh12345",
        "zyxwv9876",
        "hanako",
        "1234-5678",
        "123456789018",
        "eyJ",
        "Ab3dEf6",
        "\n",
        "\r",
    ):
        assert secret not in text


def test_the_traceback_of_an_error_is_redacted_too(caplog: pytest.LogCaptureFixture) -> None:
    redaction.install()
    try:
        raise ValueError("hanako@example.jp\n2026-05-01 admin signed in, code=abcdefgh12345")
    except ValueError:
        logging.getLogger("any").exception("unexpected")
    written = logging.Formatter("%(message)s").format(caplog.records[-1])
    assert "ValueError" in written
    assert "test_production_guards.py" in written, "where it happened stays"
    assert "hanako" not in written
    assert "abcdefgh12345" not in written
    assert all(line.startswith("  | ") for line in written.splitlines()[1:]), "no line of its own"


def test_logs_keep_what_is_needed_to_find_a_fault() -> None:
    line = "GET /procedures/juminhyo HTTP/1.1 200 at 2026-11-20 20:10:03, 12.345 ms, case 26-4839-1572"
    assert redaction.redacted(line) == line


def test_security_txt_names_a_contact_and_an_end(office: Office) -> None:
    text = office.app.test_client().get("/.well-known/security.txt").text
    assert "Contact: " in text
    assert "Expires: " in text


def test_the_database_says_nothing_personal_in_its_errors(database: Database) -> None:
    from sqlalchemy import text

    with pytest.raises(Exception, match="no_such_table") as failed, database.transaction() as session:
        session.execute(text("insert into no_such_table values (:name)"), {"name": "見本花子"})
    assert "見本花子" not in str(failed.value)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_dependency_is_fixed_with_its_hash(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    pinned = [
        number for number, line in enumerate(lines) if line and not line[0].isspace() and line[0] != "#"
    ]
    assert len(pinned) > 20
    for number in pinned:
        assert "==" in lines[number], lines[number]
        assert "--hash=sha256:" in lines[number + 1], lines[number]


def test_sessions_have_a_cookie_for_each_side() -> None:
    assert sessions.COOKIES["resident"] != sessions.COOKIES["staff"]
