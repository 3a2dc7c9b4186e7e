"""What staff may do: the whole table. A role holds permissions; a grant is ``role@scope``.

Scopes: ``*`` everywhere, ``<department key>``, ``facility:<slug>``, ``procedure:<slug>``.
システム管理 and 監査 see no case; 統計 sees no person; 指定管理者 sees bookings and
figures of the own facility only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PERMISSIONS: dict[str, str] = {
    "staff.home": "職員画面に入る",
    "case.read": "案件を見る",
    "case.work": "担当・メモ・やりとり・移送",
    "case.correct": "補正を求める",
    "case.enter": "窓口で代わりに入力する",
    "case.decide": "決裁する",
    "case.issue": "文書を交付する",
    "case.export": "案件を書き出す",
    "booking.read": "予約を見る",
    "booking.manage": "予約を受ける・変える・取り消す",
    "facility.manage": "施設・休館・料金を管理する",
    "facility.figures": "施設の利用率とオンライン率を見る",
    "payment.read": "収納を見る",
    "payment.manage": "収納・督促・減免を記録する",
    "payment.refund": "返金する",
    "message.broadcast": "お知らせを配信する",
    "message.approve": "配信を承認する",
    "chat.answer": "相談に答える",
    "content.manage": "手続・案内・バナーを管理する",
    "statistics.read": "統計を見る",
    "audit.read": "操作記録を見る",
    "staff.manage": "職員アカウントを管理する",
    "approval.decide": "ほかの職員の重要な操作を承認する",
    "system.manage": "設定・配信状況・鍵を管理する",
}


@dataclass(frozen=True)
class Role:
    """A role as staff know it."""

    label: str
    permissions: frozenset[str]


def _role(label: str, permissions: str) -> Role:
    return Role(label, frozenset(("staff.home", *permissions.split())))


ROLES: dict[str, Role] = {
    "reception": _role("申請受付", "case.read case.work case.correct case.enter booking.read chat.answer"),
    "reviewer": _role(
        "審査", "case.read case.work case.correct case.enter case.issue case.export booking.read payment.read"
    ),
    "approver": _role(
        "決裁", "case.read case.decide case.issue payment.read message.approve approval.decide"
    ),
    "facility": _role(
        "施設管理",
        "booking.read booking.manage facility.manage facility.figures"
        " payment.read payment.manage statistics.read",
    ),
    "designated": _role("指定管理者", "booking.read booking.manage facility.figures"),
    "cashier": _role("収納", "payment.read payment.manage payment.refund"),
    "publicist": _role("広報", "message.broadcast content.manage chat.answer"),
    "statistics": _role("統計", "statistics.read facility.figures"),
    "auditor": _role("監査", "audit.read"),
    "admin": _role("システム管理", "staff.manage system.manage content.manage approval.decide"),
}

EVERYWHERE = "*"


@dataclass(frozen=True)
class Scope:
    """Where a permission holds. Empty means nowhere."""

    everywhere: bool = False
    departments: frozenset[str] = frozenset()
    facilities: frozenset[str] = frozenset()
    procedures: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.departments or self.facilities or self.procedures)

    def covers(
        self, *, department: str | None = None, facility: str | None = None, procedure: str | None = None
    ) -> bool:
        """Tell whether an object with these keys lies inside."""
        return (
            self.everywhere
            or (department is not None and department in self.departments)
            or (facility is not None and facility in self.facilities)
            or (procedure is not None and procedure in self.procedures)
        )


NOWHERE = Scope()


def scope_of(grants: Iterable[str], permission: str) -> Scope:
    """Return where these grants (``Staff.roles``) allow a permission; what is unknown allows nothing."""
    found: dict[str, set[str]] = {"department": set(), "facility": set(), "procedure": set()}
    for grant in grants:
        role, _, scope = grant.partition("@")
        if role not in ROLES or permission not in ROLES[role].permissions:
            continue
        if scope == EVERYWHERE:
            return Scope(everywhere=True)
        kind, _, key = scope.rpartition(":")
        if key:
            found.setdefault(kind or "department", set()).add(key)
    return Scope(
        departments=frozenset(found["department"]),
        facilities=frozenset(found["facility"]),
        procedures=frozenset(found["procedure"]),
    )


def check_grant(grant: str) -> str:
    """Return the grant; raises ValueError for an unknown role or a malformed scope."""
    role, at, scope = grant.partition("@")
    if role not in ROLES or not at or not scope:
        raise ValueError(f"{grant!r} is not role@scope with a known role")
    kind, colon, key = scope.partition(":")
    if colon and (kind not in ("facility", "procedure") or not key):
        raise ValueError(f"{grant!r}: a scope is *, a department, facility:… or procedure:…")
    return grant
