"""The resident's way to a booked room, as a browser without JavaScript goes it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from tests.fakes import hall
from tests.fakes.counter import counter, sign_in
from tests.fakes.hall import MAY
from webapp import clock, wiring
from webapp.booking import approve, close, registration
from webapp.booking.facility import Facilities
from webapp.booking.load import load_facilities, load_forms
from webapp.booking.models import Booking
from webapp.booking.paying import settled
from webapp.casework import lookup
from webapp.db import Database
from webapp.jobs import clockwork
from webapp.jobs.table import JOBS
from webapp.outbox.models import OutboxMessage
from webapp.payment.models import Charge
from webapp.payment.settle import Paid
from webapp.web.addresses import address
from webapp.yaml_source import SourceErrors

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("in_may")
ANSWERS = {"persons": "１０", "name": "見本 花子", "tel": "0773662000", "commercial": "no", "ticket": "0"}


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    made = counter(database_url, tmp_path)
    services = made.extensions["madoguchi"]
    places = hall.facilities()
    made.extensions["madoguchi"] = replace(
        services, facilities=places, settle_handlers=wiring.settle_handlers(places)
    )
    return made


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def send(browser: FlaskClient, page: TestResponse, path: str, **data: str | list[str]) -> TestResponse:
    match = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert match is not None
    return browser.post(path, data={"csrf_token": match.group(1), **data})


def hold(browser: FlaskClient, room: str = "a", band: str = "am", **more: str) -> TestResponse:
    path = f"/book/gym/{room}/2026-06-10"
    return send(browser, browser.get(path), path, band=band, resident="yes", **more)


def reach_check(browser: FlaskClient) -> tuple[str, TestResponse]:
    path = hold(browser).headers["Location"]
    answered = send(browser, browser.get(path), path, **ANSWERS)
    assert answered.status_code == 303, answered.text
    return path, browser.get(answered.headers["Location"])


@pytest.mark.parametrize(
    "path",
    [
        "/facilities",
        "/facilities?day=2026-06-10&persons=20&purpose=&q=体育館",
        "/facilities/map",
        "/facilities/gym",
        "/facilities/gym/rules",
        "/facilities/gym/rooms/a?from=2026-06-08",
        "/facilities/gym/rooms/a?from=2026-06-08&view=month",
        "/facilities/gym/rooms/visit?from=2026-06-08",
        "/facilities/gym/rooms/a/when?day=2026-09-01",
        "/book/gym/whole/2026-06-10",
        "/book/gym/visit/2026-06-10",
    ],
)
def test_every_page_about_facilities_opens(browser: FlaskClient, path: str) -> None:
    for lang in ("ja", "easy", "en"):
        mark = "&" if "?" in path else "?"
        assert browser.get(f"{path}{mark}lang={lang}").status_code == 200


def test_a_visitor_books_and_sees_every_yen_explained(browser: FlaskClient) -> None:
    path, check = reach_check(browser)
    assert "2,000円" in check.text and "別表" in check.text
    confirmed = send(browser, check, f"{path}/confirm")
    done = browser.get(confirmed.headers["Location"])
    assert "支払いへ進む" in done.text and "照会用パスワード" in done.text
    reference = re.search(r"\d\d-\d{4}-\d{4}", done.text)
    assert reference is not None
    shown = browser.get(f"/cases/{reference.group()}/bookings")
    assert "支払い待ち" in shown.text


def test_everything_said_about_the_use_is_read_over_before_and_after_confirming(browser: FlaskClient) -> None:
    path = hold(browser).headers["Location"]
    said = {
        **ANSWERS,
        "title": "春の会",
        "extra.board": "2",
        "commercial": "yes",
        "ticket": "500",
        "group": "球友会",
    }
    said |= {"exemption": "cohost", "exemption_reason": "市と共催"}
    check = browser.get(send(browser, browser.get(path), path, **said).headers["Location"])
    for text in (
        "10人",
        "春の会",
        "得点板 × 2",
        "500円",
        "営利・宣伝",
        "球友会",
        "市内にある",
        "共催",
        "市と共催",
    ):
        assert text in check.text
    assert "お返しします" in check.text and "予約をやめる" in check.text
    shown = browser.get(send(browser, check, f"{path}/confirm").headers["Location"])
    page = re.search(r'href="(/cases/[^"]+/bookings)"', shown.text)
    assert page is not None and "得点板 × 2" in browser.get(page[1]).text


def test_a_posted_field_cannot_turn_a_proved_non_resident_into_a_resident(
    app: Flask, browser: FlaskClient
) -> None:
    app.extensions["madoguchi"] = replace(app.extensions["madoguchi"], facilities=dearer_for_others())
    resident_id = sign_in(app, browser)
    with app.extensions["madoguchi"].database.transaction() as session:
        registration.register(
            session,
            resident_id=resident_id,
            kind="person",
            name="見本 花子",
            details={},
            actor=hall.RESIDENT,
            proved={"resident": False},
        )
    path = hold(browser).headers["Location"]
    answered = send(browser, browser.get(path), path, resident="yes", **ANSWERS)
    assert "3,000円" in browser.get(answered.headers["Location"]).text


def test_what_a_visitor_said_when_taking_the_room_stays_said(app: Flask, browser: FlaskClient) -> None:
    app.extensions["madoguchi"] = replace(app.extensions["madoguchi"], facilities=dearer_for_others())
    page = "/book/gym/a/2026-06-10"
    path = send(browser, browser.get(page), page, band="am", resident="no").headers["Location"]
    answered = send(browser, browser.get(path), path, resident="yes", **ANSWERS)
    assert "3,000円" in browser.get(answered.headers["Location"]).text


def dearer_for_others() -> Facilities:
    dearer = {"key": "others", "label": "市外の方", "when": {"resident": False}, "factor": "3/2"}
    return hall.facilities(tariffs=[{**hall.HALL["tariffs"][0], "adjustments": [dearer]}])


def test_pressing_confirm_twice_gives_one_booking(browser: FlaskClient) -> None:
    path, check = reach_check(browser)
    first = send(browser, check, f"{path}/confirm")
    second = send(browser, check, f"{path}/confirm")
    assert first.headers["Location"] == second.headers["Location"]


def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(browser: FlaskClient) -> None:
    path = hold(browser).headers["Location"]
    page = send(browser, browser.get(path), path, persons="", name="見本 花子", tel="", title="春の会")
    assert page.status_code == 422
    assert "使う人数を数字で入れてください。" in page.text
    assert 'value="春の会"' in page.text


def test_the_second_person_is_told_politely_and_offered_another_room(
    app: Flask, browser: FlaskClient
) -> None:
    hold(browser, "a")
    second = app.test_client()
    path = "/book/gym/a/2026-06-10"
    refused = send(second, second.get(path), path, band="am", resident="no")
    assert refused.status_code == 409
    assert "先に予約されました" in refused.text and "空いているほかの時間と部屋" in refused.text
    other = re.search(r'class="slot" href="([^"]+)"', refused.text)
    assert other is not None
    page = second.get(other[1].replace("&amp;", "&")).text
    assert 'value="no" checked' in page and 'value="am" checked' in page


def test_a_refusal_writes_nothing(app: Flask, browser: FlaskClient) -> None:
    hold(browser, "a")
    second = app.test_client()
    path = "/book/gym/a/2026-06-10"
    opened = second.get(path)
    with written(app.extensions["madoguchi"].database) as statements:
        assert send(second, opened, path, band="am", resident="yes").status_code == 409
    assert statements == []


@contextmanager
def written(database: Database) -> Iterator[list[str]]:
    """The statements that would change something."""
    found: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split()[0].upper() in ("INSERT", "UPDATE", "DELETE", "WITH"):
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine, "before_cursor_execute", note)


def test_who_took_one_room_is_the_same_visitor_for_the_next(app: Flask, browser: FlaskClient) -> None:
    hold(browser, "a")
    hold(browser, "b")
    with app.extensions["madoguchi"].database.reading() as session:
        assert len(set(session.scalars(select(Booking.owner_key)))) == 1


def test_addresses_are_those_of_flask(app: Flask) -> None:
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/~city"}):
        for parts in ({"slug": "gym"}, {"slug": "a b/c?", "from": "2026-06-10"}):
            expected = url_for("resident.facilities.facility", **parts)
            assert unquote(address("resident.facilities.facility", **parts)) == unquote(expected)
            path = address("resident.facilities.facility", **parts).partition("?from=")[0]
            assert path.count("/") == 3 and not set(path) & set(" ?")
        assert address("resident.facilities.index") == url_for("resident.facilities.index")


def test_nobody_opens_the_basket_of_another_browser(app: Flask, browser: FlaskClient) -> None:
    path = hold(browser).headers["Location"]
    assert app.test_client().get(path).status_code == 404


def test_a_hold_that_ran_out_is_explained(browser: FlaskClient) -> None:
    path = hold(browser).headers["Location"]
    with clock.frozen(datetime(2026, 5, 11, 10, 16, tzinfo=clock.TOKYO)):
        page = browser.get(path)
        english = browser.get(f"{path}?lang=en", follow_redirects=True)
    assert page.status_code == 409
    assert "予約は確定していません" in page.text
    assert "Nothing is booked." in english.text and "予約は確定していません" not in english.text


def test_a_hold_lengthens_once_on_the_page(browser: FlaskClient) -> None:
    path = hold(browser).headers["Location"]
    page = browser.get(path)
    assert "10分延ばす" in page.text
    send(browser, page, f"{path}/extend", back="describe")
    assert "10分延ばす</span></button>" not in browser.get(path).text


def test_what_was_typed_when_the_hold_ran_out_is_there_when_the_time_is_taken_again(
    app: Flask, browser: FlaskClient
) -> None:
    path = hold(browser, days="6/12").headers["Location"]
    opened = browser.get(path)
    with clock.frozen(MAY + timedelta(minutes=31)):
        over = send(browser, opened, path, **{**ANSWERS, "title": "春の会"})
        assert over.status_code == 409 and "入力した内容は残っています" in over.text
        link = re.search(r'href="(/book/gym/a/2026-06-10[^"]+)"', over.text)
        assert link is not None
        chosen = browser.get(link[1].replace("&amp;", "&"))
        assert 'value="am" checked>' in chosen.text and 'value="2026-06-12"' in chosen.text
        again = browser.get(hold(browser).headers["Location"]).text
        assert 'value="春の会"' in again and 'value="見本 花子"' in again
        assert 'value="春の会"' not in app.test_client().get("/").text


def test_what_was_typed_stays_when_the_hold_is_lengthened(browser: FlaskClient) -> None:
    path = hold(browser).headers["Location"]
    page = browser.get(path)
    assert f'form="use-form" formaction="{path}/extend"' in page.text
    typed = {**ANSWERS, "title": "春の会 123456789018", "tel": ""}
    longer = send(browser, page, f"{path}/extend", back="describe", **typed)
    shown = browser.get(longer.headers["Location"]).text
    assert 'value="見本 花子"' in shown and 'value="１０"' in shown and "10分延ばしました" in shown
    assert "123456789018" not in shown, "an individual number is never kept"
    assert send(browser, browser.get(path), path, **ANSWERS).status_code == 303
    assert 'value="10"' in browser.get(path).text, "what is stored now counts"


def test_enter_in_a_field_goes_on_and_does_not_lengthen_the_hold(browser: FlaskClient) -> None:
    page = browser.get(hold(browser).headers["Location"]).text
    first = re.search(r'<button[^>]*form="use-form"[^>]*>', page)
    assert first is not None and "formaction" not in first[0]


def test_a_series_names_the_day_it_could_not_take(app: Flask, browser: FlaskClient) -> None:
    other = app.test_client()
    path = "/book/gym/whole/2026-06-17"
    send(other, other.get(path), path, band="am", resident="yes")
    page = browser.get(hold(browser, "a", until="2026-06-24", repeat="weekly").headers["Location"])
    assert "6月17日" in page.text and "ほかの予約と重なっています" in page.text


def test_days_without_an_interval_are_taken_in_one_go(app: Flask, browser: FlaskClient) -> None:
    hold(app.test_client(), "a", days="")
    taken = send(
        browser, browser.get("/book/gym/b/2026-06-10"), "/book/gym/b/2026-06-10",
        band="am", resident="yes", days="６/１２、6月30日 2026-06-10",
    )  # fmt: skip
    page = browser.get(taken.headers["Location"]).text
    assert all(f"6月{day}日" in page for day in (10, 12, 30))
    wrong = hold(browser, "a", band="pm", days="6/31")
    assert wrong.status_code == 422 and "「6/31」は日付として" in wrong.text and 'value="6/31"' in wrong.text


def test_cancelling_shows_the_refund_before_the_button(browser: FlaskClient) -> None:
    path, check = reach_check(browser)
    send(browser, check, f"{path}/confirm")
    done = browser.get(f"{path}/done")
    reference = re.search(r"\d\d-\d{4}-\d{4}", done.text)
    assert reference is not None
    shown = browser.get(f"/cases/{reference.group()}/bookings")
    link = re.search(r'href="([^"]+/cancel)"', shown.text)
    assert link is not None
    ask = browser.get(link.group(1))
    assert "お返しする額" in ask.text
    gone = send(browser, ask, link.group(1), refund_yen="0")
    assert gone.status_code == 303
    assert "取消し済み" in browser.get(gone.headers["Location"]).text


def test_a_booking_is_cancelled_and_never_withdrawn_around_its_room_and_money(
    app: Flask, browser: FlaskClient
) -> None:
    path = booked(browser)
    case = path.removesuffix("/bookings")
    page = browser.get(case)
    assert "予約を変える・取り消す" in page.text and "取り下げる" not in page.text
    assert browser.get(f"{case}/withdraw").headers["Location"] == path
    refused = send(browser, page, f"{case}/withdraw", reason="都合により")
    assert refused.status_code == 409 and "予約の内容の画面で" in refused.text
    with app.extensions["madoguchi"].database.reading() as session:
        found = session.scalars(select(Booking)).one()
        held = lookup.by_reference(session, case.rpartition("/")[2])
        assert (found.state, held.status) == ("awaiting_payment", "received")


def test_whose_use_the_city_took_back_sees_what_is_free_instead(app: Flask, browser: FlaskClient) -> None:
    path = booked(browser)
    services = app.extensions["madoguchi"]
    day = (datetime(2026, 6, 10, 0, tzinfo=clock.TOKYO), datetime(2026, 6, 11, 0, tzinfo=clock.TOKYO))
    with services.database.transaction() as session:
        gym = services.facilities.by_slug["gym"]
        told: dict[str, Any] = {"kind": "public_use", "reason": "選挙の投票所", "actor": hall.OFFICER}
        close.close(session, services.facilities, gym, ["a"], *day, **told, displace=True)
    page = browser.get(path).text
    assert "選挙の投票所" in page and "代わりに空いているところ" in page
    assert 'href="/book/gym/b/2026-06-10?band=am"' in page


def test_a_search_finds_what_can_be_borrowed_and_nothing_too_small(browser: FlaskClient) -> None:
    assert "半面A</a>" in browser.get("/facilities?feature=board").text
    assert "半面A</a>" in browser.get("/facilities?q=得点板").text
    large = browser.get("/facilities?persons=80").text
    assert "全面</a>" in large and "半面A</a>" not in large


def test_the_map_shows_what_was_searched_for_and_each_pin_leads_to_its_name(app: Flask) -> None:
    put_on_the_map(app)
    page = app.test_client().get("/facilities/map?persons=20").text
    assert 'href="#place-1" aria-label="1 みほん体育館"' in page and 'id="place-1"' in page
    assert 'href="/facilities?persons=20"' in page
    none = app.test_client().get("/facilities/map?q=nowhere").text
    assert "条件に合う部屋がありません" in none and "place-1" not in none


def put_on_the_map(app: Flask) -> None:
    places = hall.facilities(latitude=35.0, longitude=135.0)
    app.extensions["madoguchi"] = replace(app.extensions["madoguchi"], facilities=places)


def let_the_worker_run(app: Flask, at: datetime) -> list[str]:
    """The periodic jobs about bookings at a moment; returns which messages have been told so far."""
    services = app.extensions["madoguchi"]
    with clock.frozen(at):
        clockwork.tick(services, [job for job in JOBS if job.name.startswith("booking_")])
    with services.database.reading() as session:
        return [str(m.payload["event"]) for m in session.scalars(select(OutboxMessage))]


def test_what_nobody_pays_lapses_at_its_deadline_and_is_free_again(app: Flask, browser: FlaskClient) -> None:
    page = booked(browser)
    last, over = (datetime(2026, 5, day, 23, 59, tzinfo=clock.TOKYO) for day in (16, 17))
    assert "booking_expired" not in let_the_worker_run(app, last)
    assert "支払い待ち" in browser.get(page).text
    assert "booking_expired" in let_the_worker_run(app, over)
    assert "支払い期限切れ" in browser.get(page).text
    days = browser.get("/api/facilities/gym/availability?from=2026-06-10&days=1").get_json()["rooms"]
    free = {room["id"]: room["days"][0]["slots"][0]["state"] for room in days}
    assert (free["a"], free["whole"]) == ("free", "free")


def test_the_day_before_reminds_once_and_the_day_after_ends_the_case(
    app: Flask, browser: FlaskClient
) -> None:
    page = booked(browser)
    services = app.extensions["madoguchi"]
    with services.database.transaction() as session:
        charge = session.scalars(select(Charge)).one()
        settled(session, services.facilities, Paid(charge, hall.cash(session, charge), late=False))
    early, due = (datetime(2026, 6, 9, hour, 0, tzinfo=clock.TOKYO) for hour in (8, 9))
    assert "booking_reminder" not in let_the_worker_run(app, early)
    for at in (due, due, due.replace(hour=18)):
        assert let_the_worker_run(app, at).count("booking_reminder") == 1
    let_the_worker_run(app, datetime(2026, 6, 11, 3, 0, tzinfo=clock.TOKYO))
    assert "ご利用が終わりました" in browser.get(page.removesuffix("/bookings")).text


def test_open_data_holds_states_and_nobodys_name(browser: FlaskClient) -> None:
    reach_check(browser)
    answer = browser.get("/api/facilities/gym/availability?from=2026-06-10&days=1")
    rooms = {room["id"]: room["days"][0]["slots"][0]["state"] for room in answer.get_json()["rooms"]}
    assert (rooms["whole"], rooms["a"], rooms["b"]) == ("taken", "taken", "free")
    ics = browser.get("/api/facilities/gym/rooms/a/busy.ics")
    assert "DTSTART:20260610T000000Z" in ics.text
    assert "花子" not in answer.text + ics.text


def test_when_answers_with_the_exact_minute(browser: FlaskClient) -> None:
    answer = browser.get("/api/facilities/gym/rooms/a/when?day=2026-09-10").get_json()[0]
    assert answer["reason"] == "too_early"
    assert answer["opens_at"] == "2026-07-01T00:00:00+00:00"


def test_when_answers_for_what_the_room_is_used_for(app: Flask, browser: FlaskClient) -> None:
    windows = [
        {"when": {"ticket": {"at_least": 2001}}, "opens": {"months_before": 1, "day": 1, "at": "09:00"}},
        {"opens": {"months_before": 2, "day": 1, "at": "09:00"}},
    ]
    services = app.extensions["madoguchi"]
    app.extensions["madoguchi"] = replace(services, facilities=hall.facilities(windows=windows))
    page = "/facilities/gym/rooms/a/when?day=2026-09-10&ticket="
    for ticket, opens in (("2000", "7月1日"), ("2001", "8月1日")):
        assert f"{opens}（" in browser.get(page + ticket).text
    asked = browser.get(f"/api{page}2001").get_json()
    assert {one["opens_at"] for one in asked} == {"2026-08-01T00:00:00+00:00"}
    assert browser.get(f"/api{page}many").status_code == 422


def test_the_permit_is_a_pdf_once_the_booking_stands(app: Flask, browser: FlaskClient) -> None:
    services = app.extensions["madoguchi"]
    free = [
        {
            "key": "t",
            "title": "表",
            "citation": "別表",
            "rows": [{"rooms": ["whole", "a", "b", "visit"], "per": "use", "yen": 0}],
        }
    ]
    app.extensions["madoguchi"] = replace(services, facilities=hall.facilities(tariffs=free))
    path, check = reach_check(browser)
    send(browser, check, f"{path}/confirm")
    done = browser.get(f"{path}/done")
    assert "予約が確定しました" in done.text
    link = re.search(r'href="([^"]+/permit.pdf)"', done.text)
    assert link is not None
    assert browser.get(link.group(1)).data.startswith(b"%PDF")


def test_a_registered_group_books_under_its_own_name(app: Flask, browser: FlaskClient) -> None:
    resident_id = sign_in(app, browser)
    with app.extensions["madoguchi"].database.transaction() as session:
        made = registration.register(
            session, resident_id=resident_id, kind="group", name="見本クラブ", details={}, actor=hall.RESIDENT
        )
        number = made.number
    assert number in browser.get("/facilities/registration").text
    choose = browser.get("/book/gym/a/2026-06-10")
    assert "だれの予約ですか" in choose.text and "見本クラブ" in choose.text
    path = hold(browser, registration=number).headers["Location"]
    assert 'value="見本クラブ"' in browser.get(path).text


@pytest.mark.parametrize(
    ("lang", "words"),
    [("ja", "利用の後に請求します"), ("easy", "つかった あとで"), ("en", "by invoice after the use")],
)
def test_a_group_that_pays_by_invoice_is_told_before_and_after(
    app: Flask, browser: FlaskClient, lang: str, words: str
) -> None:
    rule = {"who": "福祉の団体", "when": {"group_class": "welfare"}, "days_after_use": 30}
    places = hall.facilities(payment={"days_after": 5, "methods": ["slip"], "invoice": rule})
    app.extensions["madoguchi"] = replace(app.extensions["madoguchi"], facilities=places)
    resident_id = sign_in(app, browser)
    with app.extensions["madoguchi"].database.transaction() as session:
        made = registration.register(
            session, resident_id=resident_id, kind="group", name="見本会", details={}, actor=hall.RESIDENT
        )
        registration.accept(session, made, {"resident": True, "group_class": "welfare"}, hall.OFFICER)
    browser.get(f"/?lang={lang}")
    path, check = reach_check(browser)
    assert words in check.text
    done = browser.get(send(browser, check, f"{path}/confirm").headers["Location"]).text
    assert words in done and "2,000" in done
    assert "福祉の団体" in browser.get("/facilities/gym/rules").text


def test_a_last_day_that_does_not_exist_is_not_taken_for_a_single_booking(browser: FlaskClient) -> None:
    wrong = {"until.year": "2026", "until.month": "6", "until.day": "31"}
    page = hold(browser, **wrong)
    assert page.status_code == 422 and "実際にある日付" in page.text
    assert 'value="31"' in page.text


def booked(browser: FlaskClient) -> str:
    """Take and confirm half A in the morning; returns the address of the booking's page."""
    path, check = reach_check(browser)
    send(browser, check, f"{path}/confirm")
    reference = re.search(r"\d\d-\d{4}-\d{4}", browser.get(f"{path}/done").text)
    assert reference is not None
    return f"/cases/{reference.group()}/bookings"


def change_link(browser: FlaskClient, page: str) -> str:
    link = re.search(r'href="([^"]+/change)"', browser.get(page).text)
    assert link is not None
    return link.group(1)


def test_a_change_shows_the_difference_before_it_is_made(browser: FlaskClient) -> None:
    page = booked(browser)
    path = change_link(browser, page)
    new = "room=whole&day.year=2026&day.month=6&day.day=11&band=am&persons=20&chosen=yes"
    assert "半面A" in browser.get(path).text
    shown = browser.get(f"{path}?{new}&check=yes")
    assert "追加でお支払いいただく額" in shown.text and "2,000円" in shown.text
    sent = {"room": "whole", "day": "2026-06-11", "band": "am", "persons": "20", "chosen": "yes"}
    stale = send(browser, shown, path, **sent, after="3000", to_pay="1000", refund="0")
    assert stale.status_code == 409 and "料金が変わりました" in stale.text
    done = send(browser, shown, path, **sent, after="4000", to_pay="2000", refund="0")
    assert done.status_code == 303
    assert "6月11日" in browser.get(page).text


def test_a_taken_place_leaves_the_booking_where_it_was(app: Flask, browser: FlaskClient) -> None:
    page = booked(browser)
    other = app.test_client()
    other_page = "/book/gym/b/2026-06-10"
    send(other, other.get(other_page), other_page, band="am", resident="yes")
    path = change_link(browser, page)
    shown = browser.get(f"{path}?room=whole&band=am&persons=20&chosen=yes&check=yes")
    sent = {"room": "whole", "band": "am", "persons": "20", "chosen": "yes", "after": "4000"}
    refused = send(browser, shown, path, **sent, to_pay="2000", refund="0")
    assert refused.status_code == 409 and "いまの予約はそのままです" in refused.text
    assert "半面A" in browser.get(page).text


def test_a_room_asks_its_own_questions_from_a_definition(app: Flask, browser: FlaskClient) -> None:
    asking = replace(hall.facilities(form="hall-event"), forms=load_forms([ROOT / "demo" / "facilities"]))
    app.extensions["madoguchi"] = replace(app.extensions["madoguchi"], facilities=asking)
    path = hold(browser).headers["Location"]
    page = browser.get(path)
    assert "だれが参加できますか" in page.text and "使用の許可の審査" in page.text
    typed = {**ANSWERS, "open_to": "public", "stage": "fire"}
    wrong = send(browser, page, path, **typed)
    assert wrong.status_code == 422 and "火気・煙の使い方と安全対策" in wrong.text
    right = send(browser, wrong, path, **typed, doors="13:30", fire_plan="使いません")
    check = browser.get(right.headers["Location"])
    assert "13:30" in check.text and "だれでも" in check.text
    done = send(browser, check, f"{path}/confirm")
    reference = re.search(r"\d\d-\d{4}-\d{4}", browser.get(done.headers["Location"]).text)
    assert reference is not None
    assert "催しについて" in browser.get(f"/cases/{reference.group()}/bookings").text


def test_a_definition_that_a_booking_cannot_ask_is_named_at_the_start(tmp_path: Path) -> None:
    source = (ROOT / "demo/facilities/questions/hall-event/form.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "questions" / "hall-event"
    folder.mkdir(parents=True)
    (folder / "form.yaml").write_text(source.replace("key: support,", "key: persons,"), encoding="utf-8")
    gym = (ROOT / "demo/facilities/shimin-kaikan.yaml").read_text(encoding="utf-8")
    (tmp_path / "shimin-kaikan.yaml").write_text(gym, encoding="utf-8")
    with pytest.raises(SourceErrors, match="'persons' is a name of the booking's own page"):
        load_facilities([tmp_path])


def test_days_after_the_registration_are_not_offered_and_say_why(app: Flask, browser: FlaskClient) -> None:
    resident_id = sign_in(app, browser)
    with app.extensions["madoguchi"].database.transaction() as session:
        registration.register(
            session, resident_id=resident_id, kind="group", name="見本クラブ", details={}, actor=hall.RESIDENT
        )
    page = browser.get("/facilities/gym/rooms/a?from=2026-06-10")
    assert "登録の期限より後の日です" in page.text and "登録の更新を見る" in page.text
    offered = set(re.findall(r"/book/gym/a/(2026-06-\d\d)", page.text))
    assert offered == {"2026-06-10"}


def test_a_refusal_is_a_letter_with_reasons_and_instruction(app: Flask, browser: FlaskClient) -> None:
    services = app.extensions["madoguchi"]
    examined = hall.facilities(approval=True)
    app.extensions["madoguchi"] = replace(services, facilities=examined)
    page = booked(browser)
    reference = page.split("/")[2]
    assert browser.get(f"/cases/{reference}/refusal.pdf").status_code == 404
    with services.database.transaction() as session:
        case = lookup.by_reference(session, reference)
        told = {"reasons": "条例第7条に当たるため", "instruction": "審査請求は3か月以内にできます。"}
        approve.refuse(session, examined, case.id, actor=hall.OFFICER, **told)
    assert "条例第7条に当たるため" in browser.get(page).text
    letter = PdfReader(BytesIO(browser.get(f"/cases/{reference}/refusal.pdf").data))
    text = "".join(one.extract_text() for one in letter.pages).replace(" ", "")
    assert "条例第7条に当たるため" in text and "審査請求は3か月以内" in text
    assert browser.get(f"/cases/{reference}/permit.pdf").status_code == 404


def test_what_is_paid_for_is_named_in_the_readers_language_and_the_rest_is_marked(
    app: Flask, browser: FlaskClient
) -> None:
    named = [{"ja": room["name"], "en": f"Room {room['key']}"} for room in hall.HALL["rooms"]]
    rooms = [{**room, "name": name} for room, name in zip(hall.HALL["rooms"], named, strict=True)]
    places = hall.facilities(rooms=rooms)
    app.extensions["madoguchi"] = replace(app.extensions["madoguchi"], facilities=places)
    path, check = reach_check(browser)
    send(browser, check, f"{path}/confirm")
    link = re.search(r'href="(/pay/[^"?]+)"', browser.get(f"{path}/done").text)
    assert link is not None
    page = browser.get(f"{link[1]}?lang=en", follow_redirects=True).text
    assert '10 Jun Room a <span lang="ja">午前</span>' in page
    assert 'Use of Room a, <span lang="ja">みほん体育館</span>' in page


def test_what_is_missing_is_said_in_the_readers_language(browser: FlaskClient) -> None:
    path = hold(browser).headers["Location"]
    for lang, shown in (("en", "Enter your name."), ("easy", "<rt>なまえ</rt>")):
        browser.get(f"/?lang={lang}")
        page = send(browser, browser.get(path), path, persons="", name="", tel="")
        assert page.status_code == 422 and shown in page.text
        assert "連絡のつく電話番号を入れてください" not in page.text
