"""LINE Login over real HTTP against a desk that can be made to lie in every single way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from integrations.http import Http
from integrations.line import login_desk
from integrations.line.login import LineLoginClient
from integrations.line.login_desk import MOUNT, PATH, LoginDesk
from integrations.line.sandbox import SandboxLine
from tests.fakes.line_login_server import LyingDesk, running
from webapp.ports.identity import Begun, Cancelled, ProtocolBroken, ProviderDown

PHONE = "Usandbox0000000000000000000000001"
BACK = "https://mihon.example" + login_desk.CALLBACK_PATH


@dataclass
class World:
    desk: LyingDesk
    client: LineLoginClient
    token_url: str
    begun: list[Begun] = field(default_factory=list)

    def begin(self) -> Begun:
        self.begun.append(self.client.begin(BACK))
        return self.begun[-1]

    def allow(self, begun: Begun) -> dict[str, str]:
        """What the browser brings back after somebody allowed it."""
        query = {k: v[0] for k, v in parse_qs(urlsplit(begun.redirect_to).query).items()}
        assert self.desk.problem(query) == ""
        back = self.desk.allow(query, PHONE)
        return {k: v[0] for k, v in parse_qs(urlsplit(back).query).items()}

    def complete(self, begun: Begun, params: dict[str, str]) -> str:
        return self.client.complete(params, state=begun.state, secrets=begun.secrets, redirect_uri=BACK)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running(SandboxLine(tmp_path / "line.sqlite3")) as (base, desk):
        yield World(desk, login_desk.client(base, base), f"{base}{MOUNT}/{PATH}/token")


def test_the_whole_way_names_the_line_account(world: World) -> None:
    begun = world.begin()
    assert world.complete(begun, world.allow(begun)) == PHONE


def test_what_is_asked_of_line_is_bound_to_this_one_flow(world: World) -> None:
    first, second = world.begin(), world.begin()
    query = {k: v[0] for k, v in parse_qs(urlsplit(first.redirect_to).query).items()}
    assert (query["scope"], query["code_challenge_method"]) == ("openid", "S256")
    assert query["state"] == first.state != second.state
    assert query["nonce"] == first.secrets["nonce"] != second.secrets["nonce"]
    assert first.secrets["verifier"] not in first.redirect_to


def spoil(**values: Any) -> Callable[[dict[str, Any]], None]:
    def change(claims: dict[str, Any]) -> None:
        for name, value in values.items():
            if value is None:
                claims.pop(name, None)
            else:
                claims[name] = value

    return change


NOW = int(time.time())


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"nonce": "another"}, "claim_nonce"),
        ({"nonce": None}, "claim_nonce"),
        ({"aud": "2000000009"}, "claim_aud"),
        ({"aud": [login_desk.CHANNEL, "2000000009"]}, "claim_a"),
        ({"aud": None}, "claim_aud"),
        ({"azp": "2000000009"}, "claim_azp"),
        ({"iss": "https://access.line.me.example"}, "claim_iss"),
        ({"iss": None}, "claim_iss"),
        ({"exp": NOW - 3600}, "expired"),
        ({"exp": None}, "claim_exp"),
        ({"iat": NOW + 3600}, "claim_iat"),
        ({"iat": NOW - 7200}, "claim_iat"),
        ({"nbf": NOW + 3600}, "claim_nbf"),
        ({"sub": None}, "claim_sub"),
        ({"sub": "admin"}, "subject"),
        ({"at_hash": "wrong"}, "claim_at_hash"),
    ],
)
def test_every_wrong_claim_is_refused(world: World, values: dict[str, Any], code: str) -> None:
    world.desk.spoil = spoil(**values)
    begun = world.begin()
    with pytest.raises(ProtocolBroken) as refused:
        world.complete(begun, world.allow(begun))
    assert refused.value.code.startswith(code)


def _none(claims: dict[str, Any]) -> str:
    head, body, _ = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("x" * 32)).split(".")
    return f"eyJhbGciOiJub25lIn0.{body}." if head else ""


def _public(claims: dict[str, Any]) -> str:
    key = ECKey.generate_key("P-256")
    return jwt.encode({"alg": "ES256"}, claims, key, algorithms=["ES256"])


def _other_hash(claims: dict[str, Any]) -> str:
    key = OctKey.import_key(login_desk.SECRET * 2)
    return jwt.encode({"alg": "HS512"}, claims, key, algorithms=["HS512"])


def _other_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("another-secret-of-32-characters!"))


@pytest.mark.parametrize("sign", [_none, _public, _other_hash, _other_secret, lambda _: "a.b", lambda _: ""])
def test_only_the_pinned_algorithm_with_the_channels_secret_counts(
    world: World, sign: Callable[[dict[str, Any]], str]
) -> None:
    world.desk.sign = sign
    begun = world.begin()
    with pytest.raises(ProtocolBroken) as refused:
        world.complete(begun, world.allow(begun))
    assert refused.value.code == "signature"


def test_another_state_is_refused_before_line_is_asked(world: World) -> None:
    begun = world.begin()
    for params in ({**world.allow(begun), "state": "x"}, {"code": "c"}):
        with pytest.raises(ProtocolBroken, match="state_mismatch"):
            world.complete(begun, params)


def test_a_code_of_another_flow_a_used_code_and_none_are_refused(world: World) -> None:
    mine, other = world.begin(), world.begin()
    stolen = {**world.allow(other), "state": mine.state}
    with pytest.raises(ProtocolBroken) as refused:  # PKCE: the verifier is not the one of that code
        world.complete(mine, stolen)
    assert refused.value.code == "token_refused"
    params = world.allow(mine)
    assert world.complete(mine, params) == PHONE
    with pytest.raises(ProtocolBroken) as again:
        world.complete(mine, params)
    assert again.value.code == "token_refused"
    with pytest.raises(ProtocolBroken, match="missing_code"):
        world.complete(mine, {"state": mine.state})


def test_an_id_token_of_an_earlier_login_is_refused(world: World) -> None:
    kept: list[str] = []
    world.desk.sign = lambda claims: kept[0] if kept else LoginDesk.id_token(world.desk, claims)
    first = world.begin()
    real = LoginDesk.id_token(world.desk, LoginDesk.claims(world.desk, PHONE, first.secrets["nonce"]))
    assert world.complete(first, world.allow(first)) == PHONE
    kept.append(real)
    second = world.begin()
    with pytest.raises(ProtocolBroken, match="claim_nonce"):
        world.complete(second, world.allow(second))


def test_stopping_at_line_and_a_line_that_is_down_are_told_apart(world: World) -> None:
    begun = world.begin()
    with pytest.raises(Cancelled):
        world.complete(begun, {"error": "ACCESS_DENIED", "state": begun.state})
    with pytest.raises(ProviderDown):
        world.complete(begun, {"error": "SERVER_ERROR", "state": begun.state})
    with pytest.raises(ProtocolBroken, match="INVALID_SCOPE"):
        world.complete(begun, {"error": "INVALID_SCOPE", "state": begun.state})
    nobody = LineLoginClient(
        login_desk.channel("https://x", "http://127.0.0.1:9"), Http(hosts=["127.0.0.1:9"], inner=True)
    )
    with pytest.raises(ProviderDown):
        nobody.complete(
            {"code": "c", "state": begun.state}, state=begun.state, secrets=begun.secrets, redirect_uri=BACK
        )


def test_a_line_that_answers_too_late_is_down_not_waited_for(world: World) -> None:
    world.desk.sign = lambda claims: time.sleep(0.6) or LoginDesk.id_token(world.desk, claims)
    host = urlsplit(world.token_url).netloc
    base = f"http://{host}"
    hasty = LineLoginClient(login_desk.channel(base, base), Http(hosts=[host], inner=True, read_seconds=0.2))
    begun = world.begin()
    params = world.allow(begun)
    started = time.monotonic()
    with pytest.raises(ProviderDown):
        hasty.complete(params, state=begun.state, secrets=begun.secrets, redirect_uri=BACK)
    assert time.monotonic() - started < 0.5


def test_a_city_without_a_login_channel_has_no_login() -> None:
    assert LineLoginClient.from_options({}) is None
    made = LineLoginClient.from_options({"line_login_channel": "1", "line_login_secret": "s"})
    assert made is not None
    assert made.page_origins == ("https://access.line.me",)
