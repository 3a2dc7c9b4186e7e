"""Signatures over an application: the exact document, the transaction, the verdict, the evidence."""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.identity.models import Resident
from webapp.identity.proof_models import Signature
from webapp.identity.residents import asserted
from webapp.ports.signature import SignatureVerifier, Signed, SignerClaims, Verdict

GOOD = ("valid", "valid_revocation_unknown")
SAME_PERSON = "signed_by_the_applicant"


def canonical(content: dict[str, Any]) -> bytes:
    """Return the one byte form of a document (RFC 8785 style): sorted keys, NFC, no floats, UTF-8.

    Raises TypeError for floats: they have no single text.
    """
    return json.dumps(_normal(content), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def prepare(session: Session, resident: Resident, draft_token: str, document: bytes) -> Signature:
    """Keep the document that is about to be signed."""
    row = Signature(
        draft_token=draft_token,
        resident_id=resident.id,
        document=document,
        document_sha256=hashlib.sha256(document).hexdigest(),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def judge(verifier: SignatureVerifier, document: bytes, signed: Signed, *, at: datetime) -> Verdict:
    """Judge with nothing open: the verifier may call a platform provider."""
    return verifier.verify(document, signed, at=at)


def store(
    session: Session,
    row: Signature,
    signed: Signed,
    verdict: Verdict,
    actor: Actor,
    *,
    keep_certificate: bool = True,
) -> Signature:
    """Keep signature, evidence and verdict. A good signature by another person than signed in is invalid.

    The certificate carries its 発行の番号, whose use the law limits: whether it is kept is the city's
    decision. Without it the verdict stands for itself and cannot be made again.
    """
    row = session.get_one(Signature, row.id)
    row.signed_at = clock.now()
    row.evidence = {
        "signature": base64.b64encode(signed.signature).decode(),
        "certificate": base64.b64encode(signed.certificate).decode() if keep_certificate else None,
        "signer": _claims(verdict.signer),
    }
    is_theirs = _is_same_person(session, row.resident_id, verdict.signer)
    return _judged(session, row, verdict, actor, is_theirs=is_theirs)


def store_again(session: Session, row: Signature, verdict: Verdict, actor: Actor) -> Signature:
    """Keep a later verdict on the same evidence. Who signed was settled then: names change."""
    row = session.get_one(Signature, row.id)
    assert row.verdict is not None
    settled = next((check["ok"] for check in row.verdict["checks"] if check["code"] == SAME_PERSON), None)
    is_theirs = _is_same_person(session, row.resident_id, verdict.signer) if settled is None else settled
    return _judged(session, row, verdict, actor, is_theirs=is_theirs)


def _judged(
    session: Session, row: Signature, verdict: Verdict, actor: Actor, *, is_theirs: bool
) -> Signature:
    checks = [{"code": check.code, "ok": check.ok, "note": check.note} for check in verdict.checks]
    outcome: str = verdict.outcome
    if outcome in GOOD:
        checks.append({"code": SAME_PERSON, "ok": is_theirs, "note": ""})
        outcome = outcome if is_theirs else "invalid"
    row.simulated = verdict.simulated
    row.verdict = {
        "outcome": outcome,
        "checks": checks,
        "issuer": verdict.issuer,
        "fingerprint": verdict.fingerprint,
        "revocation": verdict.revocation,
        "revocation_as_of": verdict.revocation_as_of.isoformat() if verdict.revocation_as_of else None,
        "algorithm": "RSASSA-PKCS1-v1_5 SHA-256",
        "judged_at": clock.now().isoformat(),
    }
    details = {"outcome": outcome, "failed": [check["code"] for check in checks if check["ok"] is False]}
    audit.record(
        session, actor, "signature.judged", object_kind="signature", object_id=row.id, details=details
    )
    return row


def good_one(session: Session, draft_token: str, document: bytes) -> Signature | None:
    """Return a good signature over exactly this document; any change since makes it None."""
    digest = hashlib.sha256(document).hexdigest()
    rows = session.scalars(
        select(Signature)
        .where(Signature.draft_token == draft_token, Signature.document_sha256 == digest)
        .order_by(Signature.id.desc())
    )
    return next((row for row in rows if row.verdict and row.verdict["outcome"] in GOOD), None)


def attach(session: Session, draft_token: str, case_id: int) -> None:
    """Put the draft's signatures on the case that came of it."""
    for row in session.scalars(select(Signature).where(Signature.draft_token == draft_token)):
        row.case_id = case_id


def of_case(session: Session, case_id: int) -> list[Signature]:
    """Return the signatures on a case, for staff and print."""
    return list(session.scalars(select(Signature).where(Signature.case_id == case_id).order_by(Signature.id)))


def kept(row: Signature) -> Signed | None:
    """Return the evidence of a signature to judge it again; None where the certificate is not kept."""
    if row.evidence is None or row.evidence.get("certificate") is None:
        return None
    return Signed(base64.b64decode(row.evidence["signature"]), base64.b64decode(row.evidence["certificate"]))


def _is_same_person(session: Session, resident_id: int, signer: SignerClaims | None) -> bool:
    card = asserted(session, resident_id)
    if card is None or signer is None:
        return False
    return _squeeze(card.name) == _squeeze(signer.name) and (
        card.birth is None or signer.birth is None or card.birth == signer.birth
    )


def _squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


def _claims(signer: SignerClaims | None) -> dict[str, Any]:
    if signer is None:
        return {}
    return {
        "name": signer.name,
        "address": signer.address,
        "birth": signer.birth.isoformat() if signer.birth else None,
        "gender": signer.gender,
        "name_substituted": signer.name_substituted,
        "address_substituted": signer.address_substituted,
    }


def _normal(value: Any) -> Any:
    if isinstance(value, float):
        raise TypeError("a float has no single text: use integers or text")
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", str(key)): _normal(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_normal(inner) for inner in value]
    return value
