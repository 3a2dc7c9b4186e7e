"""What belongs together: services of a running city, and what follows what.

``build`` is called once by ``wsgi.py`` with the plugs that the settings name. The dicts made here are
the only places where a lower package reaches a higher one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import MetaData

import webapp
from webapp.applications import batch, paid
from webapp.applications.erase import Forget
from webapp.applications.fees import PURPOSE as APPLICATION_FEE
from webapp.booking import overtime, paying
from webapp.booking.facility import Facilities
from webapp.booking.forget import forget_case as forget_booking
from webapp.booking.load import load_facilities
from webapp.calendar.business import city_hall
from webapp.casework.models import Case
from webapp.city import City, load_city
from webapp.db import Base, Database, use_keys
from webapp.form_engine.adopt import adopt
from webapp.form_engine.load import Library, load_library
from webapp.messaging.handler import handlers as messaging_handlers
from webapp.outbox.outcomes import Handlers as OutboxHandlers
from webapp.payment import policy
from webapp.payment.settle import HandlersByPurpose
from webapp.ports.identity import IdentityProvider
from webapp.ports.line import LinePort
from webapp.ports.mail import MailPort
from webapp.ports.payment import PaymentPort
from webapp.ports.scanner import ScannerPort
from webapp.ports.storage import StoragePort
from webapp.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

ROOT = Path(__file__).resolve().parent.parent
Links = Mapping[str, Callable[..., str]]


@dataclass(frozen=True)
class Plugs:
    """One plug for each socket, chosen by the settings in ``wsgi.py``; of several the first is default."""

    identity: Mapping[str, IdentityProvider]
    payment: Mapping[str, PaymentPort]
    storage: StoragePort
    scanner: ScannerPort
    staff_identity: IdentityProvider | None = None
    mail: MailPort | None = None
    line: LinePort | None = None
    form_targets: tuple[str, ...] = ()
    """Origins outside that a form may lead to: the identity and payment providers."""


@dataclass(frozen=True)
class Services:
    """Everything a view, a job or a command needs."""

    settings: Settings
    database: Database
    city: City
    library: Library
    identity: Mapping[str, IdentityProvider]
    payment: Mapping[str, PaymentPort]
    storage: StoragePort
    scanner: ScannerPort
    mail: MailPort | None
    line: LinePort | None
    links: Links
    settle_handlers: HandlersByPurpose
    outbox_handlers: OutboxHandlers
    form_targets: tuple[str, ...]
    staff_identity: IdentityProvider | None = None
    """The staff's own single sign-on, where the city has one."""
    facilities: Facilities = field(default_factory=Facilities)

    def batch_house(self) -> batch.House:
        """What work on many cases needs."""

        def is_sample(case: Case) -> bool:
            definition = self.library.get(case.slug)
            return self.settings.is_demo or bool(definition and definition.sample)

        return batch.House(
            transaction=self.database.transaction,
            city=self.city,
            calendar=city_hall(self.city.holidays),
            storage=self.storage,
            is_sample=is_sample,
        )

    def migrations(self) -> Config:
        """Alembic's configuration for this database; no file is read."""
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.attributes["engine"] = self.database.engine
        return config

    @property
    def online_payment(self) -> PaymentPort:
        """The provider whose page residents pay on. Raises StopIteration when there is none."""
        return next(port for port in self.payment.values() if port.online)

    @property
    def counter_payment(self) -> PaymentPort:
        """The cash desk. Raises StopIteration when there is none."""
        return next(port for port in self.payment.values() if not port.online)


def build(settings: Settings, plugs: Plugs) -> Services:
    """Load the city and its procedures and put everything together.

    Raises SourceErrors when a data file has an error: a city must not start with half its procedures.
    """
    use_keys(settings.answer_keys)
    city = load_city(settings.city_dir)
    policy.use(city.payment)
    links = links_of(settings.base_url)
    folder = settings.city_dir / "facilities"
    facilities = load_facilities([folder] if folder.is_dir() else [], city.holidays)
    return Services(
        settings=settings,
        database=Database(settings.database_url),
        city=city,
        library=load_procedures(settings),
        facilities=facilities,
        identity=plugs.identity,
        staff_identity=plugs.staff_identity,
        payment=plugs.payment,
        storage=plugs.storage,
        scanner=plugs.scanner,
        mail=plugs.mail,
        line=plugs.line,
        links=links,
        settle_handlers=settle_handlers(facilities),
        outbox_handlers=messaging_handlers(
            city=city,
            links=links,
            mail=plugs.mail,
            line=plugs.line,
            mail_from=settings.plug_options.get("mail_from", ""),
        ),
        form_targets=plugs.form_targets,
    )


def load_procedures(settings: Settings) -> Library:
    """Load the shared procedures the city adopted and its own."""
    own = settings.city_dir / "forms"
    library = load_library([settings.forms_dir, *([own] if own.is_dir() else [])])
    adopted = settings.city_dir / "adopted.yaml"
    return adopt(library, adopted) if adopted.exists() else library


def settle_handlers(facilities: Facilities | None = None) -> HandlersByPurpose:
    """Purpose of a charge -> what happens when its money moves."""
    return {
        APPLICATION_FEE: paid.HANDLERS,
        "booking": paying.handlers(facilities or Facilities()),
        overtime.PURPOSE: overtime.HANDLERS,
    }


def forgetters() -> tuple[Forget, ...]:
    """What other parts hold about a case that is erased, and how each forgets it."""
    return (forget_booking,)


def links_of(base_url: str) -> Links:
    """Name of a page -> its address in a message."""

    def page(pattern: str) -> Callable[..., str]:
        def address(**args: str) -> str:
            return base_url + pattern.format(**{key: quote(value, safe="") for key, value in args.items()})

        return address

    return {
        "home": page("/"),
        "my": page("/my"),
        "case": page("/cases/{reference}"),
        "draft": page("/apply/{draft}"),
        "open_link": page("/l/{token}"),
        "line_link": page("/line/link?linkToken="),
        "topics": page("/topics"),
        "procedure": page("/procedures/{slug}"),
        "report": page("/procedures/{slug}"),
        "charge": page("/pay/{token}"),
        "receipt": page("/pay/{token}/receipt"),
        "refund": page("/refund/{token}"),
        "booking": page("/cases/{reference}"),
        "facilities": page("/facilities"),
        "facility": page("/facilities/{slug}"),
        "staff_inbox": page("/staff/inbox"),
    }


def metadata() -> MetaData:
    """Import every module that declares tables and return the whole schema."""
    importlib.import_module("webapp.audit")
    for package in pkgutil.iter_modules(webapp.__path__, "webapp."):
        if not package.ispkg:
            continue
        folder = importlib.import_module(package.name).__path__
        for module in pkgutil.iter_modules(folder, f"{package.name}."):
            if module.name.endswith((".models", "_models")):
                importlib.import_module(module.name)
    return Base.metadata
