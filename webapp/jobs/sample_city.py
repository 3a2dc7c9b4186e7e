"""The sample city: staff accounts that everyone may know, and subscribers. Never loaded in production."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.audit import SYSTEM
from webapp.errors import Forbidden
from webapp.identity import staff_accounts
from webapp.identity.models import Staff
from webapp.jobs import sample_subscribers
from webapp.settings import Settings
from webapp.wiring import Services
from webapp.yaml_source import read, validate


class Account(BaseModel):
    """One account of the sample city."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    login: str
    name: str
    email: str
    department: str
    roles: list[str]
    note: str


class SampleStaff(BaseModel):
    """demo/staff.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: str
    accounts: list[Account]


def sample_staff(city_dir: Path) -> SampleStaff:
    """Read the accounts. Raises SourceErrors."""
    return validate(read(city_dir / "staff.yaml"), SampleStaff)


def load(services: Services) -> bool:
    """Make accounts and subscribers unless there are any; returns whether something was made.

    Raises Forbidden in production.
    """
    _only_in_demo(services.settings)
    folder = services.settings.city_dir
    with services.database.transaction() as session:
        sample_subscribers.load(session, folder, services.city)
        return _load_staff(session, sample_staff(folder))


def _load_staff(session: Session, sample: SampleStaff) -> bool:
    if session.scalar(select(func.count()).select_from(Staff)):
        return False
    for account in sample.accounts:
        staff_accounts.create(
            session,
            login=account.login,
            name=account.name,
            department=account.department,
            roles=account.roles,
            actor=SYSTEM,
            password=sample.password,
            email=account.email,
        )
    return True


def _only_in_demo(settings: Settings) -> None:
    if not settings.is_demo:
        raise Forbidden("the sample city's accounts are public: they are for MADOGUCHI_MODE=demo only")
