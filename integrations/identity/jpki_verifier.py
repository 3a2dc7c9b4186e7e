"""Judging a signature by a JPKI certificate, in the order that the law's evidence needs.

``cryptography.x509.verification`` refuses the critical certificatePolicies of JPKI, so the chain is
checked here: the anchor is found by name *and* signature, everything is judged at the time of signing,
and without a fresh revocation list the result says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtensionOID

from integrations.identity import jpki_names
from webapp.ports.signature import Anchor, Check, Signed, SignerClaims, Verdict

SIGN_POLICIES = frozenset({"1.2.392.200149.8.5.1.1.20"})
KNOWN_CRITICAL = {ExtensionOID.KEY_USAGE, ExtensionOID.CERTIFICATE_POLICIES, ExtensionOID.BASIC_CONSTRAINTS}
STALE_AFTER = timedelta(days=3)


class JpkiVerifier:
    """The local verifier. ``anchors`` keeps expired CAs too: old signatures need the old anchor."""

    def __init__(self, anchors: Sequence[Anchor], policies: frozenset[str] = SIGN_POLICIES) -> None:
        self._anchors = [(anchor, x509.load_der_x509_certificate(anchor.certificate)) for anchor in anchors]
        self._policies = policies

    def verify(self, document: bytes, signed: Signed, *, at: datetime) -> Verdict:
        """Judge; every check is in the verdict, and one failure makes it ``invalid``."""
        try:
            certificate = x509.load_der_x509_certificate(signed.certificate)
            key = certificate.public_key()
            _ = certificate.extensions
        except ValueError as error:
            return Verdict("invalid", (Check("certificate_readable", False, type(error).__name__),))
        checks = [Check("certificate_readable", True)]
        anchor, authority = self._find_anchor(certificate)
        checks.append(Check("issued_by_known_authority", anchor is not None))
        if authority is not None:
            checks.append(Check("authority_valid_at_signing", _covers(authority, at)))
        checks.append(Check("certificate_valid_at_signing", _covers(certificate, at)))
        checks.append(Check("strong_algorithms", _is_strong(certificate)))
        checks.append(Check("no_unknown_critical_extension", _critical_known(certificate)))
        checks.append(Check("made_for_signing", _may_sign(certificate)))
        policies = self._policies | (anchor.policies if anchor else frozenset())
        checks.append(Check("policy", _has_policy(certificate, policies)))
        signer, names = _names(certificate)
        checks.append(names)
        checks.append(Check("signature_over_document", _fits(key, signed.signature, document)))
        revocation, as_of = _revocation(certificate, anchor, authority, at)
        checks.append(Check("not_revoked", {"good": True, "revoked": False}.get(revocation)))
        failed = any(check.ok is False for check in checks)
        outcome = "invalid" if failed else ("valid" if revocation == "good" else "valid_revocation_unknown")
        return Verdict(
            outcome=outcome,  # type: ignore[arg-type]  # one of the three words above
            checks=tuple(checks),
            signer=signer,
            issuer=certificate.issuer.rfc4514_string(),
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            revocation=revocation,  # type: ignore[arg-type]  # one of three words
            revocation_as_of=as_of,
            simulated=bool(anchor and anchor.simulated),
        )

    def _find_anchor(self, certificate: x509.Certificate) -> tuple[Anchor | None, x509.Certificate | None]:
        for anchor, authority in self._anchors:
            try:
                certificate.verify_directly_issued_by(authority)
            except (ValueError, TypeError, InvalidSignature):
                continue
            return anchor, authority
        return None, None


def _covers(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _is_strong(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    is_sha256 = isinstance(
        certificate.signature_hash_algorithm, (hashes.SHA256, hashes.SHA384, hashes.SHA512)
    )
    return isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048 and is_sha256


def _critical_known(certificate: x509.Certificate) -> bool:
    return all(e.oid in KNOWN_CRITICAL for e in certificate.extensions if e.critical)


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature and usage.content_commitment


def _has_policy(certificate: x509.Certificate, allowed: frozenset[str]) -> bool:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return False
    return any(policy.policy_identifier.dotted_string in allowed for policy in policies)


def _names(certificate: x509.Certificate) -> tuple[SignerClaims | None, Check]:
    try:
        return jpki_names.read(certificate), Check("names_readable", True)
    except jpki_names.BadNames as error:
        return None, Check("names_readable", False, str(error))


def _fits(key: object, signature: bytes, document: bytes) -> bool:
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, document, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _revocation(
    certificate: x509.Certificate, anchor: Anchor | None, authority: x509.Certificate | None, at: datetime
) -> tuple[str, datetime | None]:
    """Return ``good``, ``revoked`` or ``not_checked`` with the list's own time."""
    if anchor is None or authority is None or anchor.revocation_list is None:
        return "not_checked", None
    revoked = x509.load_der_x509_crl(anchor.revocation_list)
    key = authority.public_key()
    is_theirs = isinstance(key, rsa.RSAPublicKey) and revoked.is_signature_valid(key)
    if not is_theirs or revoked.last_update_utc + STALE_AFTER < at:
        return "not_checked", None
    entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None and entry.revocation_date_utc <= at:
        return "revoked", revoked.last_update_utc
    return "good", revoked.last_update_utc
