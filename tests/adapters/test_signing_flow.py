"""Getting a document signed at the simulator: one transaction, one token, one signature."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from integrations.identity import sandbox
from integrations.identity.digital_agency import PROTOCOL, DigitalAgency
from webapp.ports.identity import Cancelled, ProtocolBroken
from webapp.ports.signature import SignatureBegun, Signed

DOCUMENT = "申請書".encode()


class Running:
    """A simulator on a port, and the plug that belongs to it."""

    def __init__(self, folder: Path) -> None:
        import threading

        self.server = make_server("127.0.0.1", 0, lambda e, s: self.app(e, s), threaded=True)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.plug: DigitalAgency = sandbox.build_plug(
            base_url=self.base, internal_url=self.base, folder=folder
        )
        simulator = sandbox.build_simulator(base_url=self.base, folder=folder)
        self.app = DispatcherMiddleware(lambda e, s: [b""], {sandbox.MOUNT: simulator})
        self.back = f"{self.base}{sandbox.CALLBACK_PATH}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def begin(self) -> SignatureBegun:
        assert self.plug.signing
        return self.plug.signing.sign_begin(hashlib.sha256(DOCUMENT).digest(), redirect_uri=self.back)

    def browser(self, started: SignatureBegun, **choice: str) -> dict[str, str]:
        page = requests.get(self.base + started.begun.redirect_to, timeout=5)
        transaction = re.search(r'name="transaction" value="([^"]+)"', page.text)
        assert transaction, page.url
        data = {"transaction": transaction[1], "card": "hanako", "outcome": "normal", "fault": "", **choice}
        target = f"{self.base}{sandbox.MOUNT}{PROTOCOL}/choose"
        answer = requests.post(target, data=data, allow_redirects=False, timeout=5)
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def complete(self, started: SignatureBegun, params: dict[str, str], transaction: str = "") -> Signed:
        assert self.plug.signing
        return self.plug.signing.sign_complete(
            params,
            state=started.begun.state,
            secrets=started.begun.secrets,
            transaction_id=transaction or started.transaction_id,
            redirect_uri=self.back,
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    one = Running(tmp_path_factory.mktemp("signing"))
    yield one
    one.server.shutdown()


def judged(running: Running, signed: Signed) -> tuple[str, list[str]]:
    assert running.plug.verifier
    verdict = running.plug.verifier.verify(DOCUMENT, signed, at=datetime.now(UTC))
    return verdict.outcome, verdict.failed


def test_a_document_is_signed_and_verified(running: Running) -> None:
    started = running.begin()
    signed = running.complete(started, running.browser(started))
    assert judged(running, signed) == ("valid", [])


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("other_document", "signature_over_document"),
        ("unknown_ca", "issued_by_known_authority"),
        ("expired_certificate", "certificate_valid_at_signing"),
    ],
)
def test_a_bad_signature_has_its_own_verdict(running: Running, fault: str, check: str) -> None:
    started = running.begin()
    signed = running.complete(started, running.browser(started, fault=fault))
    assert check in judged(running, signed)[1]


def test_a_result_is_given_to_its_own_token_only(running: Running) -> None:
    mine, other = running.begin(), running.begin()
    params = running.browser(mine)
    running.browser(other)
    with pytest.raises(ProtocolBroken) as refused:
        running.complete(mine, params, transaction=other.transaction_id)
    assert refused.value.code == "sign_result"


def test_a_transaction_is_signed_once(running: Running) -> None:
    started = running.begin()
    running.browser(started)
    page = requests.get(running.base + started.begun.redirect_to, allow_redirects=False, timeout=5)
    assert "invalid_request" in page.headers["Location"]


def test_stopping_at_the_card_signs_nothing(running: Running) -> None:
    started = running.begin()
    params = running.browser(started, outcome="cancel")
    with pytest.raises(Cancelled):
        running.complete(started, params)


def test_a_stranger_opens_no_transaction(running: Running) -> None:
    answer = requests.post(f"{running.base}{sandbox.MOUNT}/sign-transactions", json={"hash": "x"}, timeout=5)
    assert answer.status_code == 401
