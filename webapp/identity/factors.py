"""Second factors of staff: one-time codes that work once, and recovery codes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import InvalidInput, NotFound
from webapp.identity.models import Staff
from webapp.identity.staff_models import RecoveryCode, StaffFactor

STEP_SECONDS = 30
RECOVERY_CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def of_staff(session: Session, staff_id: int) -> list[StaffFactor]:
    """Return the confirmed factors of an account."""
    query = select(StaffFactor).where(StaffFactor.staff_id == staff_id, StaffFactor.confirmed_at.isnot(None))
    return list(session.scalars(query.order_by(StaffFactor.id)))


def begin_totp(session: Session, staff: Staff, label: str) -> StaffFactor:
    """Make a secret for an authenticator app; it counts once a first code has confirmed it."""
    unconfirmed = delete(StaffFactor).where(
        StaffFactor.staff_id == staff.id, StaffFactor.kind == "totp", StaffFactor.confirmed_at.is_(None)
    )
    session.execute(unconfirmed)
    factor = StaffFactor(
        staff_id=staff.id,
        kind="totp",
        label=label.strip()[:64] or "認証アプリ",
        secret=pyotp.random_base32().encode(),
        created_at=clock.now(),
    )
    session.add(factor)
    session.flush()
    return factor


def address_of(factor: StaffFactor, staff: Staff, issuer: str) -> str:
    """Return the ``otpauth://`` address for the picture that the app reads."""
    return pyotp.TOTP(factor.secret.decode()).provisioning_uri(name=staff.login, issuer_name=issuer)


def confirm_totp(session: Session, staff: Staff, factor_id: int, code: str, actor: Actor) -> StaffFactor:
    """Take the first code; raises InvalidInput when it does not fit."""
    factor = session.get(StaffFactor, factor_id)
    if factor is None or factor.staff_id != staff.id or factor.kind != "totp":
        raise NotFound("factor")
    if not _take_code(session, factor, code):
        raise InvalidInput(
            "code", field="code", say="コードが違います。アプリに表示された6けたを入力してください。"
        )
    factor.confirmed_at = clock.now()
    _record(session, actor, "staff.factor_added", staff, kind="totp")
    return factor


def check_code(session: Session, staff_id: int, code: str) -> bool:
    """Tell whether a one-time code fits; a code that was accepted is never accepted again."""
    return any(_take_code(session, f, code) for f in of_staff(session, staff_id) if f.kind == "totp")


def new_recovery_codes(session: Session, staff: Staff, actor: Actor) -> list[str]:
    """Replace the recovery codes by ten new ones, which are shown this once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]
    session.add_all(RecoveryCode(staff_id=staff.id, code_hash=_hash(staff.id, code)) for code in codes)
    _record(session, actor, "staff.recovery_codes", staff)
    return codes


def recovery_codes_left(session: Session, staff_id: int) -> int:
    """Return how many unused recovery codes there are."""
    query = select(RecoveryCode.id).where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    return len(session.scalars(query).all())


def use_recovery_code(session: Session, staff_id: int, code: str) -> bool:
    """Use up a recovery code; False when it is unknown or was used."""
    plain = code.strip().lower().replace(" ", "")
    found = update(RecoveryCode).where(
        RecoveryCode.staff_id == staff_id,
        RecoveryCode.code_hash == _hash(staff_id, plain),
        RecoveryCode.used_at.is_(None),
    )
    return bool(session.execute(found.values(used_at=clock.now()).returning(RecoveryCode.id)).all())


def remove(session: Session, staff: Staff, factor_id: int, actor: Actor) -> None:
    """Remove a factor of this very account; raises NotFound."""
    factor = session.get(StaffFactor, factor_id)
    if factor is None or factor.staff_id != staff.id:
        raise NotFound("factor")
    kind = factor.kind
    session.delete(factor)
    _record(session, actor, "staff.factor_removed", staff, kind=kind)


def reset(session: Session, staff: Staff, actor: Actor) -> None:
    """Remove every factor and recovery code: an administrator's help for a lost telephone."""
    session.execute(delete(StaffFactor).where(StaffFactor.staff_id == staff.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    _record(session, actor, "staff.factors_reset", staff)


def _take_code(session: Session, factor: StaffFactor, code: str) -> bool:
    plain = "".join(code.split())
    if len(plain) != 6 or not plain.isascii() or not plain.isdigit():
        return False
    totp, now = pyotp.TOTP(factor.secret.decode()), clock.now()
    for offset in (0, -1, 1):
        step = int(now.timestamp()) // STEP_SECONDS + offset
        if secrets.compare_digest(totp.at(datetime.fromtimestamp(step * STEP_SECONDS, tz=now.tzinfo)), plain):
            return _advance(session, factor, step, now)
    return False


def _advance(session: Session, factor: StaffFactor, step: int, now: datetime) -> bool:
    """Note the time step; False when it or a later one was used before, in whatever process."""
    note = update(StaffFactor).where(StaffFactor.id == factor.id, StaffFactor.counter < step)
    taken = session.execute(note.values(counter=step, last_used_at=now).returning(StaffFactor.id)).all()
    return bool(taken)


def _hash(staff_id: int, code: str) -> str:
    return hashlib.sha256(f"{staff_id}:{code}".encode()).hexdigest()


def _record(session: Session, actor: Actor, action: str, staff: Staff, **details: str) -> None:
    audit.record(session, actor, action, object_kind="staff", object_id=staff.id, details=dict(details))
