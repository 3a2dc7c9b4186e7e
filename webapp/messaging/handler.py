"""Build the outbox handlers of messaging from the city, the links and the plugs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from webapp.city import City, Department
from webapp.messaging import line_menu, line_reply, notices, staff_digest, tell, templates
from webapp.messaging.deliver import House, TellHandler
from webapp.messaging.mail_message import Contact
from webapp.outbox.outcomes import Handler
from webapp.ports.line import LinePort
from webapp.ports.mail import MailPort

OPEN_LINK: Final = "open_link"


def handlers(
    *,
    city: City,
    links: Mapping[str, Callable[..., str]],
    mail: MailPort | None,
    line: LinePort | None,
    mail_from: str = "",
) -> dict[str, Handler]:
    """Return outbox kind -> handler. ``links`` must hold ``home`` and ``open_link`` (token)."""
    house = house_of(city, links, mail_from)
    library = templates.load()
    notice = notices.NoticeHandler(house, mail, line)
    return {
        notices.MULTICAST: notice,
        notices.MAIL: notice,
        line_reply.KIND: line_reply.ReplyHandler(line),
        line_menu.KIND: line_menu.MenuHandler(line),
        tell.KIND: TellHandler(house, library, mail, line),
        staff_digest.KIND: staff_digest.DigestHandler(house, mail),
    }


def house_of(city: City, links: Mapping[str, Callable[..., str]], mail_from: str = "") -> House:
    """Return what messages need to know about the city; without ``mail_from`` it is noreply@ our host."""
    host = urlsplit(links["home"]()).hostname or "localhost"
    return House(
        city=city.name,
        contacts={key: _contact(department) for key, department in city.departments.items()},
        links=links,
        open_link=lambda token: links[OPEN_LINK](token=token),
        mail_from=mail_from or f"noreply@{host}",
        general=_contact(city.front_desk),
    )


def _contact(department: Department) -> Contact:
    return Contact(
        name=department.name, tel=department.tel, email=department.email or "", hours=department.hours
    )
