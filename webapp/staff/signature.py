"""The evidence of an electronic signature on a case: shown, printed, handed out, judged once more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp.casework.models import Case
from webapp.errors import NotFound, Unavailable
from webapp.identity import cms, signatures
from webapp.identity.models import Resident
from webapp.identity.proof_models import Signature
from webapp.ports.signature import SignatureVerifier
from webapp.staff import case_person, desk
from webapp.web import guards
from webapp.web.downloads import disposition
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("signature", __name__, url_prefix="/cases/<reference>/signatures/<int:number>")

T = TypeVar("T", date, datetime)
CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "certificate_readable": "証明書を読み取れる",
        "issued_by_known_authority": "登録してある認証局が発行した",
        "authority_valid_at_signing": "署名したとき、認証局が有効期間の中にある",
        "certificate_valid_at_signing": "署名したとき、証明書が有効期間の中にある",
        "strong_algorithms": "鍵の長さと方式が十分に強い",
        "no_unknown_critical_extension": "知らない重要項目が証明書にない",
        "made_for_signing": "署名に使うための証明書である",
        "policy": "署名用電子証明書の方針に合う",
        "names_readable": "証明書の氏名などを読み取れる",
        "signature_over_document": "この申請の内容そのものに署名している",
        "not_revoked": "署名したとき、失効していない",
        "signed_by_the_applicant": "サインインした本人が署名している",
    }
)


@dataclass(frozen=True)
class Line:
    """One check in words; ``ok`` is None when it could not be made."""

    words: str
    ok: bool | None


@blueprint.get("/")
@guards.staff_required("case.read")
def show(reference: str, number: int) -> str:
    """Show what was signed, by whom, and how it was judged."""
    case, row = _of(reference, number)
    desk.viewed(case, "case.signature", signature=row.id)
    verdict: dict[str, Any] = row.verdict or {}
    signer: dict[str, Any] = (row.evidence or {}).get("signer") or {}
    resident = db().get(Resident, row.resident_id)
    return render_template(
        "staff/signature_show.html",
        case=case,
        row=row,
        verdict=verdict,
        outcome=case_person.OUTCOMES.get(verdict["outcome"], case_person.OUTCOMES["invalid"]),
        lines=[Line(CHECKS.get(one["code"], one["code"]), one["ok"]) for one in verdict["checks"]],
        signer=signer,
        is_protected=resident is not None and resident.protected,
        birth=_parsed(date, signer.get("birth")),
        judged_at=_parsed(datetime, verdict["judged_at"]),
        revocation_as_of=_parsed(datetime, verdict["revocation_as_of"]),
        shown=json.loads(row.document).get("shown", []),
        has_certificate=signatures.kept(row) is not None,
        may_judge=_verifier() is not None and desk.may("case.work", case),
    )


@blueprint.get("/document")
@guards.staff_required("case.read")
def document(reference: str, number: int) -> Response:
    """Hand out the very bytes that were signed."""
    case, row = _of(reference, number)
    desk.viewed(case, "case.signature", signature=row.id)
    return _file(row.document, "application/json", f"{case.reference}-signed.json")


@blueprint.get("/file")
@guards.staff_required("case.read")
def file(reference: str, number: int) -> Response:
    """Hand out the signature as a detached CMS file."""
    case, row = _of(reference, number)
    desk.viewed(case, "case.signature", signature=row.id)
    signed = signatures.kept(row)
    if signed is None:
        raise NotFound("certificate not kept")
    try:
        body = cms.detached(signed.signature, signed.certificate)
    except ValueError as error:
        raise NotFound("unreadable certificate", say="証明書を読み取れないため、書き出せません。") from error
    return _file(body, "application/pkcs7-signature", f"{case.reference}-signature.p7s")


@blueprint.post("/again")
@guards.staff_required("case.work")
def judge_again(reference: str, number: int) -> AnyResponse:
    """Judge it once more as of its signing, with nothing open: the verifier may call outside."""
    case, row = _of(reference, number, "case.work")
    verifier = _verifier()
    signed = signatures.kept(row)
    if verifier is None or signed is None or row.signed_at is None:
        raise Unavailable(
            "no verifier or no certificate", say="この署名は、もう一度確かめることができません。"
        )
    data, at = row.document, row.signed_at
    commit()
    verdict = signatures.judge(verifier, data, signed, at=at)
    signatures.store_again(db(), row, verdict, guards.current_actor())
    flash("もう一度確かめました。", "success")
    return redirect(url_for(".show", reference=case.reference, number=number), code=303)


def _of(reference: str, number: int, permission: str = "case.read") -> tuple[Case, Signature]:
    case = desk.case_for(reference, permission)
    row = next((one for one in signatures.of_case(db(), case.id) if one.id == number), None)
    if row is None or row.verdict is None:
        raise NotFound(f"signature {number}")
    return case, row


def _parsed(kind: type[T], text: str | None) -> T | None:
    return kind.fromisoformat(text) if text else None


def _verifier() -> SignatureVerifier | None:
    return next((plug.verifier for plug in services().identity.values() if plug.verifier is not None), None)


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": disposition("attachment", name)}
    return Response(body, mimetype=media_type, headers=headers)
