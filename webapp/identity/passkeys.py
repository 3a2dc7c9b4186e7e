"""Passkeys of staff (WebAuthn); the library checks origin, challenge and presence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import webauthn
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from webapp import audit, clock
from webapp.audit import Actor
from webapp.errors import InvalidInput
from webapp.identity import factors
from webapp.identity.models import Staff
from webapp.identity.staff_models import StaffFactor


@dataclass(frozen=True)
class Site:
    """Where the passkey belongs: ``origin`` as in the address bar, ``host`` without the port."""

    origin: str
    host: str
    name: str


def begin_adding(session: Session, staff: Staff, site: Site) -> tuple[str, str]:
    """Return the options as JSON for the browser, and the challenge to keep on the server."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=staff.login,
        user_id=f"staff:{staff.id}".encode(),
        user_display_name=staff.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(session, staff.id),
    )
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


def add(
    session: Session, staff: Staff, site: Site, credential: str, challenge: str, label: str, actor: Actor
) -> StaffFactor:
    """Keep a new passkey; raises InvalidInput when anything in it is wrong."""
    try:
        verified = webauthn.verify_registration_response(
            credential=_parsed(credential),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            "passkey", field="passkey", say="パスキーを登録できませんでした。もう一度お試しください。"
        ) from error
    factor = StaffFactor(
        staff_id=staff.id,
        kind="passkey",
        label=label.strip()[:64] or "パスキー",
        secret=verified.credential_public_key,
        credential_id=bytes_to_base64url(verified.credential_id),
        counter=verified.sign_count,
        created_at=clock.now(),
        confirmed_at=clock.now(),
    )
    session.add(factor)
    details = {"kind": "passkey"}
    audit.record(
        session, actor, "staff.factor_added", object_kind="staff", object_id=staff.id, details=details
    )
    session.flush()
    return factor


def begin_proving(session: Session, staff_id: int, site: Site) -> tuple[str, str]:
    """Return the options as JSON for the browser, and the challenge to keep on the server."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        allow_credentials=_descriptors(session, staff_id),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


def prove(session: Session, staff_id: int, site: Site, credential: str, challenge: str) -> bool:
    """Tell whether the passkey of this very account answered this very challenge."""
    try:
        parsed = _parsed(credential)
        factor = session.scalar(
            select(StaffFactor).where(
                StaffFactor.credential_id == parsed["id"],
                StaffFactor.staff_id == staff_id,
                StaffFactor.confirmed_at.isnot(None),
            )
        )
        if factor is None:
            return False
        verified = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=factor.secret,
            credential_current_sign_count=factor.counter,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    note = update(StaffFactor).where(StaffFactor.id == factor.id)
    session.execute(note.values(counter=verified.new_sign_count, last_used_at=clock.now()))
    return True


def _descriptors(session: Session, staff_id: int) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(factor.credential_id))
        for factor in factors.of_staff(session, staff_id)
        if factor.kind == "passkey" and factor.credential_id
    ]


def _parsed(credential: str) -> dict[str, Any]:
    if len(credential) > 20_000:
        raise ValueError("too long")
    try:
        parsed = json.loads(credential)
    except RecursionError as error:
        raise ValueError("nested without end") from error
    if not isinstance(parsed, dict) or not isinstance(parsed.get("id"), str):
        raise ValueError("not a credential")
    return parsed
