"""Make the bytes of a mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from webapp import clock
from webapp.errors import InvalidInput
from webapp.messaging.filling import fill
from webapp.messaging.templates import Frame, Placeholder, Template
from webapp.yaml_source import Lang, Text


@dataclass(frozen=True)
class Contact:
    """Where to ask about a message."""

    name: Text
    tel: str = ""
    email: str = ""
    hours: Text | None = None


@dataclass(frozen=True)
class MailParts:
    """What goes into one mail besides the template."""

    lang: Lang
    values: Mapping[str, Any]
    url: str | None
    contact: Contact | None


def render(
    template: Template, frame: Frame, placeholders: Mapping[str, Placeholder], parts: MailParts
) -> tuple[str, str]:
    """Return subject and plain text: greeting, body, link, reference, why, contact, "do not reply"."""

    def say(text: Text, **more: str) -> str:
        words = text.in_(parts.lang)
        for key, value in more.items():
            words = words.replace("{" + key + "}", value)
        return fill(words, parts.values, placeholders, parts.lang, public_only=False).strip()

    blocks = [
        say(frame.greeting if parts.values.get("name") else frame.greeting_nameless),
        say(template.mail.body),
    ]
    if parts.url:
        blocks.append(say(frame.link, button=template.mail.button.in_(parts.lang)) + f"\n{parts.url}")
    if parts.values.get("reference"):
        blocks.append(say(frame.reference))
    blocks.append("--")
    blocks.append(say(frame.why, why=template.why.in_(parts.lang)))
    if parts.contact is not None:
        blocks.append(_contact(say(frame.contact), parts.contact, parts.lang))
    blocks.append(say(frame.automatic))
    return " ".join(say(template.mail.subject).split()), "\n\n".join(blocks) + "\n"


def to_bytes(
    *, to: str, sender: str, sender_name: str, subject: str, body: str, key: str, at: datetime
) -> bytes:
    """Return RFC 5322 bytes; ``key`` makes the Message-ID, so that a repeat is the same mail.

    Raises InvalidInput for an address that cannot be written into a header.
    """
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=policy.SMTP)
    try:
        message["From"] = Address(sender_name, addr_spec=sender)
        message["To"] = checked_address(to)
    except (ValueError, IndexError) as error:
        raise InvalidInput(f"not a mail address: {error}") from error
    message["Subject"] = subject
    message["Date"] = format_datetime(clock.tokyo(at))
    message["Message-ID"] = f"<{key}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(body, cte="base64")
    return message.as_bytes()


def checked_address(to: str) -> str:
    """Return the address, quoted where a carrier's odd local part (dots at the end) needs it."""
    local, at, domain = to.strip().rpartition("@")
    if not at or not local or not domain or any(c in to for c in "\r\n<>, "):
        raise ValueError(to)
    local = local.strip('"')
    odd = local.startswith(".") or local.endswith(".") or ".." in local
    return f'"{local}"@{domain}' if odd else f"{local}@{domain}"


def _contact(heading: str, contact: Contact, lang: Lang) -> str:
    lines = [heading, contact.name.in_(lang)]
    if contact.tel:
        lines.append(f"{'Tel' if lang == 'en' else '電話'} {contact.tel}")
    if contact.hours is not None:
        lines.append(contact.hours.in_(lang))
    if contact.email:
        lines.append(contact.email)
    return "\n".join(lines)
