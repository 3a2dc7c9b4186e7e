"""The staff's screens of money: worklist, a charge, the desk, refunds by two persons, reports."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from integrations.payment.counter import CounterPayment
from integrations.payment.sandbox import SandboxPayment
from integrations.payment.sandbox_store import Store
from tests.casework_office import Office, open_office, token_of
from tests.fakes.payment_world import ADDRESSES, open_charge
from webapp import cli, clock
from webapp.casework import lookup
from webapp.db import Database
from webapp.identity.models import Staff
from webapp.payment import charges, settle, steps
from webapp.payment.models import Charge, PaymentAttempt, Refund


class Till:
    """An office with a cashier (tanto) and a second one (kacho), and charges to work on."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.sandbox = SandboxPayment(
            Store(folder / "pay.sqlite3"),
            page_url="http://localhost/sandbox/payment",
            callback_url="",
            secret="test",
            now=clock.now,
            deliver=lambda *_: 0,
            in_background=False,
        )
        self.ports = {"sandbox": self.sandbox, "counter": CounterPayment(clock.now)}
        self.services = replace(office.services, payment=self.ports)
        office.app.extensions["madoguchi"] = self.services
        with office.database.transaction() as session:
            for staff in session.scalars(select(Staff).where(Staff.login.in_(("tanto", "kacho")))):
                staff.roles = [*staff.roles, "cashier@*"]
        self.tanto, self.kacho = office.client("tanto"), office.client("kacho")

    def charge(self, yen: int = 300) -> Charge:
        with self.office.database.transaction() as session:
            case = self.office.submitted(session).case
            return open_charge(session, yen, case_id=case.id, department="citizen")

    def paid(self, yen: int = 9000) -> Charge:
        charge = self.charge(yen)
        attempt = self.pay_page(charge)
        self.sandbox.pay(str(attempt.provider_id), "card")
        steps.look(self.office.database.transaction, self.ports, attempt, self.services.settle_handlers)
        return charge

    def pay_page(self, charge: Charge) -> PaymentAttempt:
        return steps.pay(
            self.office.database.transaction,
            self.ports,
            self.sandbox,
            charge,
            addresses=ADDRESSES,
            lang="ja",
            handlers=self.services.settle_handlers,
        )

    def post(self, client: FlaskClient, path: str, **data: str) -> str:
        token = token_of(client.get("/staff/payments"))
        answer = client.post(path, data={"csrf_token": token, **data}, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def fresh(self, charge: Charge) -> Charge:
        with self.office.database.reading() as session:
            return charges.by_token(session, charge.token)

    def refund(self) -> Refund:
        with self.office.database.reading() as session:
            return session.scalars(select(Refund)).one()


@pytest.fixture
def till(database: Database, tmp_path: Path) -> Till:
    return Till(open_office(database, tmp_path), tmp_path)


def test_cash_is_taken_and_stands_in_the_daily_close(till: Till) -> None:
    charge = till.charge()
    page = till.post(till.tanto, f"/staff/payments/{charge.token}/receive", method="cash", till="窓口1")
    assert "300円を受け取りました" in page
    close = till.tanto.get("/staff/receipts/close").text
    assert re.search(r"引き出しにあるはずの現金.*?<strong>300円", close)


@pytest.mark.parametrize("asked", ["髙橋", "{reference}", "P-{charge:07d}", "R{year}-{payment:07d}"])
def test_a_charge_is_found_by_name_or_by_any_number(till: Till, asked: str) -> None:
    till.charge(100)
    charge = till.paid(9000)
    with till.office.database.reading() as session:
        paid = charges.by_token(session, charge.token).settlements[0]
        reference = lookup.references_of(session, [charge.case_id or 0])[charge.case_id or 0]
    numbers = {"charge": charge.id, "payment": paid.id, "year": paid.fiscal_year, "reference": reference}
    page = till.tanto.get("/staff/payments", query_string={"q": asked.format(**numbers)}).text
    assert charge.token in page
    assert ("100円" in page) is (asked == "髙橋")
    assert "見つかりません" in till.tanto.get("/staff/payments?q=R26-0000-0000").text


def test_the_desk_offers_only_what_the_rule_of_the_charge_allows(till: Till) -> None:
    charge = till.charge()
    for methods, offered in ((["cash", "card"], {"cash"}), (["card"], set())):
        with till.office.database.transaction() as session:
            charges.lock(session, charge.id).methods = methods
        page = till.tanto.get(f"/staff/payments/{charge.token}").text
        assert set(re.findall(r'name="method" value="(cash|pos|slip)"', page)) == offered
    assert "窓口では受け取れません" in page


def test_a_terminal_without_its_number_is_sent_back(till: Till) -> None:
    charge = till.charge()
    page = till.post(till.tanto, f"/staff/payments/{charge.token}/receive", method="pos", till="窓口1")
    assert "端末の伝票番号を入力してください" in page
    assert till.fresh(charge).status == "open"


def test_a_refund_above_the_limit_takes_two_persons_and_has_a_letter(till: Till) -> None:
    charge = till.paid(9000)
    path = f"/staff/refunds/of/{charge.token}"
    page = till.post(
        till.tanto, path, amount="6000", reason="取消し", citation="条例10条", calculation="9,000×2/3"
    )
    assert "別の職員が承認してください" in page
    token = till.refund().token
    assert "申し出た人は承認できません" in till.post(till.tanto, f"/staff/refunds/{token}/approve")
    assert "決済サービスで返金する" in till.post(till.kacho, f"/staff/refunds/{token}/approve")
    assert "還付済み" in till.post(till.kacho, f"/staff/refunds/{token}/send")
    assert till.fresh(charge).status == "partly_refunded"
    assert till.kacho.get(f"/staff/refunds/{token}/letter.pdf").data.startswith(b"%PDF")


def test_more_than_was_paid_is_not_refunded(till: Till) -> None:
    charge = till.paid(1000)
    page = till.post(till.tanto, f"/staff/refunds/of/{charge.token}", amount="1001", reason="取消し")
    assert "支払い済みの額までの金額を入力してください" in page


def test_a_transfer_asks_the_payer_for_the_account_by_a_link(till: Till) -> None:
    charge = till.paid(1000)
    till.post(till.tanto, f"/staff/refunds/of/{charge.token}", amount="1000", reason="誤り", method="bank")
    token = till.refund().token
    payer = till.office.app.test_client()
    page = payer.get(f"/refund/{token}")
    wrong = payer.post(f"/refund/{token}", data={"csrf_token": token_of(page), "bank_name": "みほん銀行"})
    assert wrong.status_code == 422
    assert "みほん銀行" in wrong.text
    good = {
        "bank_name": "みほん銀行", "bank_code": "0001", "branch_name": "本店", "branch_code": "001",
        "kind": "ordinary", "number": "1234567", "holder_kana": "ミホン ハナコ",
    }  # fmt: skip
    assert payer.post(f"/refund/{token}", data={"csrf_token": token_of(page), **good}).status_code == 303
    assert "還付済み" in till.post(till.tanto, f"/staff/refunds/{token}/transferred")
    assert till.refund().bank is None


def test_an_exemption_lowers_the_claim_with_its_reason(till: Till) -> None:
    charge = till.charge(1000)
    page = till.post(
        till.tanto, f"/staff/payments/{charge.token}/waive", amount="400", reason="減免", citation="条例10条"
    )
    assert "400円を減免しました" in page
    assert till.fresh(charge).open_yen == 600


def test_payment_can_be_closed_while_an_exemption_is_examined(till: Till) -> None:
    charge = till.charge()
    till.post(till.tanto, f"/staff/payments/{charge.token}/block")
    assert "金額を確認しています" in till.office.app.test_client().get(f"/pay/{charge.token}").text


def test_asking_the_provider_finds_lost_money(till: Till) -> None:
    charge = till.charge()
    attempt = till.pay_page(charge)
    till.sandbox.pay(str(attempt.provider_id), "card")
    assert "1件の入金を見つけました" in till.post(till.tanto, "/staff/payments/reconcile")


def test_the_report_and_its_csv_show_what_came_in(till: Till) -> None:
    till.paid(9000)
    page = till.tanto.get("/staff/receipts").text
    assert "帳簿は合っています" in page
    assert "戸籍住民手数料" in page
    rows = till.tanto.get("/staff/receipts/revenue.csv").data.decode("utf-8-sig").splitlines()
    assert rows[1] == "みほん市,戸籍住民手数料,,クレジットカード,1,9000,0,9000,324"


def test_another_departments_charge_is_not_found(till: Till) -> None:
    charge = till.charge()
    assert till.office.client("zeimu").get(f"/staff/payments/{charge.token}").status_code in (403, 404)


def park(till: Till, **change: object) -> Charge:
    """Money comes in that does not agree with what was asked for."""
    charge = till.charge(1000)
    attempt = till.pay_page(charge)
    with till.sandbox.store.writing() as db:
        db.execute("UPDATE payment SET status = 'paid', method = 'card' WHERE id = ?", (attempt.provider_id,))
    paid = replace(till.sandbox.fetch(str(attempt.provider_id)), paid_at=clock.now(), **change)
    with till.office.database.transaction() as session:
        assert settle.settle(session, paid, till.services.settle_handlers).outcome == "parked"
    return charge


def test_money_of_another_amount_is_counted_by_a_person(till: Till) -> None:
    charge = park(till, amount_yen=400)
    assert "金額が違う" in till.tanto.get("/staff/payments").text
    page = till.tanto.get(f"/staff/payments/{charge.token}").text
    assert "求めた金額と違います" in page
    assert "この請求に充てる" in page
    parked_id = till.fresh(charge).settlements[0].id
    assert "入金を請求に充てました" in till.post(till.tanto, f"/staff/payments/parked/{parked_id}/count")
    assert (till.fresh(charge).settled_yen, till.fresh(charge).open_yen) == (400, 600)
    assert "金額が違う" not in till.tanto.get("/staff/payments").text


def test_money_in_another_currency_can_only_be_given_back(till: Till) -> None:
    charge = park(till, currency="usd")
    page = till.tanto.get(f"/staff/payments/{charge.token}").text
    assert "円ではありません" in page
    assert "この請求に充てる" not in page
    parked_id = till.fresh(charge).settlements[0].id
    refused = till.post(till.tanto, f"/staff/payments/parked/{parked_id}/count")
    assert "充てられません" in refused
    till.post(till.tanto, f"/staff/payments/parked/{parked_id}/give-back", reason="通貨が違うため")
    assert "返金の手続き中" in till.tanto.get(f"/staff/payments/{charge.token}").text
    till.post(till.tanto, f"/staff/refunds/{till.refund().token}/send")
    assert "返金済み" in till.tanto.get(f"/staff/payments/{charge.token}").text
    assert till.fresh(charge).settled_yen == 0


def test_the_payouts_page_and_its_csv_show_what_has_not_arrived(till: Till) -> None:
    till.paid(9000)
    assert "未入金" in till.tanto.get("/staff/receipts/payouts").text
    rows = till.tanto.get("/staff/receipts/payouts.csv").data.decode("utf-8-sig").splitlines()
    assert rows[1] == "未入金,みほん市,戸籍住民手数料,,sandbox,1,9000,324,8676"


def test_overdue_and_lapsed_claims_stand_in_the_overview(till: Till) -> None:
    yesterday = clock.today() - timedelta(days=1)
    with till.office.database.transaction() as session:
        case = till.office.submitted(session).case
        for lapse_on in (yesterday, None):
            open_charge(session, case_id=case.id, department="citizen", due_on=yesterday, lapse_on=lapse_on)
    till.post(till.tanto, "/staff/payments/reconcile")
    page = till.tanto.get("/staff/payments").text
    assert "期限を過ぎた請求" in page
    assert "支払われずに終わった請求" in page


def test_the_ledger_check_is_a_command_and_says_whether_all_adds_up(till: Till) -> None:
    charge = till.paid(9000)
    cli.install(till.office.app)
    runner = till.office.app.test_cli_runner()
    sound = runner.invoke(args=["payment", "check"])
    assert (sound.exit_code, "0 faults" in sound.output) == (0, True)
    with till.office.database.transaction() as session:
        session.execute(text("UPDATE charge_line SET amount_yen = 1"))
    broken = runner.invoke(args=["payment", "check"])
    assert broken.exit_code == 1
    assert f"charge {charge.id}: lines is 9000, its rows say 1" in broken.output
