"""Every verdict over a signature is right, and OpenSSL agrees on the same files."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ObjectIdentifier
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext

from integrations.identity import jpki_names
from integrations.identity.cards import BY_KEY, Card
from integrations.identity.jpki_verifier import JpkiVerifier
from integrations.identity.simulator_pki import TestAuthority, era_date, other_names, sign_digest
from webapp.identity import cms
from webapp.ports.signature import Signed, Verdict

DOCUMENT = '{"name":"見本　花子","procedure":"juminhyo"}'.encode()
Issued = tuple[rsa.RSAPrivateKey, x509.Certificate]


@pytest.fixture(scope="module")
def authority() -> TestAuthority:
    return TestAuthority.make(at=datetime.now(UTC) - timedelta(days=400))


@pytest.fixture(scope="module")
def hanako(authority: TestAuthority) -> Issued:
    return authority.issue(BY_KEY["hanako"])


def digest_of(document: bytes) -> bytes:
    state = hashes.Hash(hashes.SHA256())
    state.update(document)
    return state.finalize()


def judge(
    authority: TestAuthority,
    issued: Issued,
    *,
    document: bytes = DOCUMENT,
    signed: Signed | None = None,
    with_list: bool = True,
    at: datetime | None = None,
) -> Verdict:
    signed = signed or sign_digest(*issued, digest_of(DOCUMENT))
    verifier = JpkiVerifier([authority.anchor(with_list=with_list)])
    return verifier.verify(document, signed, at=at or datetime.now(UTC))


def test_a_good_signature_with_a_fresh_list_is_valid(authority: TestAuthority, hanako: Issued) -> None:
    verdict = judge(authority, hanako)
    assert verdict.outcome == "valid"
    assert verdict.signer
    assert (verdict.signer.name, verdict.signer.gender) == ("見本　花子", "2")
    assert verdict.simulated


def test_without_a_list_it_is_never_called_valid(authority: TestAuthority, hanako: Issued) -> None:
    verdict = judge(authority, hanako, with_list=False)
    assert (verdict.outcome, verdict.revocation) == ("valid_revocation_unknown", "not_checked")


def test_a_stale_list_counts_as_none(authority: TestAuthority, hanako: Issued) -> None:
    anchor = replace(
        authority.anchor(),
        revocation_list=authority.revocation_list(at=datetime.now(UTC) - timedelta(days=9)),
    )
    signed = sign_digest(*hanako, digest_of(DOCUMENT))
    assert JpkiVerifier([anchor]).verify(DOCUMENT, signed, at=datetime.now(UTC)).revocation == "not_checked"


def test_another_document_is_refused(authority: TestAuthority, hanako: Issued) -> None:
    assert judge(authority, hanako, document=DOCUMENT + b" ").failed == ["signature_over_document"]


def test_a_tampered_signature_is_refused(authority: TestAuthority, hanako: Issued) -> None:
    good = sign_digest(*hanako, digest_of(DOCUMENT))
    broken = replace(good, signature=bytes([good.signature[0] ^ 1]) + good.signature[1:])
    assert judge(authority, hanako, signed=broken).failed == ["signature_over_document"]


def test_another_persons_certificate_is_refused(authority: TestAuthority, hanako: Issued) -> None:
    _, taro = authority.issue(BY_KEY["taro"])
    good = sign_digest(*hanako, digest_of(DOCUMENT))
    swapped = replace(good, certificate=taro.public_bytes(serialization.Encoding.DER))
    assert judge(authority, hanako, signed=swapped).failed == ["signature_over_document"]


def test_an_unknown_authority_is_refused_even_with_the_same_name(authority: TestAuthority) -> None:
    twin = TestAuthority.make()
    assert "issued_by_known_authority" in judge(authority, twin.issue(BY_KEY["hanako"])).failed


def test_an_expired_certificate_is_refused_now_and_good_when_it_signed(authority: TestAuthority) -> None:
    start = datetime.now(UTC) - timedelta(days=100)
    old = authority.issue(BY_KEY["hanako"], at=start, days=50)
    assert judge(authority, old).failed == ["certificate_valid_at_signing"]
    assert judge(authority, old, at=start + timedelta(days=10), with_list=False).failed == []


def test_a_revoked_certificate_is_refused(authority: TestAuthority) -> None:
    issued = authority.issue(BY_KEY["taro"])
    authority.revoke(issued[1], datetime.now(UTC) - timedelta(minutes=1))
    verdict = judge(authority, issued)
    assert (verdict.outcome, verdict.revocation, verdict.failed) == ("invalid", "revoked", ["not_revoked"])


def test_a_certificate_for_sign_in_cannot_sign(authority: TestAuthority) -> None:
    assert judge(authority, authority.issue(BY_KEY["hanako"], for_signing=False)).failed == [
        "made_for_signing"
    ]


def test_another_policy_is_refused(authority: TestAuthority) -> None:
    assert judge(authority, authority.issue(BY_KEY["hanako"], policy="1.2.3.4")).failed == ["policy"]


def test_the_test_policy_is_not_trusted_with_a_real_anchor(authority: TestAuthority, hanako: Issued) -> None:
    as_production = replace(authority.anchor(), policies=frozenset(), simulated=False)
    signed = sign_digest(*hanako, digest_of(DOCUMENT))
    assert JpkiVerifier([as_production]).verify(DOCUMENT, signed, at=datetime.now(UTC)).failed == ["policy"]


def test_an_unknown_critical_extension_is_refused(authority: TestAuthority) -> None:
    strange = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    issued = authority.issue(BY_KEY["hanako"], extra=strange)
    assert judge(authority, issued).failed == ["no_unknown_critical_extension"]


def test_a_short_key_is_refused(authority: TestAuthority) -> None:
    assert judge(authority, authority.issue(BY_KEY["hanako"], key_size=1024)).failed == ["strong_algorithms"]


def test_a_hash_signed_without_its_digest_info_is_refused(authority: TestAuthority, hanako: Issued) -> None:
    key, certificate = hanako
    numbers = key.private_numbers()
    padded = b"\x00\x01" + b"\xff" * (256 - 3 - 32) + b"\x00" + digest_of(DOCUMENT)
    raw = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
    bare = Signed(raw, certificate.public_bytes(serialization.Encoding.DER))
    assert judge(authority, hanako, signed=bare).failed == ["signature_over_document"]


@pytest.mark.parametrize("cut", [0, 1, 20, 400])
def test_a_truncated_certificate_is_refused(authority: TestAuthority, hanako: Issued, cut: int) -> None:
    good = sign_digest(*hanako, digest_of(DOCUMENT))
    assert (
        judge(authority, hanako, signed=replace(good, certificate=good.certificate[:cut])).outcome
        == "invalid"
    )


def test_a_repeated_name_is_refused(authority: TestAuthority) -> None:
    names = list(other_names(BY_KEY["hanako"]))
    doubled = x509.SubjectAlternativeName([*names, names[0]])
    assert judge(authority, authority.issue(BY_KEY["hanako"], names=doubled)).failed == ["names_readable"]


def test_substituted_characters_are_flagged(authority: TestAuthority) -> None:
    verdict = judge(authority, authority.issue(BY_KEY["daiji"]))
    assert verdict.signer
    assert verdict.signer.name_substituted
    assert not verdict.signer.address_substituted


def test_an_unknown_birth_day_is_no_date_and_a_long_address_survives(authority: TestAuthority) -> None:
    card = Card("x", "見本　ウメ", "見本県みほん市" + "山里" * 120, "19350000", "2", "")
    verdict = judge(authority, authority.issue(card))
    assert verdict.signer
    assert verdict.signer.birth is None
    assert verdict.signer.address == card.address


@pytest.mark.parametrize(
    ("written", "coded"),
    [
        ("19800217", "319800217"),
        ("20190501", "520190501"),
        ("19120729", "119120729"),
        ("19890108", "419890108"),
    ],
)
def test_birth_days_are_coded_with_their_era(written: str, coded: str) -> None:
    assert era_date(written) == coded


def test_the_certificate_has_the_shape_of_the_real_one(hanako: Issued) -> None:
    certificate = hanako[1]
    oids = [extension.oid.dotted_string for extension in certificate.extensions]
    assert oids == ["2.5.29.15", "2.5.29.17", "2.5.29.32", "2.5.29.18", "2.5.29.31", "2.5.29.35", "2.5.29.14"]
    assert certificate.extensions[0].value.public_bytes().hex() == "030206c0"
    assert certificate.extensions[2].critical
    arcs = [n.type_id.dotted_string[-1] for n in certificate.extensions[1].value]  # type: ignore[attr-defined]
    assert arcs == ["1", "4", "3", "5", "2", "6"]
    assert "simulated" in certificate.issuer.rfc4514_string()
    assert "J-LIS" in certificate.issuer.rfc4514_string()


@pytest.mark.parametrize(
    "der", [b"", b"\x0c", b"\x0c\x05abc", b"\x13\x01a", b"\x0c\x01\xff", b"\x0c\x81\x05abc"]
)
def test_a_malformed_text_is_refused(der: bytes) -> None:
    with pytest.raises(jpki_names.BadNames):
        jpki_names.utf8_string(der)


@pytest.mark.parametrize(("change", "agrees"), [("none", True), ("document", False), ("signature", False)])
def test_openssl_agrees(
    authority: TestAuthority, hanako: Issued, tmp_path: Path, change: str, agrees: bool
) -> None:
    signed = sign_digest(*hanako, digest_of(DOCUMENT))
    document = DOCUMENT + (b"x" if change == "document" else b"")
    signature = signed.signature[:-1] + b"\0" if change == "signature" else signed.signature
    key = (
        hanako[1]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    for name, data in (("doc", document), ("sig", signature), ("key", key)):
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "sig", "doc"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    ours = judge(authority, hanako, document=document, signed=replace(signed, signature=signature))
    assert (done.returncode == 0) is agrees
    assert (ours.outcome == "valid") is agrees


@pytest.mark.parametrize("issuer", ["same", "twin"])
def test_openssl_agrees_on_the_chain(
    authority: TestAuthority, hanako: Issued, tmp_path: Path, issuer: str
) -> None:
    ca = authority if issuer == "same" else TestAuthority.make()
    pem = serialization.Encoding.PEM
    (tmp_path / "ca").write_bytes(ca.certificate.public_bytes(pem))
    (tmp_path / "leaf").write_bytes(hanako[1].public_bytes(pem))
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", "ca", "leaf"], cwd=tmp_path, capture_output=True, check=False
    )
    ours = "issued_by_known_authority" not in judge(ca, hanako).failed
    assert (done.returncode == 0) is ours is (issuer == "same")


def test_padding_of_another_scheme_is_refused(authority: TestAuthority, hanako: Issued) -> None:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    signed = Signed(
        hanako[0].sign(DOCUMENT, pss, hashes.SHA256()), hanako[1].public_bytes(serialization.Encoding.DER)
    )
    assert judge(authority, hanako, signed=signed).failed == ["signature_over_document"]


@pytest.mark.parametrize(("change", "agrees"), [("none", True), ("document", False), ("authority", False)])
def test_openssl_and_pyhanko_agree_on_the_file_we_hand_out(
    authority: TestAuthority, hanako: Issued, tmp_path: Path, change: str, agrees: bool
) -> None:
    """The evidence leaves as a detached CMS file: two others judge it, with nothing of ours."""
    signed = sign_digest(*hanako, digest_of(DOCUMENT))
    document = DOCUMENT + (b" " if change == "document" else b"")
    root = (authority if change != "authority" else TestAuthority.make()).certificate
    file = cms.detached(signed.signature, signed.certificate)
    (tmp_path / "sig.p7s").write_bytes(file)
    (tmp_path / "doc").write_bytes(document)
    (tmp_path / "ca").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-purpose",
        "any",
        "-inform",
        "DER",
        "-in",
        "sig.p7s",
        "-content",
        "doc",
        "-CAfile",
        "ca",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode == 0) is agrees, done.stderr.decode()
    status = asyncio.run(
        async_validate_detached_cms(
            document,
            asn1_cms.ContentInfo.load(file)["content"],
            signer_validation_context=ValidationContext(
                trust_roots=[asn1_x509.Certificate.load(root.public_bytes(serialization.Encoding.DER))]
            ),
        )
    )
    assert (status.intact and status.valid and status.trusted) is agrees
