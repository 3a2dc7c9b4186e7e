"""The plugs and the simulator they talk to, for a machine without network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from joserfc.jwk import ECKey

from integrations.http import Http
from integrations.identity import openid
from integrations.identity.card_simulator import CardSimulator
from integrations.identity.cards import COMPANIES, STAFF
from integrations.identity.digital_agency import PROTOCOL, REALM, DigitalAgency, profile
from integrations.identity.digital_agency_signing import DigitalAgencySigning
from integrations.identity.jpki_verifier import JpkiVerifier
from integrations.identity.keys import load_or_make
from integrations.identity.openid import OpenIdConnect
from integrations.identity.relying_party import RelyingParty
from integrations.identity.simulator_pki import TestAuthority
from integrations.identity.simulator_signing import SigningDesk
from integrations.identity.simulator_store import Store

if TYPE_CHECKING:
    from integrations.catalogue import Ground

CLIENT_ID = "MADOGUCHIDEMO01"
MOUNT = "/sandbox/identity"
GROUP_CLIENT_ID = "MADOGUCHIGROUP1"
STAFF_CLIENT_ID = "MADOGUCHISTAFF1"
CALLBACK_PATH = "/sign-in/callback"
CALLBACK_PATHS = (CALLBACK_PATH, "/staff/sign-in/callback")


def build(ground: Ground) -> DigitalAgency:
    """Build the plug ``sandbox`` of the catalogue."""
    return build_plug(
        base_url=ground.base_url, internal_url=ground.internal_url, folder=ground.data_dir / "identity"
    )


def build_group(ground: Ground) -> OpenIdConnect:
    """Build the plug ``group_sandbox``: accounts of sample companies, through the client of production."""
    party = _openid_party(ground, GROUP_CLIENT_ID, ("openid", "name", "address"))
    return OpenIdConnect(party, id="openid", label="会社・団体のアカウント", kind="group", simulated=True)


def build_staff(ground: Ground) -> OpenIdConnect:
    """Build the staff's single sign-on ``sandbox``."""
    party = _openid_party(ground, STAFF_CLIENT_ID, ("openid", "name"))
    return OpenIdConnect(party, id="staff_openid", label="職員の共通アカウント", simulated=True)


def build_plug(
    *, base_url: str, internal_url: str, folder: Path, read_seconds: float = 10.0
) -> DigitalAgency:
    """Return the very adapter of production, registered at the simulator on this server.

    The browser's address is a path, so that any name of this machine works; the back channel uses
    ``internal_url``.
    """
    addresses = {f"identity_{name}": url for name, url in _addresses(internal_url).items()}
    options = {"identity_client_id": CLIENT_ID, "identity_assertion_audience": "issuer", **addresses}
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
        clients=lambda: dict.fromkeys((CLIENT_ID, GROUP_CLIENT_ID, STAFF_CLIENT_ID), load_or_make(ours)),
        accepts_redirect=lambda address: (
            urlsplit(address).path in CALLBACK_PATHS and urlsplit(address).scheme in ("http", "https")
        ),
        decks={GROUP_CLIENT_ID: COMPANIES, STAFF_CLIENT_ID: STAFF},
        timeout_seconds=timeout_seconds,
    )


def _openid_party(ground: Ground, client_id: str, scopes: tuple[str, ...]) -> RelyingParty:
    options = {
        "client_id": client_id,
        "issuer": ground.base_url.rstrip("/") + MOUNT + REALM,
        "scopes": " ".join(scopes),
        **_addresses(ground.internal_url),
    }
    http = Http(hosts=[urlsplit(ground.internal_url).netloc], inner=True)
    key = load_or_make(ground.data_dir / "identity" / "our-keys.json")[0]
    return RelyingParty(openid.profile(options), key, http)


def _addresses(internal_url: str) -> dict[str, str]:
    inside = internal_url.rstrip("/") + MOUNT + PROTOCOL
    return {
        "authorize_url": f"{MOUNT}{PROTOCOL}/auth",
        "token_url": f"{inside}/token",
        "userinfo_url": f"{inside}/userinfo",
        "jwks_url": f"{inside}/certs",
    }
