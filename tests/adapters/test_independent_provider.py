"""The adapter of デジタル認証アプリ against an independent, certified OpenID provider (oidc-provider, Node)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import requests
from joserfc.jwk import ECKey, RSAKey

from integrations.http import Http
from integrations.identity import openid
from integrations.identity.digital_agency import DigitalAgency, profile
from integrations.identity.keys import new_key
from integrations.identity.openid import OpenIdConnect
from integrations.identity.relying_party import RelyingParty
from tests.fakes.openid_provider import OpenIdProvider, client, running
from webapp.ports.identity import (
    Assertion,
    Begun,
    Cancelled,
    IdentityProvider,
    IdentityRefused,
    Insufficient,
    Level,
    ProtocolBroken,
    ProviderDown,
    Want,
)

BACK = "http://127.0.0.1:9/sign-in/callback"
KEY, STRANGE_KEY = new_key(), new_key()
RSA_KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "ours-rsa"})
HTTP = Http(inner=True)
WANT = Want()


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    clients = [
        client("RP00000001", [KEY], BACK),
        client("RP00000002", [KEY], BACK),
        client("RPRSAKEY", [RSA_KEY], BACK, token_endpoint_auth_signing_alg="RS256"),
        client("RPRSATOKEN", [KEY], BACK, id_token_signed_response_alg="RS256"),
    ]
    with running(clients) as one:
        yield one


@pytest.fixture
def plug(provider: OpenIdProvider) -> DigitalAgency:
    return plug_of(provider)


def plug_of(
    provider: OpenIdProvider, client_id: str = "RP00000001", key: ECKey | RSAKey = KEY, **changes: str
) -> DigitalAgency:
    options = {
        "identity_client_id": client_id,
        "identity_issuer": provider.issuer,
        "identity_authorize_url": f"{provider.issuer}/auth",
        "identity_token_url": f"{provider.issuer}/token",
        "identity_userinfo_url": f"{provider.issuer}/me",
        "identity_jwks_url": f"{provider.issuer}/jwks",
        "identity_assertion_audience": "issuer",
        "identity_at_hash": "optional",
        **changes,
    }
    return DigitalAgency(RelyingParty(profile(options, provider.issuer), key, HTTP))


def begin(plug: IdentityProvider, want: Want = WANT) -> Begun:
    return plug.begin(want, redirect_uri=BACK)


def complete(plug: IdentityProvider, begun: Begun, params: dict[str, str], want: Want = WANT) -> Assertion:
    return plug.complete(params, state=begun.state, secrets=begun.secrets, want=want, redirect_uri=BACK)


def sign_in(provider: OpenIdProvider, plug: DigitalAgency, account: str = "hanako") -> Assertion:
    begun = begin(plug)
    return complete(plug, begun, provider.browser(begun, account))


def refused_code(plug: DigitalAgency, begun: Begun, params: dict[str, str]) -> str:
    with pytest.raises(IdentityRefused) as refused:
        complete(plug, begun, params)
    return f"{refused.value.code}: {refused.value}"


def test_the_four_attributes_and_the_level_arrive(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    person = sign_in(provider, plug)
    assert (person.name, person.birth, person.gender) == ("見本　花子", date(1988, 4, 12), "2")
    assert person.address == "見本県みほん市中央一丁目2番3号"
    assert (person.level, person.acr, person.revocation) == (Level.CARD, {"aal3", "crl"}, "good")
    assert person.issuer == provider.issuer
    assert not person.simulated


def test_another_way_of_writing_is_read_too(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    person = sign_in(provider, plug, "taro")
    assert (person.birth, person.gender) == (date(1985, 7, 23), "1")


def test_only_what_was_asked_for_comes(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    want = replace(WANT, attributes=frozenset({"birthdate"}))
    begun = begin(plug, want)
    person = complete(plug, begun, provider.browser(begun), want)
    assert (person.name, person.address, person.birth) == ("", "", date(1988, 4, 12))


def test_one_person_is_one_subject_and_no_assertion_is_replayed(
    provider: OpenIdProvider, plug: DigitalAgency
) -> None:
    first, second, other = (sign_in(provider, plug, who).subject for who in ("hanako", "hanako", "taro"))
    assert first == second != other


def test_another_registration_learns_another_subject(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    other = plug_of(provider, "RP00000002")
    assert sign_in(provider, plug).subject != sign_in(provider, other).subject


def test_an_rsa_key_of_ours_signs_in_too(provider: OpenIdProvider) -> None:
    assert sign_in(provider, plug_of(provider, "RPRSAKEY", RSA_KEY)).name == "見本　花子"


def test_a_token_for_this_server_itself(plug: DigitalAgency) -> None:
    assert plug._party.client_credentials("")


def test_a_wrong_key_of_ours_is_refused(provider: OpenIdProvider) -> None:
    plug = plug_of(provider, key=STRANGE_KEY)
    begun = begin(plug)
    assert refused_code(plug, begun, provider.browser(begun)) == "token_refused: invalid_client"


def test_a_used_assertion_is_refused(
    provider: OpenIdProvider, plug: DigitalAgency, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = plug._party._assertion()
    monkeypatch.setattr(plug._party, "_assertion", lambda: kept)
    sign_in(provider, plug)
    begun = begin(plug)
    assert refused_code(plug, begun, provider.browser(begun)) == "token_refused: invalid_client"


def test_a_code_works_once(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    begun = begin(plug)
    params = provider.browser(begun)
    complete(plug, begun, params)
    assert refused_code(plug, begun, params) == "token_refused: invalid_grant"


def test_a_code_needs_the_verifier_of_its_own_flow(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    begun, other = begin(plug), begin(plug)
    stolen = replace(begun, secrets={**begun.secrets, "verifier": other.secrets["verifier"]})
    assert refused_code(plug, stolen, provider.browser(begun)) == "token_refused: invalid_grant"


def test_a_code_of_another_registration_is_refused(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    begun = begin(plug_of(provider, "RP00000002"))
    assert refused_code(plug, begun, provider.browser(begun)) == "token_refused: invalid_grant"


@pytest.mark.parametrize(
    ("name", "swapped", "code"),
    [("nonce", "swapped", "nonce: nonce"), ("code_challenge", "a" * 43, "token_refused: invalid_grant")],
)
def test_what_is_swapped_on_the_way_is_refused(
    provider: OpenIdProvider, plug: DigitalAgency, name: str, swapped: str, code: str
) -> None:
    begun = begin(plug)
    sent = re.sub(rf"{name}=[^&]+", f"{name}={swapped}", begun.redirect_to)
    assert refused_code(plug, begun, provider.browser(replace(begun, redirect_to=sent))) == code


def test_a_token_of_another_algorithm_is_refused(provider: OpenIdProvider) -> None:
    plug = plug_of(provider, "RPRSATOKEN")
    begun = begin(plug)
    assert refused_code(plug, begun, provider.browser(begun)) == "algorithm: algorithm"


def test_another_providers_answer_is_refused(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    begun = begin(plug)
    params = provider.browser(begun)
    assert params["iss"] == provider.issuer  # RFC 9207: this provider says who it is
    wrong = {**params, "iss": "https://evil.invalid"}
    assert refused_code(plug, begun, wrong).startswith("callback_issuer")


def test_a_token_of_an_issuer_we_do_not_know_is_refused(provider: OpenIdProvider) -> None:
    plug = plug_of(
        provider, identity_issuer="https://other.invalid", identity_assertion_audience="token_endpoint"
    )
    begun = begin(plug)
    params = {k: v for k, v in provider.browser(begun).items() if k != "iss"}
    assert refused_code(plug, begun, params) == "issuer: issuer"


def test_a_token_without_at_hash_is_refused_unless_the_settings_allow_it(provider: OpenIdProvider) -> None:
    """OpenID Connect leaves it open in this flow; デジタル認証アプリ is seen to send it."""
    plug = plug_of(provider, identity_at_hash="required")
    begun = begin(plug)
    assert refused_code(plug, begun, provider.browser(begun)) == "at_hash: at_hash"


def test_stopping_at_the_provider_is_a_cancellation(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    begun = begin(plug)
    with pytest.raises(Cancelled):
        complete(plug, begun, provider.stop(begun))


def test_a_provider_in_trouble_is_down(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    begun = begin(plug)
    with pytest.raises(ProviderDown):
        complete(plug, begun, provider.stop(begun, "temporarily_unavailable"))


@pytest.mark.parametrize("acr", ["aal2", "aal2 crl", "aal30"])
def test_a_weak_proof_is_insufficient(provider: OpenIdProvider, plug: DigitalAgency, acr: str) -> None:
    begun = begin(plug)
    with pytest.raises(Insufficient):
        complete(plug, begun, provider.browser(begun, acr=acr))


def test_the_provider_insists_on_our_code_challenge(provider: OpenIdProvider, plug: DigitalAgency) -> None:
    begun = begin(plug)
    bare = re.sub(r"&code_challenge(_method)?=[^&]*", "", begun.redirect_to)
    assert refused_code(plug, begun, provider.browser(replace(begun, redirect_to=bare))) == (
        "provider_error: invalid_request"
    )


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
def test_the_provider_sends_nobody_to_an_address_it_does_not_know(plug: DigitalAgency, name: str) -> None:
    address = re.sub(rf"{name}=[^&]*", f"{name}=https%3A%2F%2Fevil.invalid%2F", begin(plug).redirect_to)
    answer = requests.get(address, allow_redirects=False, timeout=5)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def shared(provider: OpenIdProvider, **changes: str) -> OpenIdConnect:
    """The generic plug, as staff and companies use it, with another provider's words as settings."""
    options = {
        "issuer": provider.issuer,
        "authorize_url": f"{provider.issuer}/auth",
        "token_url": f"{provider.issuer}/token",
        "jwks_url": f"{provider.issuer}/jwks",
        "client_id": "RPRSATOKEN",
        "scopes": "openid name email",
        "algorithms": "RS256",
        "required_claims": "tid=mihon",
        **changes,
    }
    party = RelyingParty(openid.profile(options), KEY, HTTP)
    return OpenIdConnect(party, id="staff_openid", label="共通", kind="group", subject_claim="sub")


def test_the_generic_plug_signs_in_by_settings_alone(provider: OpenIdProvider) -> None:
    plug, want = shared(provider, userinfo_url=f"{provider.issuer}/me"), Want(Level.ACCOUNT)
    begun = plug.begin(want, redirect_uri=BACK)
    person = complete(plug, begun, provider.browser(begun), want)
    assert (person.name, person.kind, person.level) == ("見本　花子", "group", Level.ACCOUNT)
    assert person.email == "hanako@mihon.example"


def test_somebody_of_another_organisation_is_refused(provider: OpenIdProvider) -> None:
    plug, want = shared(provider), Want(Level.ACCOUNT)
    begun = plug.begin(want, redirect_uri=BACK)
    with pytest.raises(ProtocolBroken) as refused:
        complete(plug, begun, provider.browser(begun, "taro"), want)
    assert refused.value.code == "required_claim"


def test_a_fresh_proof_is_asked_for_and_told_apart(provider: OpenIdProvider) -> None:
    plug, want = shared(provider), Want(Level.ACCOUNT, fresh=True)
    begun = plug.begin(want, redirect_uri=BACK)
    assert "prompt=login" in begun.redirect_to
    assert complete(plug, begun, provider.browser(begun), want).subject
    kept = plug.begin(Want(Level.ACCOUNT), redirect_uri=BACK)
    with pytest.raises(ProtocolBroken) as refused:
        complete(plug, kept, provider.browser(kept), want)
    assert refused.value.code == "auth_time"


def test_a_company_account_is_too_weak_where_a_card_is_needed(provider: OpenIdProvider) -> None:
    plug = shared(provider)
    begun = plug.begin(WANT, redirect_uri=BACK)
    with pytest.raises(Insufficient):
        complete(plug, begun, provider.browser(begun))
