"""デジタル認証アプリ (part of マイナアプリ): the same code in development, sandbox and production.

Values marked unverified in the published material are settings: issuer, assertion audience, acr.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from joserfc.jwk import ECKey, RSAKey

from integrations.http import Http
from integrations.identity import normalise
from integrations.identity.digital_agency_signing import DigitalAgencySigning
from integrations.identity.jpki_verifier import JpkiVerifier
from integrations.identity.keys import load_keys
from integrations.identity.relying_party import Profile, RelyingParty, origins_of
from webapp.ports.identity import Assertion, Begun, Insufficient, Kind, Level, ProtocolBroken, Want
from webapp.ports.signature import Anchor, SignatureProvider, SignatureVerifier

if TYPE_CHECKING:
    from integrations.catalogue import Ground

BASES = {
    "production": "https://auth-and-sign.go.jp/api",
    "provider_sandbox": "https://sb-auth-and-sign.go.jp/api",
}
REALM = "/realms/main"
PROTOCOL = "/realms/main/protocol/openid-connect"
ATTRIBUTES = ("name", "address", "birthdate", "gender")


class DigitalAgency:
    """The plug."""

    id = "digital_agency"
    label = "マイナンバーカード"
    kind: Kind = "person"
    level = Level.CARD

    def __init__(
        self,
        party: RelyingParty,
        *,
        simulated: bool = False,
        signing: SignatureProvider | None = None,
        verifier: SignatureVerifier | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.signing, self.verifier = signing, verifier
        self.page_origins = origins_of(party.profile)
        self._party = party
        self._now = now
        self.simulated = simulated

    def health(self) -> list[str]:
        """Return what is unwell at the provider or with our key; for ``flask doctor``."""
        return self._party.health()

    def begin(self, want: Want, *, redirect_uri: str) -> Begun:
        """Ask for ``openid`` and exactly the attributes that are wanted."""
        wanted = [attribute for attribute in ATTRIBUTES if attribute in want.attributes]
        return self._party.begin(redirect_uri=redirect_uri, scopes=("openid", *wanted))

    def complete(
        self,
        params: Mapping[str, str],
        *,
        state: str,
        secrets: Mapping[str, str],
        want: Want,
        redirect_uri: str,
    ) -> Assertion:
        """Return who holds the card; every attribute that was asked must have come."""
        verified = self._party.complete(params, state=state, secrets=secrets, redirect_uri=redirect_uri)
        person = verified.userinfo
        _check_attributes(person, want)
        assertion = Assertion(
            provider=self.id,
            issuer=self._party.profile.issuer,
            subject=verified.id_token["sub"],
            level=Level.CARD,
            authenticated_at=_instant(verified.id_token.get("auth_time") or self._now()),
            name=normalise.name(person.get("name")),
            address=normalise.address(person.get("address")),
            birth=normalise.birth(person.get("birthdate")),
            gender=normalise.gender(person.get("gender")),
            acr=verified.acr,
            amr=frozenset(map(str, verified.id_token.get("amr") or ())),
            revocation="good" if "crl" in verified.acr else "not_checked",
            simulated=self.simulated,
            protected=self.simulated and person.get("protected") is True,
            raw=dict(person),
        )
        if assertion.level < want.level and want.level is not Level.SIGNED:
            raise Insufficient(assertion.level.key)
        return assertion


def profile(options: Mapping[str, str], base: str) -> Profile:
    """Return the profile of デジタル認証アプリ; ``options`` may replace each published or guessed value."""
    base = options.get("identity_base", base).rstrip("/")
    return Profile(
        issuer=options.get("identity_issuer", base + REALM),
        authorize_url=options.get("identity_authorize_url", f"{base}{PROTOCOL}/auth"),
        token_url=options.get("identity_token_url", f"{base}{PROTOCOL}/token"),
        userinfo_url=options.get("identity_userinfo_url", f"{base}{PROTOCOL}/userinfo"),
        jwks_url=options.get("identity_jwks_url", f"{base}{PROTOCOL}/certs"),
        client_id=options["identity_client_id"],
        assertion_audience="issuer"
        if options.get("identity_assertion_audience") == "issuer"
        else "token_endpoint",
        acr_values=options.get("identity_acr_values", "aal3 crl"),
        required_acr=frozenset(options.get("identity_required_acr", "aal3").split()),
        require_at_hash=options.get("identity_at_hash", "required") != "optional",
    )


def build(ground: Ground) -> DigitalAgency:
    """Build the plug ``digital_agency`` of the catalogue.

    Needs the options ``identity_client_id`` and ``identity_key_file`` (made by ``identity keygen``);
    ``identity_stage=provider_sandbox`` talks to the service's own sandbox.
    """
    options = ground.options
    settings = profile(options, BASES[options.get("identity_stage", "production")])
    keys = load_keys(Path(options["identity_key_file"]))
    hosts = {urlsplit(url).netloc for url in (settings.token_url, settings.userinfo_url, settings.jwks_url)}
    http = Http(hosts=hosts)
    return DigitalAgency(
        RelyingParty(settings, keys[0], http),
        signing=_signing(options, settings, keys[0], http),
        verifier=_verifier(options),
    )


def _signing(
    options: Mapping[str, str], settings: Profile, key: ECKey | RSAKey, http: Http
) -> DigitalAgencySigning | None:
    """Signing is a contract of its own: without ``identity_sign_url`` it is not offered."""
    url = options.get("identity_sign_url")
    if not url:
        return None
    return DigitalAgencySigning(RelyingParty(replace(settings, use_userinfo=False), key, http), http, url)


def _verifier(options: Mapping[str, str]) -> JpkiVerifier | None:
    """Read the CA certificates (and ``<name>.crl`` beside each) of the folder ``identity_anchor_dir``."""
    folder = options.get("identity_anchor_dir")
    if not folder:
        return None
    anchors = [
        Anchor(path.read_bytes(), crl.read_bytes() if (crl := path.with_suffix(".crl")).exists() else None)
        for path in sorted(Path(folder).glob("*.cer"))
    ]
    return JpkiVerifier(anchors)


def _check_attributes(person: Mapping[str, Any], want: Want) -> None:
    for attribute in ATTRIBUTES:
        if attribute in want.attributes and not person.get(attribute):
            raise ProtocolBroken("missing_attribute", attribute)
    if "birthdate" in want.attributes and not _is_birthdate(str(person["birthdate"])):
        raise ProtocolBroken("birthdate_format")


def _is_birthdate(value: str) -> bool:
    """Tell whether it has the form of a date; unknown months and days (``00``) have it too."""
    digits = value.replace("-", "")
    return digits.isascii() and digits.isdigit() and len(digits) in (8, 9)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
