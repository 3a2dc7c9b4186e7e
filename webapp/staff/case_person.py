"""Who stands behind a case: card beside declaration, signatures, and what to be careful of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from webapp.casework.models import Case
from webapp.identity import mandates, residents, signatures, visits
from webapp.identity.models import Resident
from webapp.identity.residents import Asserted
from webapp.intake import sheets
from webapp.staff import comparison
from webapp.staff.comparison import Compared
from webapp.web.transaction import db

OUTCOMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "valid": ("有効", "good"),
        "valid_revocation_unknown": ("検証済み(失効は未確認)", "attention"),
        "invalid": ("無効", "bad"),
    }
)


BASES: Mapping[str, str] = MappingProxyType(
    {
        "online": "二人ともカードで本人確認をした、オンラインの委任",
        "guardian": "窓口で書類を確認した、親権者・未成年後見人",
        "paper": "窓口で書類を確認した委任",
    }
)


@dataclass(frozen=True)
class SignatureLine:
    """One electronic signature as staff read it."""

    label: str
    tone: str
    signed_at: datetime | None
    simulated: bool
    number: int


@dataclass(frozen=True)
class CasePerson:
    """What staff should know about the person before they act or telephone."""

    name: str = ""
    agent: str | None = None
    """Who sent the application for this person under a mandate."""
    basis: str = ""
    """On what the mandate rests, in words."""
    served_by: str = ""
    """The officer at whose counter the person checked and sent it on the tablet."""
    is_group: bool = False
    protected: bool = False
    bounced_at: datetime | None = None
    asserted: Asserted | None = None
    compared: list[Compared] = field(default_factory=list)
    """The asserted facts, each beside what the application says."""
    signatures: list[SignatureLine] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        return bool(self.asserted or self.signatures or self.served_by or self.agent is not None)


def of_case(case: Case) -> CasePerson:
    """Return the person of a case; a visitor leaves everything empty."""
    resident = db().get(Resident, case.resident_id) if case.resident_id else None
    if resident is None:
        return CasePerson(signatures=_signatures(case), served_by=_served_by(case))
    said = residents.asserted(db(), resident.id)
    if said is not None and not said.name:
        said = None  # a mail address asserts nothing about a person
    declared = str(case.contact.get("name") or "")
    agent, mandate = mandates.agent_of(db(), resident.id, sheets.sent_by(db(), case.id))
    return CasePerson(
        name=str(resident.profile.get("name") or declared or "氏名の登録なし"),
        agent=str(agent.profile.get("name") or "氏名の登録なし") if agent else None,
        basis=BASES[mandate.basis] if mandate else "",
        served_by=_served_by(case),
        is_group=resident.kind == "group",
        protected=resident.protected,
        bounced_at=resident.email_bounced_at,
        asserted=said,
        compared=comparison.of_case(case, said, hide_address=resident.protected) if said else [],
        signatures=_signatures(case),
    )


def _served_by(case: Case) -> str:
    staff = visits.served_by(db(), case.id)
    return staff.name if staff is not None else ""


def _signatures(case: Case) -> list[SignatureLine]:
    lines = []
    for row in signatures.of_case(db(), case.id):
        if row.verdict is None:
            continue
        label, tone = OUTCOMES.get(row.verdict["outcome"], OUTCOMES["invalid"])
        lines.append(SignatureLine(label, tone, row.signed_at, row.simulated, row.id))
    return lines
