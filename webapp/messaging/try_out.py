"""Phones on which staff try notices out: registered with a code that the staff screen shows once.

The code is typed into the talk with the official account. It proves nothing but that this phone belongs
to somebody who sees the staff screen; all it ever brings is the words of a draft.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.errors import NotFound
from webapp.identity.models import Staff
from webapp.messaging import one_time_links
from webapp.messaging.models import LineAccount
from webapp.messaging.topics import Person
from webapp.yaml_source import LANGS

NAME: Final = "try_phone"
LASTS: Final = timedelta(minutes=10)
LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
TYPED: Final = re.compile(rf"試し([{LETTERS}]{{8}})")


def new_code(session: Session, staff: Staff) -> str:
    """Return a code that registers one phone within ten minutes."""
    code = "".join(secrets.choice(LETTERS) for _ in range(8))
    one_time_links.make(session, NAME, {"staff": str(staff.id)}, lasts=LASTS, token=code)
    return code


def code_in(words: str) -> str | None:
    """Return the code somebody typed as 「試し ABCD2345」, in any width and case."""
    plain = "".join(unicodedata.normalize("NFKC", words).upper().split())
    found = TYPED.fullmatch(plain)
    return found.group(1) if found else None


def register(session: Session, account: LineAccount, code: str) -> bool:
    """Make this phone one to try out on; False for a code that is wrong, used or over."""
    try:
        link = one_time_links.use(session, code)
    except NotFound:
        return False
    if link.name != NAME:
        return False
    account.staff_id = int(link.args["staff"])
    return True


def phones(session: Session, staff: Staff) -> list[LineAccount]:
    """Return the phones of a staff member that can be reached."""
    query = select(LineAccount).where(LineAccount.staff_id == staff.id, LineAccount.reachable)
    return list(session.scalars(query.order_by(LineAccount.id)))


def forget(session: Session, staff: Staff) -> None:
    """Take every phone of a staff member off again."""
    session.execute(update(LineAccount).where(LineAccount.staff_id == staff.id).values(staff_id=None))


def people(session: Session, staff: Staff, *, line_on: bool) -> list[Person]:
    """Return the staff member as recipients: on each own phone and by mail, once per language."""
    users = [account.user_id for account in phones(session, staff)] if line_on else []
    ways = [Person(user_id=user) for user in users]
    if staff.email:
        ways.append(Person(email=staff.email, name=staff.name))
    return [Person(one.user_id, one.email, one.name, lang) for one in ways for lang in LANGS]
