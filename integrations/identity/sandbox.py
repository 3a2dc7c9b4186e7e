"""The plug and the simulator it talks to, for a machine without network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from joserfc.jwk import ECKey

from integrations.http import Http
from integrations.identity.card_simulator import CardSimulator
from integrations.identity.digital_agency import PROTOCOL, DigitalAgency, profile
from integrations.identity.digital_agency_signing import DigitalAgencySigning
from integrations.identity.jpki_verifier import JpkiVerifier
from integrations.identity.keys import load_or_make
from integrations.identity.relying_party import RelyingParty
from integrations.identity.simulator_pki import TestAuthority
from integrations.identity.simulator_signing import SigningDesk
from integrations.identity.simulator_store import Store

if TYPE_CHECKING:
    from integrations.catalogue import Ground

CLIENT_ID = "MADOGUCHIDEMO01"
MOUNT = "/sandbox/identity"
CALLBACK_PATH = "/sign-in/callback"


def build(ground: Ground) -> DigitalAgency:
    """Build the plug ``sandbox`` of the catalogue."""
    return build_plug(
        base_url=ground.base_url, internal_url=ground.internal_url, folder=ground.data_dir / "identity"
    )


def simulator(ground: Ground) -> CardSimulator:
    """Build the WSGI application that ``wsgi.py`` mounts at ``MOUNT`` in the demo."""
    return build_simulator(base_url=ground.base_url, folder=ground.data_dir / "identity")


def build_plug(
    *, base_url: str, internal_url: str, folder: Path, read_seconds: float = 10.0
) -> DigitalAgency:
    """Return the very adapter of production, registered at the simulator on this server.

    The browser's address is a path, so that any name of this machine works; the back channel uses
    ``internal_url``.
    """
    inside = internal_url.rstrip("/") + MOUNT + PROTOCOL
    options = {
        "identity_client_id": CLIENT_ID,
        "identity_authorize_url": f"{MOUNT}{PROTOCOL}/auth",
        "identity_token_url": f"{inside}/token",
        "identity_userinfo_url": f"{inside}/userinfo",
        "identity_jwks_url": f"{inside}/certs",
        "identity_assertion_audience": "issuer",
    }
    settings = profile(options, base_url.rstrip("/") + MOUNT)
    http = Http(hosts=[urlsplit(internal_url).netloc], inner=True, read_seconds=read_seconds)
    key = load_or_make(folder / "our-keys.json")[0]
    authority = TestAuthority.load_or_make(folder / "simulator-ca.pem")
    return DigitalAgency(
        RelyingParty(settings, key, http),
        simulated=True,
        signing=DigitalAgencySigning(
            RelyingParty(replace(settings, use_userinfo=False), key, http),
            http,
            f"{internal_url.rstrip('/')}{MOUNT}/sign-transactions",
        ),
        verifier=JpkiVerifier([authority.anchor()]),
    )


def build_simulator(*, base_url: str, folder: Path, timeout_seconds: float = 12.0) -> CardSimulator:
    """Return the WSGI application to mount at ``/sandbox/identity``."""
    key = load_or_make(folder / "simulator-keys.json")[0]
    assert isinstance(key, ECKey)
    ours = folder / "our-keys.json"
    store = Store(folder / "simulator.sqlite3")
    return CardSimulator(
        base=base_url.rstrip("/") + MOUNT,
        store=store,
        signing=SigningDesk(store, lambda: TestAuthority.load_or_make(folder / "simulator-ca.pem")),
        key=key,
        clients=lambda: {CLIENT_ID: load_or_make(ours)},
        accepts_redirect=lambda address: (
            urlsplit(address).path == CALLBACK_PATH and urlsplit(address).scheme in ("http", "https")
        ),
        timeout_seconds=timeout_seconds,
    )
