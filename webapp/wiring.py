"""What belongs together: services of a running city, and what follows what.

``build`` is called once by ``wsgi.py`` with the plugs that the settings name. The dicts here are the
only places where a lower package reaches a higher one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.city import City, load_city
from webapp.db import Database, use_keys
from webapp.form_engine.load import Library
from webapp.outbox.outcomes import Handlers as OutboxHandlers
from webapp.payment.settle import HandlersByPurpose
from webapp.ports.identity import IdentityProvider
from webapp.ports.line import LinePort
from webapp.ports.mail import MailPort
from webapp.ports.payment import PaymentPort
from webapp.ports.scanner import ScannerPort
from webapp.ports.storage import StoragePort
from webapp.settings import Settings


@dataclass(frozen=True)
class Plugs:
    """One plug for each socket, chosen by the settings in ``wsgi.py``."""

    identity: Mapping[str, IdentityProvider]
    payment: Mapping[str, PaymentPort]
    storage: StoragePort
    scanner: ScannerPort
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
    plugs: Plugs
    links: Mapping[str, Callable[..., str]]
    settle_handlers: HandlersByPurpose
    outbox_handlers: OutboxHandlers
    extras: Mapping[str, Any] = field(default_factory=dict)
