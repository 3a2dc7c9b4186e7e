"""Staff accounts: made, changed, switched off. Each change that narrows rights ends the sessions at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import SYSTEM, Actor
from webapp.errors import Forbidden, InvalidInput, NotFound
from webapp.identity import passwords, sessions
from webapp.identity.models import Staff
from webapp.identity.permissions import check_grant, scope_of
from webapp.identity.profile import is_mail_address

LONGEST_NAME = 64
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")


def create(
    session: Session,
    *,
    login: str,
    name: str,
    department: str,
    roles: Sequence[str],
    actor: Actor,
    password: str | None = None,
    email: str = "",
    ends_on: date | None = None,
) -> Staff:
    """Make an account; raises InvalidInput with its field. Without a password it needs an invitation."""
    login = login.strip().lower()
    if not LOGIN.fullmatch(login):
        raise InvalidInput(
            "login",
            field="login",
            say="職員IDは半角の英小文字・数字・記号（. _ -）2文字以上で入力してください。",
        )
    if session.scalar(select(Staff.id).where(Staff.login == login)) is not None:
        raise InvalidInput(
            "login taken", field="login", say="この職員IDはすでに使われています。別のIDにしてください。"
        )
    _check(name, email)
    if password is not None:
        passwords.check_new(password, context=(login, name))
    staff = Staff(
        login=login,
        name=name.strip(),
        email=email.strip(),
        department=department,
        roles=checked_roles(roles),
        password_hash=passwords.hash_password(password) if password is not None else None,
        ends_on=ends_on,
        created_at=clock.now(),
    )
    session.add(staff)
    session.flush()
    _record(session, actor, "staff.create", staff, {"roles": staff.roles})
    return staff


def create_first(session: Session, *, login: str, name: str, department: str, password: str) -> Staff:
    """Make the first account, an administrator; raises Forbidden when there is one. For the command line."""
    if session.scalar(select(func.count()).select_from(Staff)):
        raise Forbidden("there are staff accounts already: an administrator makes further ones")
    roles = ["admin@*"]
    return create(
        session, login=login, name=name, department=department, roles=roles, actor=SYSTEM, password=password
    )


def get(session: Session, staff_id: int) -> Staff:
    """Return an account; raises NotFound."""
    found = session.get(Staff, staff_id)
    if found is None:
        raise NotFound(f"staff {staff_id}")
    return found


def everyone(session: Session) -> list[Staff]:
    """Return all accounts, working ones first, by department and login."""
    return list(session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.department, Staff.login)))


def change(
    session: Session,
    staff: Staff,
    *,
    name: str,
    email: str,
    department: str,
    roles: Sequence[str],
    ends_on: date | None,
    actor: Actor,
) -> None:
    """Change an account; new roles or department end its sessions. Nobody changes the own roles."""
    is_moved = department != staff.department
    if is_moved:
        _not_the_own(staff, actor)
    _check(name, email)
    staff.name, staff.email, staff.department, staff.ends_on = (
        name.strip(),
        email.strip(),
        department,
        ends_on,
    )
    if is_moved:
        sessions.revoke_all(session, staff_id=staff.id)
    _record(session, actor, "staff.change", staff, {"department": department})
    set_roles(session, staff, roles, actor)


def _check(name: str, email: str) -> None:
    """Raise InvalidInput for a name that is missing or too long, and for what is no mail address."""
    if not name.strip() or len(name.strip()) > LONGEST_NAME:
        say = f"氏名を{LONGEST_NAME}文字以内で入力してください。"
        raise InvalidInput("name", field="name", say=say)
    if email.strip() and not is_mail_address(email.strip()):
        say = "メールアドレスの形を確かめて、もう一度入力してください。"
        raise InvalidInput("email", field="email", say=say)


def set_roles(session: Session, staff: Staff, roles: Sequence[str], actor: Actor) -> None:
    """Give exactly these roles and end the sessions; nothing happens when they are held already.

    Raises InvalidInput for an unknown role, Forbidden for the own account and the last administrator.
    """
    checked, before = checked_roles(roles), sorted(staff.roles)
    if checked == before:
        return
    _not_the_own(staff, actor)
    _keep_one_administrator(session, staff, checked)
    staff.roles = checked
    sessions.revoke_all(session, staff_id=staff.id)
    _record(session, actor, "staff.roles", staff, {"before": before, "after": checked})


def set_password(session: Session, staff: Staff, password: str, actor: Actor) -> None:
    """Set a new password and end all sessions of the account."""
    passwords.check_new(password, context=(staff.login, staff.name))
    staff.password_hash = passwords.hash_password(password)
    sessions.revoke_all(session, staff_id=staff.id)
    _record(session, actor, "staff.password", staff, {})


def deactivate(session: Session, staff: Staff, actor: Actor) -> None:
    """Switch an account off and end its sessions; its name stays on what it did."""
    if actor.id == str(staff.id):
        raise Forbidden("own account", say="自分のアカウントは止められません。ほかの管理者に頼んでください。")
    _keep_one_administrator(session, staff, [])
    staff.active = False
    sessions.revoke_all(session, staff_id=staff.id)
    _record(session, actor, "staff.deactivate", staff, {})


def reactivate(session: Session, staff: Staff, actor: Actor) -> None:
    """Switch an account on again."""
    staff.active = True
    _record(session, actor, "staff.reactivate", staff, {})


def checked_roles(roles: Sequence[str]) -> list[str]:
    """Return the grants, sorted; raises InvalidInput for one that is none."""
    try:
        return sorted({check_grant(role.strip()) for role in roles if role.strip()})
    except ValueError as error:
        raise InvalidInput(
            str(error), field="roles", say="役割の指定が正しくありません。選び直してください。"
        ) from error


def _not_the_own(staff: Staff, actor: Actor) -> None:
    if actor.id == str(staff.id):
        raise Forbidden("own roles", say="自分の権限は変えられません。ほかの管理者に頼んでください。")


def _keep_one_administrator(session: Session, staff: Staff, roles: Sequence[str]) -> None:
    if not scope_of(staff.roles, "staff.manage") or scope_of(roles, "staff.manage"):
        return
    others = session.scalars(select(Staff).where(Staff.active.is_(True), Staff.id != staff.id))
    if not any(scope_of(other.roles, "staff.manage") for other in others):
        raise Forbidden("last administrator", say="管理者が一人もいなくなるため、変えられません。")


def _record(session: Session, actor: Actor, action: str, staff: Staff, details: dict[str, object]) -> None:
    audit.record(session, actor, action, object_kind="staff", object_id=staff.id, details=details)
