"""Mail through an SMTP server, with the standard library."""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.ports.delivery import Outcome

CONNECT_AND_READ_S = 15.0


@dataclass(frozen=True)
class SmtpServer:
    """Where and how to hand mail over. ``security`` is ``starttls``, ``tls`` or ``none`` (a local relay)."""

    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = ""
    sender: str = "noreply@localhost"

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> SmtpServer:
        """Read ``MADOGUCHI_SMTP_…`` (HOST, PORT, SECURITY, USER, PASSWORD) and ``MADOGUCHI_MAIL_FROM``."""
        return cls(
            host=options["smtp_host"],
            port=int(options.get("smtp_port", "587")),
            security=options.get("smtp_security", "starttls"),
            user=options.get("smtp_user", ""),
            password=options.get("smtp_password", ""),
            sender=options.get("mail_from", "noreply@localhost"),
        )


class SmtpMail:
    """Keeps one connection per thread and tells the server's codes apart."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._local = threading.local()

    def send(self, to: str, raw: bytes) -> Outcome:
        """See MailPort."""
        try:
            connection = self._connection()
        except (OSError, smtplib.SMTPException) as error:
            return _refused_at_door(error)
        try:
            return self._hand_over(connection, to, raw)
        finally:
            if connection.sock is None:
                self._local.connection = None

    def _hand_over(self, connection: smtplib.SMTP, to: str, raw: bytes) -> Outcome:
        """MAIL, RCPT and DATA by hand: only a loss after the data was sent is ``unsure``."""
        try:
            code, words = connection.mail(self._server.sender)
            if code != 250:
                return self._reset(connection, code, words, "rejected")
            code, words = connection.rcpt(to)
            if code not in (250, 251):
                return self._reset(connection, code, words, "unreachable")
        except (OSError, smtplib.SMTPException) as error:
            connection.close()
            return Outcome("retry", f"smtp {type(error).__name__}")
        try:
            code, words = connection.data(raw)
        except smtplib.SMTPDataError as error:
            return self._reset(connection, error.smtp_code, error.smtp_error, "rejected")
        except (OSError, smtplib.SMTPException) as error:
            connection.close()
            return Outcome("unsure", f"lost after data: {type(error).__name__}")
        if code != 250:
            return self._reset(connection, code, words, "rejected")
        return Outcome("accepted", provider_ref=_words(words))

    def _reset(self, connection: smtplib.SMTP, code: int, words: bytes | str, refused: str) -> Outcome:
        try:
            connection.rset()
        except (OSError, smtplib.SMTPException):
            connection.close()
        detail = f"smtp {code}"
        if 400 <= code < 500:
            return Outcome("retry", detail)
        return Outcome("unreachable", detail) if refused == "unreachable" else Outcome("rejected", detail)

    def _connection(self) -> smtplib.SMTP:
        kept: smtplib.SMTP | None = getattr(self._local, "connection", None)
        if kept is not None:
            try:
                if kept.noop()[0] == 250:
                    return kept
            except (OSError, smtplib.SMTPException):
                kept.close()
        fresh = self._connect()
        self._local.connection = fresh
        return fresh

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            context = ssl.create_default_context()
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=CONNECT_AND_READ_S, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=CONNECT_AND_READ_S)
            if server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
        connection.ehlo_or_helo_if_needed()
        if server.user:
            connection.login(server.user, server.password)
        return connection


def _refused_at_door(error: Exception) -> Outcome:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Outcome("paused", "smtp login refused")
    return Outcome("retry", f"smtp {type(error).__name__}")


def _words(words: bytes | str) -> str:
    return words.decode("ascii", "replace") if isinstance(words, bytes) else words
