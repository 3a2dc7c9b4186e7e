"""The staff of the sample city, with passwords that are printed: production refuses to know them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit import SYSTEM
from webapp.identity import staff_accounts
from webapp.identity.models import Staff


@dataclass(frozen=True)
class DemoStaff:
    """One account to try."""

    login: str
    password: str
    name: str
    department: str
    roles: tuple[str, ...]
    note: str


PASSWORD = "mihon-shi-no-madoguchi"  # noqa: S105 - printed at start, and refused in production

PEOPLE: tuple[DemoStaff, ...] = (
    DemoStaff("uketsuke", PASSWORD, "受付 はるか", "citizen", ("reception@*",), "すべての課の受付"),
    DemoStaff(
        "shimin",
        PASSWORD,
        "市民 あきら",
        "citizen",
        ("reviewer@citizen", "approver@citizen"),
        "市民課の審査と決裁",
    ),
    DemoStaff(
        "zeimu", PASSWORD, "税務 みのる", "tax", ("reviewer@tax", "approver@tax"), "税務課の審査と決裁"
    ),
    DemoStaff("kodomo", PASSWORD, "児童 さくら", "childcare", ("reviewer@childcare",), "こども課の審査"),
    DemoStaff(
        "shinsa", PASSWORD, "審査 まこと", "citizen", ("reviewer@*", "cashier@*"), "すべての課の審査と収納"
    ),
    DemoStaff("kessai", PASSWORD, "決裁 ひろし", "citizen", ("approver@*",), "すべての課の決裁"),
    DemoStaff("shisetsu", PASSWORD, "施設 けんじ", "sports", ("facility@*",), "施設の予約と管理"),
    DemoStaff("shitei", PASSWORD, "指定 かおる", "culture", ("designated@*",), "指定管理者"),
    DemoStaff("koho", PASSWORD, "広報 つばさ", "pr", ("publicist@*", "statistics@*"), "広報と統計"),
    DemoStaff("kansa", PASSWORD, "監査 しずか", "personnel", ("auditor@*",), "操作記録の閲覧"),
    DemoStaff("kanri", PASSWORD, "管理 つとむ", "personnel", ("admin@*",), "アカウントと設定"),
)


def load(session: Session, departments: Iterable[str]) -> list[DemoStaff]:
    """Make the accounts that are missing, in departments that this city has; returns all of them."""
    known = set(departments)
    people = [one for one in PEOPLE if one.department in known]
    there = set(session.scalars(select(Staff.login)))
    shared_hash: str | None = None
    for one in people:
        if one.login in there:
            continue
        password = one.password if shared_hash is None else None
        staff = staff_accounts.create(
            session,
            login=one.login,
            name=one.name,
            department=one.department,
            roles=one.roles,
            actor=SYSTEM,
            password=password,
        )
        shared_hash = shared_hash or staff.password_hash
        staff.password_hash = (
            shared_hash  # the same printed password: hashing it eleven times only costs time
        )
    return people
