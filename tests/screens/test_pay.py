"""The payer's screens: the charge, the way to the provider and back, the receipt, the callbacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client

from integrations.payment.counter import CounterPayment
from integrations.payment.sandbox import SandboxPayment
from integrations.payment.sandbox_page import SandboxPages
from integrations.payment.sandbox_store import Store
from tests.casework_office import Office, open_office, token_of
from tests.fakes.counter import sign_in
from tests.fakes.payment_world import STAFF, open_charge
from webapp import clock
from webapp.db import Database
from webapp.payment import charges
from webapp.payment.models import Charge


class Payer:
    """A person with a charge of their own in the office's city."""

    def __init__(self, office: Office, folder: Path, yen: int = 300) -> None:
        self.office = office
        with office.database.transaction() as session:
            case = office.submitted(session).case
            self.charge = open_charge(session, yen, case_id=case.id, department="citizen")
        self.client: FlaskClient = office.app.test_client()
        self.sandbox = SandboxPayment(
            Store(folder / "pay.sqlite3"),
            page_url="http://localhost/sandbox/payment",
            callback_url="",
            secret="test",
            now=clock.now,
            deliver=self._deliver,
            in_background=False,
        )
        ports = {"sandbox": self.sandbox, "counter": CounterPayment(clock.now)}
        office.app.extensions["madoguchi"] = replace(office.services, payment=ports)
        self.provider = Client(SandboxPages(self.sandbox))

    def get(self, tail: str = "") -> str:
        answer = self.client.get(f"/pay/{self.charge.token}{tail}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def start(self) -> str:
        page = self.client.get(f"/pay/{self.charge.token}")
        answer = self.client.post(f"/pay/{self.charge.token}/start", data={"csrf_token": token_of(page)})
        assert answer.status_code == 303, answer.text
        return answer.location

    def choose(self, where: str, choice: str) -> str:
        path = where.partition("/sandbox/payment")[2]
        assert self.provider.get(path).status_code == 200
        return str(self.provider.post(path, data={"choice": choice}).headers["Location"])

    def allow(self, *methods: str) -> None:
        with self.office.database.transaction() as session:
            charges.lock(session, self.charge.id).methods = list(methods)

    def fresh(self) -> Charge:
        with self.office.database.reading() as session:
            return charges.by_token(session, self.charge.token)

    def _deliver(self, url: str, raw: bytes, headers: dict[str, str]) -> int:
        return (
            self.office.app.test_client()
            .post("/callbacks/payment/sandbox", data=raw, headers=headers)
            .status_code
        )


@pytest.fixture
def payer(database: Database, tmp_path: Path) -> Payer:
    return Payer(open_office(database, tmp_path), tmp_path)


def test_the_charge_page_says_what_for_how_much_and_to_whom(payer: Payer) -> None:
    page = payer.get()
    assert all(word in page for word in ("住民票の写し", "300円", "みほん市", "支払いへ進む", "コンビニ"))


def test_paying_by_card_leads_back_to_a_confirmed_payment(payer: Payer) -> None:
    back = payer.choose(payer.start(), "card")
    assert back.endswith(f"/pay/{payer.charge.token}/return")
    assert "お支払いを確認しました" in payer.get("/return")


def test_the_return_page_only_waits_while_nothing_has_been_settled(payer: Payer) -> None:
    payer.choose(payer.start(), "silent")
    page = payer.get("/return")
    assert "お支払いを確認しています" in page
    assert "hx-get" in page
    assert payer.fresh().status == "open"


def test_a_double_click_leads_to_the_same_page(payer: Payer) -> None:
    assert payer.start() == payer.start()


def test_a_konbini_slip_shows_its_number_and_its_deadline(payer: Payer) -> None:
    payer.choose(payer.start(), "konbini")
    page = payer.get()
    assert "お支払い番号" in page
    assert "11時59分" in page


def test_a_slip_can_be_given_up_for_another_way(payer: Payer) -> None:
    payer.choose(payer.start(), "konbini")
    page = payer.client.get(f"/pay/{payer.charge.token}")
    payer.client.post(f"/pay/{payer.charge.token}/end", data={"csrf_token": token_of(page)})
    assert payer.fresh().status == "open"
    assert "支払いへ進む" in payer.get()


def test_a_failed_card_says_that_nothing_was_taken(payer: Payer) -> None:
    payer.choose(payer.start(), "fail")
    assert "料金は引き落とされていません" in payer.get("/return")
    assert "支払いへ進む" in payer.get()


def test_the_receipt_names_tax_payee_and_method(payer: Payer) -> None:
    payer.choose(payer.start(), "paypay")
    page = payer.get("/receipt")
    assert all(word in page for word in ("領収書", "300円", "非課税", "PayPay", "見本 花子", "見本"))


def test_the_receipt_opens_as_a_pdf(payer: Payer) -> None:
    payer.choose(payer.start(), "card")
    answer = payer.client.get(f"/pay/{payer.charge.token}/receipt.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")


def test_there_is_no_receipt_before_payment(payer: Payer) -> None:
    assert payer.client.get(f"/pay/{payer.charge.token}/receipt").status_code == 404


def test_a_paper_to_pay_by_at_the_counter_opens_as_a_pdf(payer: Payer) -> None:
    assert payer.client.get(f"/pay/{payer.charge.token}/request.pdf").data.startswith(b"%PDF")


def test_a_resident_sees_all_charges_in_one_place_what_is_owed_first(payer: Payer) -> None:
    resident_id = sign_in(payer.office.app, payer.client)
    mine = {"name": "見本 花子", "resident_id": resident_id}
    with payer.office.database.transaction() as session:
        for yen in (700, 500, 0):
            open_charge(session, yen, payer=mine)
    page = payer.client.get("/my/payments").text
    owed, _, over = page.partition("これまでのお支払い")
    assert all(words in owed for words in ("合計 1,200円", "700円", "500円"))
    assert "お支払いは不要です" in over
    assert "/my/payments" in payer.client.get("/my").text


def test_an_overdue_charge_says_until_when_and_a_lapsed_one_what_to_do(payer: Payer) -> None:
    today = clock.today()
    with payer.office.database.transaction() as session:
        charge = charges.lock(session, payer.charge.id)
        charge.due_on, charge.lapse_on = today - timedelta(days=1), today + timedelta(days=13)
    page = payer.get()
    assert "まだお支払いいただけます" in page
    assert "支払いへ進む" in page
    with payer.office.database.transaction() as session:
        charges.lapse(session, charges.lock(session, payer.charge.id), reason="期限", actor=STAFF)
    page = payer.get()
    assert "この請求は終わりました" in page
    assert "支払いへ進む" not in page


def test_a_hall_that_takes_money_at_its_counter_only_says_so_and_starts_no_page(payer: Payer) -> None:
    payer.allow("cash", "slip")
    shown = payer.get()
    assert "窓口でお支払いください" in shown and "現金、納付書" in shown
    assert "窓口のキャッシュレス" not in shown and "クレジットカード" not in shown
    assert "窓口で支払うための用紙" in shown
    answer = payer.client.post(
        f"/pay/{payer.charge.token}/start", data={"csrf_token": token_of(payer.client.get("/cases"))}
    )
    assert answer.location == f"/pay/{payer.charge.token}"
    assert payer.fresh().attempts == []


def test_a_hall_without_konbini_offers_the_provider_no_konbini(payer: Payer) -> None:
    payer.allow("card", "bank")
    shown = payer.get()
    assert "クレジットカード" in shown and "コンビニ" not in shown
    assert "窓口で支払うための用紙" not in shown
    payer.start()
    assert [attempt.methods for attempt in payer.fresh().attempts] == [["card"]]


def test_an_unknown_charge_is_not_found(payer: Payer) -> None:
    assert payer.client.get("/pay/nothing").status_code == 404


def test_the_page_about_the_payees_lists_them(payer: Payer) -> None:
    assert "T0000000000001" in payer.client.get("/payment/law").text


def test_a_forged_callback_is_refused_and_changes_nothing(payer: Payer) -> None:
    payer.start()
    answer = payer.client.post("/callbacks/payment", data=b"{}", headers={"Sandbox-Signature": "t=1,v1=00"})
    assert answer.status_code == 400
    assert payer.fresh().settled_yen == 0


def test_the_desk_has_no_callback(payer: Payer) -> None:
    assert payer.client.post("/callbacks/payment/counter", data=b"{}").status_code == 404


def test_when_the_provider_is_down_the_page_says_what_to_do(
    payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.ports.payment import Unreachable

    def down(order: object) -> None:
        raise Unreachable("down")

    monkeypatch.setattr(payer.sandbox, "start", down)
    payer.start()
    assert "決済サービスにつながりません" in payer.get()


def test_paying_twice_is_not_possible_from_an_old_tab(payer: Payer) -> None:
    payer.choose(payer.start(), "card")
    page = payer.client.get(f"/pay/{payer.charge.token}")
    answer = payer.client.post(f"/pay/{payer.charge.token}/start", data={"csrf_token": _any_token(payer)})
    assert answer.location.endswith(f"/pay/{payer.charge.token}")
    assert "支払い済み" in page.text
    assert len(payer.fresh().attempts) == 1


def test_the_sandbox_page_says_on_every_screen_that_it_is_one(payer: Payer) -> None:
    path = payer.start().partition("/sandbox/payment")[2]
    assert "模擬" in payer.provider.get(path).text
    assert "模擬" in payer.provider.get("/").text


def _any_token(payer: Payer) -> str:
    with payer.office.database.transaction() as session:
        other = open_charge(session, 100, actor=STAFF)
    return token_of(payer.client.get(f"/pay/{other.token}"))
