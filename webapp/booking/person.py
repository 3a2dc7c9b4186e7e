"""Who books, as the rules see them."""

from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from webapp.tariff.facts import Facts


@dataclass(frozen=True)
class Booker:
    """`key` counts for limits; `facts` are what registration and identity prove (resident, group_class)."""

    key: str
    resident_id: int | None = None
    facts: Facts = field(default_factory=lambda: MappingProxyType({}))
    registration_until: date | None = None
    staff: bool = False
    """Staff at the counter book for somebody: the counter's own times count."""
    beyond: str = ""
    """Why the officer passes limits that were shown; without a reason they hold at the counter, too."""
