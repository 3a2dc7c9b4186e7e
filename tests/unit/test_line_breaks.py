"""A line break that was typed never begins a line of its own: in a mail's head, an answer's head, a log."""

from __future__ import annotations

import email
import logging
from datetime import UTC, datetime

import pytest

from webapp.errors import InvalidInput
from webapp.messaging import mail_message
from webapp.web import downloads, redaction

BREAKS = ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85"]


def mail(**changed: str) -> bytes:
    given = {
        "to": "a@mihon.example",
        "sender": "no-reply@mihon.example",
        "sender_name": "みほん市",
        "subject": "件名",
    }
    return mail_message.to_bytes(
        **{**given, **changed}, body="本文", key="k", at=datetime(2026, 5, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("line_break", BREAKS)
@pytest.mark.parametrize("place", ["subject", "to", "sender_name"])
def test_no_header_of_a_mail_is_forged(place: str, line_break: str) -> None:
    typed = f"a@mihon.example{line_break}Bcc: everybody@evil.example"
    try:
        raw = mail(**{place: typed})
    except (InvalidInput, ValueError):
        return  # refused as a whole
    read = email.message_from_bytes(raw)
    assert read["Bcc"] is None
    assert read["To"] == "a@mihon.example"


@pytest.mark.parametrize("line_break", BREAKS)
def test_no_header_of_an_answer_is_forged(line_break: str) -> None:
    value = downloads.disposition("attachment", f"a{line_break}X-Evil: 1.pdf")
    assert value.isascii()
    assert not set(value) & {"\r", "\n", "\x0b", "\x85"}


@pytest.mark.parametrize("line_break", BREAKS)
def test_no_line_of_a_log_is_forged(line_break: str, caplog: pytest.LogCaptureFixture) -> None:
    redaction.install()
    with caplog.at_level(logging.INFO):
        logging.getLogger("any").info("typed %s", f"x{line_break}2026-05-01 admin signed in")
    assert len(caplog.records[-1].getMessage().splitlines()) == 1
