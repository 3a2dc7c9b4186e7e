"""Permissions, levels, passwords, residency and what providers write."""

from __future__ import annotations

from datetime import date

import pytest

from integrations.identity import normalise
from webapp.errors import InvalidInput
from webapp.identity import passwords, profile
from webapp.identity.permissions import PERMISSIONS, ROLES, check_grant, scope_of
from webapp.identity.residency import lives_in
from webapp.ports.identity import Level


def test_every_role_holds_known_permissions_only() -> None:
    assert all(role.permissions <= PERMISSIONS.keys() for role in ROLES.values())


def test_a_permission_reaches_as_far_as_its_grants() -> None:
    scope = scope_of(["reviewer@citizen", "reviewer@tax", "facility@facility:kuragi"], "case.read")
    assert scope.covers(department="tax")
    assert not scope.covers(department="roads")
    assert not scope.covers(facility="kuragi")


def test_unknown_roles_and_permissions_allow_nothing() -> None:
    assert not scope_of(["emperor@*", "reviewer@*"], "nuclear.launch")
    assert not scope_of(["emperor@*"], "case.read")


def test_a_facility_scope_opens_that_facility_only() -> None:
    scope = scope_of(["designated@facility:kuragi"], "booking.manage")
    assert scope.covers(facility="kuragi")
    assert not scope.covers(facility="iinan")
    assert not scope_of(["designated@*"], "case.read")


@pytest.mark.parametrize(
    "grant", ["reviewer", "reviewer@", "nobody@*", "reviewer@house:x", "facility@facility:"]
)
def test_a_malformed_grant_is_refused(grant: str) -> None:
    with pytest.raises(ValueError):
        check_grant(grant)


def test_levels_are_ordered_and_named_as_in_definitions() -> None:
    keys = ["none", "contact", "account", "card", "signed"]
    levels = [Level.from_key(key) for key in keys]
    assert levels == sorted(levels)
    assert [level.key for level in levels] == keys


@pytest.mark.parametrize(
    "password", ["short", "passwordpassword", "yamada-taro-2026", "aaaaaaaaaaaaaaaaaaaa", "x" * 300]
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        passwords.check_new(password, context=("yamada-taro", "山田"))


@pytest.mark.parametrize(
    "password", ["correct horse battery", "むかしむかしあるところにおじいさんが", "9fK2 pq7L xx81 mm"]
)
def test_a_long_password_of_any_kind_is_taken(password: str) -> None:
    passwords.check_new(password)


def test_a_password_fits_whatever_width_it_was_typed_in() -> None:
    stored = passwords.hash_password("correct horse 123")
    assert passwords.verify(stored, "ｃｏｒｒｅｃｔ　ｈｏｒｓｅ　１２３")
    assert not passwords.verify(stored, "correct horse 124")
    assert not passwords.verify(None, "correct horse 123")


@pytest.mark.parametrize(
    ("address", "lives_here"),
    [
        ("見本県みほん市中央一丁目2番3号", True),
        ("みほん市中央1-2-3", True),
        ("見本県　みほん市　中央", True),
        ("見本県となり市本町四丁目5番6号", False),
        ("東京都千代田区霞が関1-1", False),
        ("", None),
        ("中央一丁目2番3号", None),
    ],
)
def test_residency_is_read_from_the_address_or_left_open(address: str, lives_here: bool | None) -> None:
    assert lives_in(address, "見本県", "みほん市") is lives_here


def test_a_town_in_a_district_is_found_with_and_without_the_district() -> None:
    assert lives_in("山梨県南都留郡富士河口湖町船津1700", "山梨県", "富士河口湖町")
    assert lives_in("南都留郡富士河口湖町船津", "山梨県", "南都留郡富士河口湖町")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("19880412", date(1988, 4, 12)),
        ("1988-04-12", date(1988, 4, 12)),
        ("319880412", date(1988, 4, 12)),
        ("19350000", None),
        ("", None),
        ("昭和63年", None),
        ("１９８８０４１２", None),
    ],
)
def test_birth_days_come_in_three_forms(written: str, day: date | None) -> None:
    assert normalise.birth(written) == day


@pytest.mark.parametrize(
    ("written", "code"), [("1", "1"), ("2", "2"), ("male", "1"), ("女", "2"), ("x", ""), (None, "")]
)
def test_genders_come_in_three_forms(written: str | None, code: str) -> None:
    assert normalise.gender(written) == code


def test_an_address_comes_as_text_or_as_an_object() -> None:
    assert normalise.address({"formatted": "見本県みほん市"}) == normalise.address("見本県みほん市")


def test_a_profile_is_cleaned_where_it_may_be_and_kept_where_it_must() -> None:
    checked = profile.read(
        {"name": "\u9ad9\U00020bb7\U000e0100\u202e", "kana": "たかはし", "tel": "（０９０）１２３４−５６７８"}
    )
    assert checked.values["name"] == "\u9ad9\U00020bb7\U000e0100"
    assert checked.values["kana"] == "タカハシ"
    assert checked.values["tel"] == "09012345678"
    assert not checked.wrong
