"""Which plug a name means. A city's own plug is one file and an entry point.

The group is ``madoguchi.<socket>``: a package that says
``[project.entry-points."madoguchi.payment"] mirapay = "our_city.mirapay:build"`` is chosen by
``MADOGUCHI_PAYMENT=mirapay``. Every plug is built by a function that takes a ``Ground``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ground:
    """What a plug may stand on: its options, the addresses of the site, a folder, a secret, the clock.

    ``options`` holds every other ``MADOGUCHI_…`` variable, the name in lower case without the prefix.
    """

    options: Mapping[str, str]
    base_url: str
    internal_url: str
    data_dir: Path
    secret: str
    now: Callable[[], datetime]


class UnknownPlug(LookupError):
    """No plug of that name is built in or installed."""


OFF = "off"
BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "identity": {
        "sandbox": "integrations.identity.sandbox:build",
        "digital_agency": "integrations.identity.digital_agency:build",
        "group_sandbox": "integrations.identity.sandbox:build_group",
        "openid": "integrations.identity.openid:build",
    },
    "staff_identity": {
        "sandbox": "integrations.identity.sandbox:build_staff",
        "openid": "integrations.identity.openid:build_staff",
    },
    "mail": {"sandbox": "integrations.builders:sandbox_mail", "smtp": "integrations.builders:smtp"},
    "storage": {"folder": "integrations.builders:folder", "s3": "integrations.storage.s3:build"},
    "scanner": {"sandbox": "integrations.builders:sandbox_scanner", "clamav": "integrations.builders:clamav"},
    "line": {
        "sandbox": "integrations.builders:sandbox_line",
        "messaging_api": "integrations.builders:messaging_api",
    },
    "payment": {
        "sandbox": "integrations.payment.sandbox:build",
        "stripe": "integrations.payment.stripe:build",
        "counter": "integrations.payment.counter:build",
    },
}


def build(socket: str, name: str, ground: Ground) -> Any:
    """Build the plug of that name; None for ``off``. Raises UnknownPlug with the names there are."""
    if name == OFF:
        return None
    return find(socket, name)(ground)


def find(socket: str, name: str) -> Callable[[Ground], Any]:
    """Return the function that builds a plug; installed ones come before built-in ones."""
    for entry in entry_points(group=f"madoguchi.{socket}"):
        if entry.name == name:
            found: Callable[[Ground], Any] = entry.load()
            return found
    target = BUILT_IN.get(socket, {}).get(name)
    if target is None:
        raise UnknownPlug(f"no {socket} plug is named {name!r}; there are {', '.join(names(socket))}")
    module, _, attribute = target.partition(":")
    built: Callable[[Ground], Any] = getattr(importlib.import_module(module), attribute)
    return built


def names(socket: str) -> list[str]:
    """Return every name that ``find`` knows for a socket."""
    installed = {entry.name for entry in entry_points(group=f"madoguchi.{socket}")}
    return sorted(installed | set(BUILT_IN.get(socket, {})))
