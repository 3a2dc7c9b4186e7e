"""The officer's side of booking: timeline, counter booking, closures, approval, figures."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.casework_office import PASSWORD, Office, open_office, post
from tests.fakes import hall
from webapp import wiring
from webapp.audit import SYSTEM
from webapp.booking import registration
from webapp.booking.confirm import confirm
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facilities
from webapp.booking.models import Booking
from webapp.casework import decisions, lookup
from webapp.db import Database
from webapp.identity import staff_accounts

pytestmark = pytest.mark.usefixtures("in_may")
CALLER = {"name": "電話 次郎", "tel": "0773001122", "persons": "8", "commercial": "no", "resident": "yes"}


@pytest.fixture
def places() -> Facilities:
    return hall.facilities()


@pytest.fixture
def office(database: Database, tmp_path: Path, places: Facilities) -> Iterator[Office]:
    office = open_office(database, tmp_path)
    services = office.app.extensions["madoguchi"]
    office.app.extensions["madoguchi"] = replace(
        services, facilities=places, settle_handlers=wiring.settle_handlers(places)
    )
    with database.transaction() as session:
        for login, roles in (("kanri", ["facility@sports"]), ("shitei", ["designated@facility:other"])):
            staff_accounts.create(
                session,
                login=login,
                name="係",
                department="sports",
                roles=roles,
                actor=SYSTEM,
                password=PASSWORD,
            )
    yield office
    office.services.database.dispose()


def book(client: FlaskClient, **more: str) -> str:
    page = "/staff/timeline/gym/book?room=a&day=2026-06-10&band=am"
    data = {**CALLER, "room": "a", "day": "2026-06-10", "band": "am", "channel": "phone", **more}
    answer = post(client, page, "/staff/timeline/gym/book", **data)
    return answer.text if answer.status_code != 303 else client.get(answer.headers["Location"]).text


def test_a_booking_by_telephone_takes_one_page_and_appears_on_the_timeline(office: Office) -> None:
    text = book(office.client("kanri"))
    assert re.search(r"受付番号 \d\d-\d{4}-\d{4}", text)
    assert "電話 次郎" in text and "支払い待ち" in text


def test_a_taken_band_names_what_is_free_and_keeps_what_was_typed(office: Office) -> None:
    client = office.client("kanri")
    book(client)
    again = book(client)
    assert "この枠は埋まっています" in again and "半面B" in again
    assert 'value="電話 次郎"' in again


def test_a_series_books_nothing_until_its_conflicts_are_left_out_by_choice(office: Office) -> None:
    client = office.client("kanri")
    book(client, day="2026-06-17")
    asked = book(client, until="2026-06-24")
    assert "予約できない日をとばして" in asked and "令和8年6月17日（水）" in asked
    assert 'value="電話 次郎"' in asked and "受付番号" not in asked
    done = book(client, until="2026-06-24", leave_out="yes")
    assert "6月17日（水） は予約できませんでした" in done and "料金 4,000円" in done


def test_a_series_of_which_no_day_is_free_is_refused(office: Office) -> None:
    client = office.client("kanri")
    for _ in range(2):
        last = book(client, until="2026-06-24", leave_out="yes")
    assert "どの日も予約できません" in last and "受付番号" not in last


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"rhythm": "weekly", "until": "2026-06-24"}, {"06-10", "06-17", "06-24"}),
        ({"rhythm": "biweekly", "until": "2026-06-30"}, {"06-10", "06-24"}),
        ({"rhythm": "monthly", "until": "2026-07-31"}, {"06-10", "07-08"}),
        ({"rhythm": "days", "days": "6/12、７月３日"}, {"06-10", "06-12", "07-03"}),
    ],
)
def test_a_series_takes_the_days_of_its_rhythm(office: Office, asked: dict[str, str], days: set[str]) -> None:
    assert "受付番号" in book(office.client("kanri"), **asked)
    with office.database.reading() as session:
        booked = {f"{one:%m-%d}" for one in session.scalars(select(Booking.use_on))}
    assert booked == days


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"rhythm": "days", "days": "6/12、きのう"}, "「きのう」は日付として読めません"),
        (
            {"rhythm": "monthly", "until.year": "2026", "until.month": "6", "until.day": "1"},
            "最後の日は、最初の日より後に",
        ),
        ({"rhythm": "weekly", "until.year": "2026", "until.month": "13", "until.day": "1"}, "実際にある日付"),
    ],
)
def test_days_that_cannot_be_read_are_named_and_stay(
    office: Office, asked: dict[str, str], told: str
) -> None:
    page = book(office.client("kanri"), **asked)
    assert told in page and f'value="{list(asked.values())[-1]}"' in page


def limited(office: Office, **limits: object) -> None:
    services = office.app.extensions["madoguchi"]
    places = hall.facilities(limits={**limits, "citation": "規則第8条"})
    office.app.extensions["madoguchi"] = replace(services, facilities=places)


def test_the_desk_sees_the_limit_and_passes_it_with_a_tick_and_a_reason(office: Office) -> None:
    limited(office, per_month=1)
    client = office.client("kanri")
    assert "受付番号" in book(client)
    warned = book(client, day="2026-06-12")
    assert "同じ月に予約できるのは1件までです" in warned and "規則第8条" in warned
    assert 'value="電話 次郎"' in warned and "受付番号" not in warned
    bare = book(client, day="2026-06-12", beyond="yes")
    assert "上限をこえて受け付ける理由を書いてください" in bare
    unticked = book(client, day="2026-06-12", beyond_reason="雨で振り替えるため")
    assert "受付番号" not in unticked and 'value="雨で振り替えるため"' in unticked
    done = book(client, day="2026-06-12", beyond="yes", beyond_reason="雨で振り替えるため")
    reference = re.search(r"\d\d-\d{4}-\d{4}", done)
    assert reference is not None
    assert "雨で振り替えるため" in client.get(f"/staff/facilities/applications/{reference.group()}").text


def test_asking_the_price_tells_of_the_limit_and_books_nothing(office: Office) -> None:
    limited(office, per_month=1)
    client = office.client("kanri")
    book(client)
    asked = book(client, day="2026-06-12", _action="price")
    assert "2,000円" in asked and "同じ月に予約できるのは1件までです" in asked
    with office.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 1


def test_a_change_beyond_the_limit_needs_the_tick_and_the_reason(office: Office) -> None:
    limited(office, per_month=1)
    client = office.client("kanri")
    book(client)
    moved = re.search(r"\d\d-\d{4}-\d{4}", book(client, day="2026-07-08", band="pm"))
    assert moved is not None
    page = client.get(f"/staff/facilities/applications/{moved.group()}").text
    path = re.search(r'href="([^"]+/change)"', page)
    assert path is not None
    query = "?room=a&day=2026-06-12&chosen=yes&band=pm&persons=8&check=yes"
    shown = client.get(path.group(1) + query).text
    assert "同じ月に予約できるのは1件までです" in shown and "差額" in shown
    sent = {"chosen": "yes", "room": "a", "day": "2026-06-12", "band": "pm", "persons": "8"}
    sent |= {"after": "2500", "to_pay": "0", "refund": "0"}
    assert post(client, path.group(1) + query, path.group(1), **sent).status_code == 422
    reason = {"beyond": "yes", "beyond_reason": "会場の都合"}
    assert post(client, path.group(1) + query, path.group(1), **sent, **reason).status_code == 303


def test_a_registration_counts_at_the_counter_as_it_does_online(office: Office) -> None:
    limited(office, per_month=1)
    with office.database.transaction() as session:
        known = registration.register(
            session, resident_id=None, kind="group", name="見本クラブ", details={}, actor=SYSTEM
        )
        number = known.number
    client = office.client("kanri")
    assert "受付番号" in book(client, number=number)
    assert "同じ月に予約できるのは1件までです" in book(
        client, day="2026-06-12", number=number.lower(), tel="0773999999"
    )
    assert "その登録番号はありません" in book(client, day="2026-06-12", number="R9999999x")


def test_a_designated_manager_sees_only_its_own_facility(office: Office) -> None:
    client = office.client("shitei")
    assert "担当する施設がありません" in client.get("/staff/timeline").text
    assert client.get("/staff/timeline?facility=gym").status_code == 200
    assert "電話 次郎" not in client.get("/staff/timeline?facility=gym").text
    assert client.get("/staff/timeline/gym/book").status_code == 404
    assert client.get("/staff/facilities").text.count("みほん体育館") == 0
    token = re.search(r"/bookings/([^/]+)/change", _application(office))
    assert token is not None
    for page in (f"/staff/timeline/gym/bookings/{token.group(1)}/{verb}" for verb in ("change", "cancel")):
        assert client.get(page).status_code == 404


def _application(office: Office) -> str:
    """The page of a booking of the gym, as its own officer sees it."""
    client = office.client("kanri")
    reference = re.search(r"\d\d-\d{4}-\d{4}", book(client))
    assert reference is not None
    return client.get(f"/staff/facilities/applications/{reference.group()}").text


def test_the_price_is_told_before_a_name_is_given_and_nothing_is_booked(office: Office) -> None:
    client = office.client("kanri")
    asked = book(client, name="", tel="", _action="price")
    assert re.search(r"料金 [\d,]+円", asked) and "まだ予約していません" in asked
    assert "この日の予約(0件)" in client.get("/staff/timeline?facility=gym&day=2026-06-10").text


def test_the_week_is_one_table_of_seven_days_and_leads_to_each(office: Office) -> None:
    client = office.client("kanri")
    book(client)
    page = client.get("/staff/timeline?facility=gym&day=2026-06-08&view=week").text
    assert page.count("<table") == 1
    assert all(f"day=2026-06-{day:02d}" in page for day in range(8, 15))
    assert "9:00–12:00" in page and "電話 次郎" in page


def test_a_closure_shows_what_it_displaces_before_it_does(office: Office) -> None:
    client = office.client("kanri")
    book(client)
    path = "/staff/facilities/gym/closures"
    data = {"rooms": "whole", "first": "2026-06-10", "last": "2026-06-10", "from": "00:00", "to": "24:00"}
    data |= {"kind": "maintenance", "reason": "点検"}
    asked = post(client, path, path, **data)
    assert asked.status_code == 409 and "予約が1件あります" in asked.text
    assert re.search(r"\d\d-\d{4}-\d{4}</a> 電話 次郎", asked.text)
    done = post(client, path, path, **data, displace="yes")
    assert done.status_code == 303
    assert "休止" in client.get("/staff/timeline?facility=gym&day=2026-06-10").text
    number = re.search(r"/closures/(\d+)/end", client.get(path).text)
    assert number is not None
    assert post(client, path, f"{path}/{number.group(1)}/end").status_code == 303


def test_an_exemption_is_granted_and_the_use_allowed(office: Office, places: Facilities) -> None:
    with office.database.transaction() as session:
        booking = hall.held(session, places)
        wished = Details(persons=5, exemption="cohost", exemption_reason="共催のため")
        describe(session, places, booking.token, wished)
        done = confirm(session, places, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
        reference = done.case.reference
    client = office.client("kanri")
    path = f"/staff/facilities/applications/{reference}"
    assert reference in client.get("/staff/facilities").text
    early = post(client, path, path, decision="approve", exemption="")
    assert early.status_code == 422 and "減免の申請がまだ" in early.text
    bare = post(client, path, path, decision="approve", exemption="no", conditions="音量を下げること")
    assert bare.status_code == 422 and "認めない理由を書いて" in bare.text and "音量を下げること" in bare.text
    assert post(client, path, path, decision="approve", exemption="yes").status_code == 303
    shown = client.get(path).text
    assert "1,000円" in shown and "支払い待ち" in shown


def test_refusing_needs_reasons(office: Office, places: Facilities) -> None:
    with office.database.transaction() as session:
        booking = hall.held(session, places)
        describe(session, places, booking.token, Details(persons=5, exemption="cohost"))
        done = confirm(session, places, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)
        reference = done.case.reference
    client = office.client("kanri")
    path = f"/staff/facilities/applications/{reference}"
    assert post(client, path, path, decision="refuse").status_code == 422
    assert post(client, path, path, decision="refuse", reasons="目的外の使用").status_code == 303
    assert "不許可" in client.get(path).text
    with office.database.transaction() as session:
        decision = decisions.standing(session, lookup.by_reference(session, reference))
        assert decision is not None
        assert decision.reasons == "目的外の使用" and "審査請求" in decision.instruction


def test_a_price_that_no_table_knows_is_named_with_its_rule(office: Office) -> None:
    unknown = hall.facilities(tariffs=[], fees_unknown="申込みの内容を確認してからお知らせします。")
    services = office.app.extensions["madoguchi"]
    office.app.extensions["madoguchi"] = replace(services, facilities=unknown)
    client = office.client("kanri")
    reference = re.search(r"\d\d-\d{4}-\d{4}", book(client))
    assert reference is not None
    path = f"/staff/facilities/applications/{reference.group()}"
    assert "料金がまだ決まっていません" in post(client, path, path, decision="approve").text
    bare = post(client, path, path, decision="approve", yen="700")
    assert bare.status_code == 422 and "根拠" in bare.text and 'value="700"' in bare.text
    assert post(client, path, path, decision="approve", yen="700", citation="規則3条").status_code == 303
    assert "規則3条" in client.get(path).text


def test_the_desk_moves_and_cancels_with_the_price_shown_first(office: Office) -> None:
    client = office.client("kanri")
    page = book(client)
    reference = re.search(r"\d\d-\d{4}-\d{4}", page)
    assert reference is not None
    path = f"/staff/facilities/applications/{reference.group()}"
    change, cancel = (
        found.group(1)
        for found in (
            re.search(rf'href="([^"]+/{verb})"', client.get(path).text) for verb in ("change", "cancel")
        )
        if found is not None
    )
    shown = client.get(f"{change}?room=a&day=2026-06-11&band=pm&persons=8&chosen=yes&check=yes")
    assert "500円" in shown.text
    moved = {"room": "a", "day": "2026-06-11", "band": "pm", "persons": "8", "chosen": "yes"}
    done = post(client, change, change, **moved, after="2500", to_pay="500", refund="0")
    assert done.status_code == 303 and "6月11日" in client.get(path).text
    assert post(client, cancel, cancel, our_fault="no").status_code == 422
    assert post(client, cancel, cancel, our_fault="yes", reason="設備の故障").status_code == 303
    assert "施設の都合による取消し" in client.get(path).text


def test_figures_count_online_share_and_leave_as_csv(office: Office) -> None:
    client = office.client("kanri")
    book(client)
    assert "0%" in client.get("/staff/facilities/figures?year=2026").text
    assert "みほん体育館,2026,1,0,0,," in client.get("/staff/facilities/figures.csv?year=2026").text


def test_a_target_stands_beside_the_figure_it_is_for(office: Office) -> None:
    client = office.client("kanri")
    book(client)
    path = "/staff/facilities/gym/targets"
    assert post(client, path, path, year="2026", use="130", online="").status_code == 422
    assert post(client, path, path, year="2026", use="60", online="40").status_code == 303
    shown = client.get("/staff/facilities/figures?year=2026").text
    assert "40%" in shown and "60%" in shown and "未達" in shown
    assert "みほん体育館,2026,1,0,0,40,0,60," in client.get("/staff/facilities/figures.csv?year=2026").text
    assert client.get("/staff/facilities/gym/targets?year=2027").text.count('value="60"') == 0
