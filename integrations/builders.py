"""Small functions that build the plugs of this repository from a ``Ground``, and the sandboxes' doors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from integrations.catalogue import Ground
from webapp.ports.line import LinePort
from webapp.ports.mail import MailPort
from webapp.ports.scanner import ScannerPort
from webapp.ports.storage import StoragePort

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def sandbox_mail(ground: Ground) -> MailPort:
    """A mailbox in a file."""
    from integrations.mail.sandbox import SandboxMail

    return SandboxMail(ground.data_dir / "sandbox-mail.sqlite3")


def smtp(ground: Ground) -> MailPort:
    """The city's mail server."""
    from integrations.mail.smtp import SmtpMail, SmtpServer

    return SmtpMail(SmtpServer.from_options(ground.options))


def sandbox_line(ground: Ground) -> LinePort:
    """LINE as a few phones in a file."""
    from integrations.line import login_desk
    from integrations.line.sandbox import SandboxLine

    login = login_desk.client(ground.base_url, ground.internal_url)
    return SandboxLine(ground.data_dir / "sandbox-line.sqlite3", login)


def messaging_api(ground: Ground) -> LinePort:
    """The city's official account: ``MADOGUCHI_LINE_TOKEN`` and ``_LINE_SECRET``."""
    from integrations.line.messaging_api import MessagingApiLine

    return MessagingApiLine.from_options(ground.options)


def folder(ground: Ground) -> StoragePort:
    """Files in a folder: ``MADOGUCHI_STORAGE_FOLDER``, or ``files`` below the data folder."""
    from integrations.storage.folder import FolderStorage

    named = ground.options.get("storage_folder")
    return FolderStorage(Path(named) if named else ground.data_dir / "files")


def sandbox_scanner(_ground: Ground) -> ScannerPort:
    """A scanner that knows the EICAR test file only."""
    from integrations.scanner.sandbox import SandboxScanner

    return SandboxScanner()


def clamav(ground: Ground) -> ScannerPort:
    """clamd at ``MADOGUCHI_CLAMAV`` (host:port, or a socket's path)."""
    from integrations.scanner.clamav import ClamavScanner

    return ClamavScanner(ground.options["clamav"])


def sandbox_applications(ground: Ground, *, mail: Any, line: Any, payment: Any) -> dict[str, WSGIApplication]:
    """The doors of the sandboxes by the path they are mounted at; for the sample city only."""
    from integrations.identity import sandbox as identity
    from integrations.mail import sandbox_app as messages

    keys = ground.data_dir / "identity"
    doors: dict[str, WSGIApplication] = {
        "/sandbox/identity": identity.build_simulator(base_url=ground.base_url, folder=keys),
        "/sandbox/messages": messages.build(mail, line),
    }
    from integrations.line.sandbox import SandboxLine

    if isinstance(line, SandboxLine):
        from integrations.line import phone

        doors["/sandbox/line"] = phone.build(line, ground.internal_url)
    if payment is not None:
        from integrations.payment import sandbox_page

        doors["/sandbox/payment"] = sandbox_page.SandboxPages(payment)
    return doors
