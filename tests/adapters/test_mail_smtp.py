"""The mail plug over a real socket: every answer of a mail server has one meaning."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.mail.smtp import SmtpMail, SmtpServer
from tests.fakes.smtp_server import Post, running

RAW = b"Message-ID: <1@mihon.example>\r\nSubject: hello\r\n\r\n.dot\r\nbody\r\n"
TO = "hanako@example.jp"


@pytest.fixture
def server() -> Iterator[tuple[int, Post]]:
    with running() as started:
        yield started


@pytest.fixture
def mail(server: tuple[int, Post]) -> SmtpMail:
    return SmtpMail(SmtpServer("127.0.0.1", server[0], security="none", sender="noreply@mihon.example"))


def said(mail: SmtpMail, to: str = TO) -> str:
    outcome = mail.send(to, RAW)
    return f"{outcome.result} {outcome.detail}".strip()


def test_a_mail_arrives_as_it_was_written_and_the_servers_words_are_kept(
    mail: SmtpMail, server: tuple[int, Post]
) -> None:
    outcome = mail.send(TO, RAW)
    assert (outcome.result, outcome.provider_ref) == ("accepted", "queued as 42")
    assert server[1].received == [(TO, RAW)]


def test_one_connection_serves_many_mails(mail: SmtpMail, server: tuple[int, Post]) -> None:
    assert [said(mail) for _ in range(5)] == ["accepted"] * 5
    assert (server[1].connections, len(server[1].received)) == (1, 5)


@pytest.mark.parametrize(
    ("word", "answer", "meaning"),
    [
        ("RCPT", "550 no such user", "unreachable smtp 550"),
        ("RCPT", "451 try later", "retry smtp 451"),
        ("RCPT", "251 forwarded", "accepted"),
        ("MAIL", "550 not from you", "rejected smtp 550"),
        ("MAIL", "421 too busy", "retry smtp 421"),
        ("DATA", "554 no", "rejected smtp 554"),
        ("DATA", "451 no", "retry smtp 451"),
        (".", "552 too large", "rejected smtp 552"),
        (".", "452 no room", "retry smtp 452"),
    ],
)
def test_every_code_has_its_meaning(
    mail: SmtpMail, server: tuple[int, Post], word: str, answer: str, meaning: str
) -> None:
    server[1].answers[word] = [answer]
    assert said(mail) == meaning
    assert said(mail) == "accepted"  # one bad mail does not spoil the next


@pytest.mark.parametrize("word", ["MAIL", "RCPT"])
def test_a_connection_lost_before_the_data_may_be_repeated(
    mail: SmtpMail, server: tuple[int, Post], word: str
) -> None:
    server[1].answers[word] = ["hangup"]
    assert said(mail).startswith("retry smtp")
    assert server[1].received == []
    assert said(mail) == "accepted"


def test_a_connection_lost_after_the_data_is_unsure_because_the_mail_may_be_there(
    mail: SmtpMail, server: tuple[int, Post]
) -> None:
    server[1].answers["."] = ["hangup"]
    assert said(mail).startswith("unsure lost after data")
    assert len(server[1].received) == 1


def test_a_connection_the_server_closed_meanwhile_is_made_anew(
    mail: SmtpMail, server: tuple[int, Post]
) -> None:
    assert said(mail) == "accepted"
    server[1].answers["NOOP"] = ["hangup"]
    assert said(mail) == "accepted"
    assert server[1].connections == 2


def test_a_server_that_is_away_is_a_retry_and_one_that_refuses_the_login_pauses(
    server: tuple[int, Post],
) -> None:
    away = SmtpMail(SmtpServer("127.0.0.1", 9, security="none"))
    assert said(away).startswith("retry smtp")
    login = SmtpMail(SmtpServer("127.0.0.1", server[0], security="none", user="city", password="wrong"))
    server[1].answers |= {"EHLO": ["250-fake\r\n250 AUTH PLAIN"], "AUTH": ["535 no"]}
    assert said(login) == "paused smtp login refused"


def test_without_starttls_at_the_server_nothing_is_sent_in_the_clear(server: tuple[int, Post]) -> None:
    strict = SmtpMail(SmtpServer("127.0.0.1", server[0], security="starttls"))
    assert said(strict).startswith("retry smtp")
    assert "MAIL" not in server[1].words


def test_the_variables_of_the_environment_are_read() -> None:
    options = {
        "smtp_host": "mail.mihon.example",
        "smtp_port": "465",
        "smtp_security": "tls",
        "mail_from": "a@b",
    }
    server = SmtpServer.from_options(options)
    assert (server.host, server.port, server.security, server.sender) == (
        "mail.mihon.example",
        465,
        "tls",
        "a@b",
    )
