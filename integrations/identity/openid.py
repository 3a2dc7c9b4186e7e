"""Any OpenID Connect provider, by settings alone: an account for companies and groups, or the staff's own.

The same hardened client as for the card. Names of claims differ between providers, so they are settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from integrations.http import Http
from integrations.identity import normalise
from integrations.identity.keys import load_keys
from integrations.identity.relying_party import Profile, RelyingParty, origins_of
from webapp.ports.identity import Assertion, Begun, Insufficient, Kind, Level, ProtocolBroken, Want

if TYPE_CHECKING:
    from integrations.catalogue import Ground

FRESH_SECONDS = 600


class OpenIdConnect:
    """The plug. ``subject_claim`` names the claim of the ID token that is the person, usually ``sub``."""

    signing = None
    verifier = None

    def __init__(
        self,
        party: RelyingParty,
        *,
        id: str,
        label: str,
        kind: Kind = "person",
        level: Level = Level.ACCOUNT,
        subject_claim: str = "sub",
        name_claim: str = "name",
        simulated: bool = False,
    ) -> None:
        self.id, self.label, self.kind, self.level = id, label, kind, level
        self.simulated = simulated
        self.page_origins = origins_of(party.profile)
        self._party = party
        self._subject_claim = subject_claim
        self._name_claim = name_claim

    def health(self) -> list[str]:
        """Return what is unwell at the provider or with our key; for ``flask doctor``."""
        return self._party.health()

    def begin(self, want: Want, *, redirect_uri: str) -> Begun:
        """Send the browser away; when a fresh proof is wanted, the provider must ask anew."""
        if want.fresh:
            return self._party.begin(redirect_uri=redirect_uri, prompt="login", max_age="0")
        return self._party.begin(redirect_uri=redirect_uri)

    def complete(
        self,
        params: Mapping[str, str],
        *,
        state: str,
        secrets: Mapping[str, str],
        want: Want,
        redirect_uri: str,
    ) -> Assertion:
        """Return whose account it is; raises ProtocolBroken("auth_time") when a fresh proof is not fresh."""
        verified = self._party.complete(params, state=state, secrets=secrets, redirect_uri=redirect_uri)
        claims = {**verified.id_token, **verified.userinfo}
        subject = verified.id_token.get(self._subject_claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise ProtocolBroken("subject")
        proved_at = verified.id_token.get("auth_time", verified.id_token["iat"])
        if want.fresh and (
            "auth_time" not in verified.id_token or verified.id_token["iat"] - proved_at > FRESH_SECONDS
        ):
            raise ProtocolBroken("auth_time")
        if self.level < want.level:
            raise Insufficient(self.level.key)
        return Assertion(
            provider=self.id,
            issuer=self._party.profile.issuer,
            subject=subject,
            level=self.level,
            kind=self.kind,
            authenticated_at=datetime.fromtimestamp(float(proved_at), UTC),
            name=normalise.name(claims.get(self._name_claim)),
            address=normalise.address(claims.get("address")),
            email=str(claims.get("email") or "")[:254],
            acr=verified.acr,
            amr=frozenset(map(str, verified.id_token.get("amr") or ())),
            simulated=self.simulated,
        )


def build(ground: Ground) -> OpenIdConnect:
    """Build the plug ``openid`` of the catalogue from the options ``openid_…`` (docs/operations.md)."""
    options = _section(ground.options, "openid_")
    return OpenIdConnect(
        _party(options),
        id="openid",
        label=options.get("label", "団体・事業者のアカウント"),
        kind="person" if options.get("kind") == "person" else "group",
        level=Level.from_key(options.get("level", "account")),
        subject_claim=options.get("subject_claim", "sub"),
        name_claim=options.get("name_claim", "name"),
    )


def build_staff(ground: Ground) -> OpenIdConnect:
    """Build the staff's single sign-on from the options ``staff_openid_…``."""
    options = _section(ground.options, "staff_openid_")
    return OpenIdConnect(
        _party(options),
        id="staff_openid",
        label=options.get("label", "職員の共通アカウント"),
        subject_claim=options.get("subject_claim", "sub"),
        name_claim=options.get("name_claim", "name"),
    )


def profile(options: Mapping[str, str]) -> Profile:
    """Return the profile of a section of options; ``required_claims`` is ``name=value`` divided by blanks."""
    required = dict(pair.split("=", 1) for pair in options.get("required_claims", "").split())
    return Profile(
        issuer=options["issuer"],
        authorize_url=options["authorize_url"],
        token_url=options["token_url"],
        userinfo_url=options.get("userinfo_url", ""),
        jwks_url=options["jwks_url"],
        client_id=options["client_id"],
        scopes=tuple(options.get("scopes", "openid").split()),
        algorithms=tuple(options.get("algorithms", "ES256").split()),
        assertion_audience="token_endpoint"
        if options.get("assertion_audience") == "token_endpoint"
        else "issuer",
        required_acr=frozenset(options.get("required_acr", "").split()),
        required_claims=required,
        require_at_hash=options.get("at_hash") == "required",
        use_userinfo=bool(options.get("userinfo_url")),
    )


def _party(options: Mapping[str, str]) -> RelyingParty:
    settings = profile(options)
    urls = [settings.token_url, settings.jwks_url, *filter(None, [settings.userinfo_url])]
    http = Http(hosts={urlsplit(url).netloc for url in urls})
    return RelyingParty(settings, load_keys(Path(options["key_file"]))[0], http)


def _section(options: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in options.items() if key.startswith(prefix)}
