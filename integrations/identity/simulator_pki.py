"""A test CA with the structure of JPKI and names that nobody can take for the real one."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID, ObjectIdentifier

from integrations.identity import jpki_names
from integrations.identity.cards import Card
from webapp.ports.signature import Anchor, Signed

TEST_POLICY = "1.2.392.200149.8.5.1.0.20"
"""J-LIS's test environment; production never trusts it."""
ORGANISATION = "JPKI-TEST (simulated)"
NOT_REAL = "Not issued by J-LIS"


class TestAuthority:
    """The CA: its key and certificate, certificates for sample cards, and its revocation list."""

    __test__ = False  # pytest: this is no test

    def __init__(self, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> None:
        self.key, self.certificate = key, certificate
        self._revoked: list[tuple[int, datetime]] = []

    @classmethod
    def make(cls, *, at: datetime | None = None, years: int = 10) -> TestAuthority:
        """Make a new self-signed CA."""
        start = at or datetime.now(UTC) - timedelta(days=1)
        key = rsa.generate_private_key(65537, 2048)
        name = _name([(NameOID.ORGANIZATIONAL_UNIT_NAME, "JPKI for digital signature (simulated)")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=365 * years))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    @classmethod
    def load_or_make(cls, path: Path) -> TestAuthority:
        """Keep the CA in one PEM file."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            draft.write_bytes(cls.make().to_pem())
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            draft.unlink()
        pem = path.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return cls(key, x509.load_pem_x509_certificate(pem))

    def to_pem(self) -> bytes:
        """Return key and certificate as PEM."""
        return pem_of(self.key) + self.certificate.public_bytes(serialization.Encoding.PEM)

    def anchor(self, *, with_list: bool = True) -> Anchor:
        """Return the trust anchor for a verifier; marked as simulated."""
        return Anchor(
            self.certificate.public_bytes(serialization.Encoding.DER),
            self.revocation_list() if with_list else None,
            simulated=True,
            policies=frozenset({TEST_POLICY}),
        )

    def issue(
        self,
        card: Card,
        *,
        at: datetime | None = None,
        days: int = 365 * 5,
        for_signing: bool = True,
        policy: str = TEST_POLICY,
        extra: x509.ExtensionType | None = None,
        names: x509.SubjectAlternativeName | None = None,
        key_size: int = 2048,
    ) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
        """Issue a signing certificate with JPKI's extensions, in the order of the real ones."""
        start = at or datetime.now(UTC) - timedelta(hours=1)
        key = rsa.generate_private_key(65537, key_size)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_subject(start))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=days))
            .add_extension(_usage(signing=for_signing), critical=True)
            .add_extension(names or other_names(card), critical=False)
            .add_extension(_policies(policy), critical=True)
            .add_extension(x509.IssuerAlternativeName([x509.DirectoryName(_name([]))]), critical=False)
            .add_extension(_distribution_points(), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if extra is not None:
            builder = builder.add_extension(extra, critical=True)
        return key, builder.sign(self.key, hashes.SHA256())

    def revoke(self, certificate: x509.Certificate, at: datetime) -> None:
        """Put a certificate on the list."""
        self._revoked.append((certificate.serial_number, at))

    def revocation_list(self, *, at: datetime | None = None) -> bytes:
        """Return the current list (DER)."""
        now = at or datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now).next_update(now + timedelta(days=2))
        for serial, when in self._revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def sign_digest(key: rsa.RSAPrivateKey, certificate: x509.Certificate, digest: bytes) -> Signed:
    """Sign a SHA-256 digest as the card does (DigestInfo included)."""
    signature = key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    return Signed(signature, certificate.public_bytes(serialization.Encoding.DER))


def other_names(card: Card) -> x509.SubjectAlternativeName:
    """Return the six otherNames in the card's own order: 1, 4, 3, 5, 2, 6."""
    flags = "0" * len(card.name)
    values = {
        jpki_names.NAME: card.name,
        jpki_names.BIRTH: era_date(card.birthdate),
        jpki_names.GENDER: card.gender,
        jpki_names.ADDRESS: card.address,
        jpki_names.NAME_SUBSTITUTED: flags[:-1] + "1" if card.name_substituted else flags,
        jpki_names.ADDRESS_SUBSTITUTED: "0" * len(card.address),
    }
    return x509.SubjectAlternativeName(
        [
            x509.OtherName(ObjectIdentifier(arc), jpki_names.to_utf8_string(text))
            for arc, text in values.items()
        ]
    )


def era_date(written: str) -> str:
    """Return ``EYYYYMMDD``: the era's digit, then the Gregorian date as it was written."""
    year, rest = int(written[:4]), written[4:]
    month, day = int(rest[:2]) or 1, int(rest[2:]) or 1
    born = date(year, month, day)
    starts = (
        (date(2019, 5, 1), "5"),
        (date(1989, 1, 8), "4"),
        (date(1926, 12, 25), "3"),
        (date(1912, 7, 30), "2"),
    )
    return next((digit for start, digit in starts if born >= start), "1") + written


def pem_of(key: rsa.RSAPrivateKey) -> bytes:
    """Return the private key as PEM, unencrypted: it protects nothing."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(more: list[tuple[ObjectIdentifier, str]]) -> x509.Name:
    parts = [
        (NameOID.COUNTRY_NAME, "JP"),
        (NameOID.ORGANIZATION_NAME, ORGANISATION),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, NOT_REAL),
        *more,
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _subject(start: datetime) -> x509.Name:
    """The name of the person is not in the subject: prefecture, city, and a number made of the time."""
    number = f"{start:%Y%m%d%H%M%S}{int.from_bytes(os.urandom(2), 'big'):05d}999999A"
    parts = [
        (NameOID.COUNTRY_NAME, "JP"),
        (NameOID.LOCALITY_NAME, "Mihon-ken"),
        (NameOID.LOCALITY_NAME, "Mihon-shi"),
        (NameOID.COMMON_NAME, number),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _usage(*, ca: bool = False, signing: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=signing,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _policies(policy: str) -> x509.CertificatePolicies:
    information = x509.PolicyInformation(ObjectIdentifier(policy), ["https://example.invalid/simulated-cps"])
    return x509.CertificatePolicies([information])


def _distribution_points() -> x509.CRLDistributionPoints:
    """A directory name, not an address, as in the real certificates."""
    where = _name(
        [
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "CRL Distribution Points"),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "Mihon-ken"),
            (NameOID.COMMON_NAME, "Mihon-ken CRLDP (simulated)"),
        ]
    )
    return x509.CRLDistributionPoints([x509.DistributionPoint([x509.DirectoryName(where)], None, None, None)])
