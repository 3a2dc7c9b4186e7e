"""The adapter of デジタル認証アプリ against the card simulator, over a real socket."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from integrations.identity import sandbox
from integrations.identity.card_simulator import CardSimulator
from integrations.identity.digital_agency import PROTOCOL, DigitalAgency
from webapp.ports.identity import (
    Assertion,
    Begun,
    Cancelled,
    CardRefused,
    IdentityRefused,
    Insufficient,
    Level,
    ProtocolBroken,
    ProviderDown,
    Want,
)

WANT = Want()


class Running:
    """A simulator on a port, and the plug that belongs to it."""

    def __init__(self, folder: Path) -> None:
        self.server = make_server("127.0.0.1", 0, lambda e, s: self.app(e, s), threaded=True)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.simulator: CardSimulator = sandbox.build_simulator(
            base_url=self.base, folder=folder, timeout_seconds=1.5
        )
        self.app = DispatcherMiddleware(lambda e, s: [b""], {sandbox.MOUNT: self.simulator})
        self.plug: DigitalAgency = sandbox.build_plug(
            base_url=self.base, internal_url=self.base, folder=folder, read_seconds=0.7
        )
        self.redirect_uri = f"{self.base}{sandbox.CALLBACK_PATH}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def begin(self, want: Want = WANT) -> Begun:
        return self.plug.begin(want, redirect_uri=self.redirect_uri)

    def browser(
        self, begun: Begun, card: str = "hanako", outcome: str = "normal", fault: str = ""
    ) -> dict[str, str]:
        """Do what a person's browser does; return the parameters that reach our callback."""
        page = requests.get(self.base + begun.redirect_to, timeout=5)
        transaction = re.search(r'name="transaction" value="([^"]+)"', page.text)
        assert transaction, page.text
        answer = requests.post(
            f"{self.base}{sandbox.MOUNT}{PROTOCOL}/choose",
            data={"transaction": transaction[1], "card": card, "outcome": outcome, "fault": fault},
            allow_redirects=False,
            timeout=5,
        )
        location = urlsplit(answer.headers["Location"])
        assert location.path == sandbox.CALLBACK_PATH
        return dict(parse_qsl(location.query))

    def complete(self, begun: Begun, params: dict[str, str], want: Want = WANT) -> Assertion:
        return self.plug.complete(
            params, state=begun.state, secrets=begun.secrets, want=want, redirect_uri=self.redirect_uri
        )

    def sign_in(self, card: str = "hanako", outcome: str = "normal", fault: str = "") -> Assertion:
        begun = self.begin()
        return self.complete(begun, self.browser(begun, card, outcome, fault))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    one = Running(tmp_path_factory.mktemp("identity"))
    yield one
    one.server.shutdown()


def test_the_four_attributes_and_the_level_arrive(running: Running) -> None:
    person = running.sign_in("hanako")
    assert (person.name, person.birth, person.gender) == ("見本　花子", date(1988, 4, 12), "2")
    assert person.address.startswith("見本県みほん市")
    assert person.level is Level.CARD
    assert person.acr >= {"aal3"}
    assert person.simulated


def test_the_same_card_gives_the_same_subject_and_no_assertion_is_replayed(running: Running) -> None:
    assert running.sign_in("hanako").subject == running.sign_in("hanako").subject


def test_another_card_gives_another_subject(running: Running) -> None:
    assert running.sign_in("hanako").subject != running.sign_in("taro").subject


def test_variants_and_selectors_survive(running: Running) -> None:
    assert running.sign_in("takashi").name == "\u9ad9橋　\U00020bb7\ufa11葛\U000e0100"


def test_an_unknown_birth_day_is_no_date(running: Running) -> None:
    assert running.sign_in("ume").birth is None


def test_only_the_attributes_that_were_asked_for_come(running: Running) -> None:
    want = replace(WANT, attributes=frozenset({"name"}))
    begun = running.begin(want)
    person = running.complete(begun, running.browser(begun), want)
    assert person.name
    assert person.address == ""
    assert person.birth is None


BROKEN: dict[str, str] = {
    "wrong_issuer": "issuer",
    "wrong_audience": "audience",
    "two_audiences": "audience",
    "wrong_azp": "authorized_party",
    "wrong_nonce": "nonce",
    "alg_none": "algorithm",
    "alg_hs256": "algorithm",
    "alg_rs256": "algorithm",
    "unknown_key": "unknown_key",
    "bad_signature": "signature",
    "critical_header": "critical_header",
    "expired_token": "expired",
    "future_token": "issued_at",
    "old_token": "issued_at",
    "not_yet_valid": "not_yet_valid",
    "missing_id_token": "missing_id_token",
    "missing_access_token": "missing_access_token",
    "wrong_token_type": "token_type",
    "empty_subject": "subject",
    "wrong_at_hash": "at_hash",
    "missing_at_hash": "at_hash",
    "swapped_userinfo": "userinfo_subject",
    "userinfo_text": "userinfo_not_json",
    "missing_name": "missing_attribute",
    "bad_birthdate": "birthdate_format",
    "garbled_id_token": "malformed_id_token",
    "token_text": "token_not_json",
    "token_redirect": "back_channel_redirect",
    "huge_answer": "answer_too_large",
    "wrong_state": "state_mismatch",
    "wrong_callback_issuer": "callback_issuer",
    "missing_code": "missing_code",
    "replayed_code": "token_refused",
}


@pytest.mark.parametrize(("fault", "code"), BROKEN.items())
def test_a_broken_answer_is_refused_with_its_own_code(running: Running, fault: str, code: str) -> None:
    with pytest.raises(ProtocolBroken) as refused:
        running.sign_in(fault=fault)
    assert refused.value.code == code


@pytest.mark.parametrize("fault", ["low_acr", "missing_acr"])
def test_a_weak_proof_is_insufficient(running: Running, fault: str) -> None:
    with pytest.raises(Insufficient):
        running.sign_in(fault=fault)


@pytest.mark.parametrize(
    ("outcome", "refusal"),
    [
        ("cancel", Cancelled),
        ("expired", CardRefused),
        ("revoked", CardRefused),
        ("wrong_pin", CardRefused),
        ("pin_locked", CardRefused),
        ("down", ProviderDown),
        ("timeout", ProviderDown),
    ],
)
def test_an_unhappy_outcome_has_its_own_refusal(
    running: Running, outcome: str, refusal: type[IdentityRefused]
) -> None:
    with pytest.raises(refusal):
        running.sign_in(outcome=outcome)


def test_a_revoked_card_is_refused_by_itself(running: Running) -> None:
    with pytest.raises(CardRefused, match="card_revoked"):
        running.sign_in("revoked")


def test_a_callback_works_once(running: Running) -> None:
    begun = running.begin()
    params = running.browser(begun)
    running.complete(begun, params)
    with pytest.raises(ProtocolBroken, match="invalid_grant"):
        running.complete(begun, params)


def test_a_code_needs_the_verifier_of_its_own_flow(running: Running) -> None:
    begun, other = running.begin(), running.begin()
    params = running.browser(begun)
    stolen = replace(begun, secrets={**begun.secrets, "verifier": other.secrets["verifier"]})
    with pytest.raises(ProtocolBroken, match="invalid_grant"):
        running.complete(stolen, params)


def test_a_nonce_swapped_on_the_way_is_refused(running: Running) -> None:
    begun = running.begin()
    swapped = re.sub(r"nonce=[^&]+", "nonce=swapped", begun.redirect_to)
    params = running.browser(replace(begun, redirect_to=swapped))
    with pytest.raises(ProtocolBroken) as refused:
        running.complete(begun, params)
    assert refused.value.code == "nonce"


def test_a_challenge_swapped_on_the_way_is_refused(running: Running) -> None:
    begun = running.begin()
    swapped = re.sub(r"code_challenge=[^&]+", "code_challenge=" + "a" * 43, begun.redirect_to)
    with pytest.raises(ProtocolBroken, match="invalid_grant"):
        running.complete(begun, running.browser(replace(begun, redirect_to=swapped)))


@pytest.mark.parametrize("name", ["state", "nonce", "code_challenge", "code_challenge_method"])
def test_the_provider_refuses_a_request_without(running: Running, name: str) -> None:
    address = re.sub(rf"&{name}=[^&]*", "", running.begin().redirect_to)
    answer = requests.get(running.base + address, allow_redirects=False, timeout=5)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["invalid_request"]


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_the_provider_tells_nobody_else_about_a_wrong(running: Running, name: str) -> None:
    address = re.sub(rf"{name}=[^&]*", f"{name}=https%3A%2F%2Fevil.invalid%2F", running.begin().redirect_to)
    answer = requests.get(running.base + address, allow_redirects=False, timeout=5)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_the_provider_refuses_a_used_assertion(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    party = running.plug._party
    kept = party._assertion()
    monkeypatch.setattr(party, "_assertion", lambda: kept)
    running.sign_in()
    with pytest.raises(ProtocolBroken, match="invalid_client"):
        running.sign_in()


def test_an_unreachable_provider_is_down(tmp_path: Path) -> None:
    plug = sandbox.build_plug(
        base_url="http://127.0.0.1:9", internal_url="http://127.0.0.1:9", folder=tmp_path
    )
    begun = plug.begin(WANT, redirect_uri="http://127.0.0.1:9/sign-in/callback")
    with pytest.raises(ProviderDown):
        plug.complete(
            {"state": begun.state, "code": "x"},
            state=begun.state,
            secrets=begun.secrets,
            want=WANT,
            redirect_uri="http://127.0.0.1:9/sign-in/callback",
        )


def test_every_page_of_the_simulator_says_that_it_is_one(running: Running) -> None:
    about = requests.get(f"{running.base}{sandbox.MOUNT}/", timeout=5)
    choose = requests.get(running.base + running.begin().redirect_to, timeout=5)
    for page in (about, choose):
        assert "<strong>模擬</strong>" in page.text
        assert "style=" not in page.text


def test_an_independent_client_signs_in_at_our_simulator(running: Running, tmp_path: Path) -> None:
    """Authlib's client, with nothing of ours, gets through: the simulator is a provider, not our mirror."""
    verifier, metadata = "v" * 64, f"{running.base}{sandbox.MOUNT}{PROTOCOL}"
    key = running.plug._party._key
    proof = PrivateKeyJWT(
        token_endpoint=f"{metadata}/token",
        alg="ES256",
        headers={"kid": key.kid, "alg": "ES256"},
        claims={"exp": int(time.time()) + 60},  # it would say an hour, which the simulator refuses
    )
    with OAuth2Session(
        sandbox.CLIENT_ID,
        key,
        scope="openid name",
        redirect_uri=running.redirect_uri,
        token_endpoint_auth_method=proof,
        code_challenge_method="S256",
    ) as client:
        address, state = client.create_authorization_url(
            f"{metadata}/auth", nonce="n" * 20, code_verifier=verifier
        )
        begun = Begun(address.removeprefix(running.base), state, {})
        params = running.browser(begun)
        assert params["state"] == state
        token = client.fetch_token(
            f"{metadata}/token",
            code=params["code"],
            code_verifier=verifier,
            grant_type="authorization_code",
            client_id=sandbox.CLIENT_ID,
        )
        person = client.get(f"{metadata}/userinfo").json()
    keys = KeySet.import_key_set(requests.get(f"{metadata}/certs", timeout=5).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["ES256"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"value": running.simulator.issuer}, "aud": {"value": sandbox.CLIENT_ID}},
        {"nonce": "n" * 20, "access_token": token["access_token"]},
    )
    claims.validate()
    assert claims["sub"] == person["sub"]
    assert person["name"] == "見本　花子"
