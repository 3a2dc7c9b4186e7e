"""A kept signature as a detached CMS file (RFC 5652), which any tool that knows CMS can check.

The card signs the document itself, so the file has no signed attributes and its content type is data:
``openssl cms -verify -binary -inform DER -in signature.p7s -content document.json -CAfile ca.pem``.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509

SIGNED_DATA, DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"
SHA256, RSA_ENCRYPTION = "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.1"
SEQUENCE, SET, INTEGER, OCTETS, OID, NULL, EXPLICIT_0 = 0x30, 0x31, 0x02, 0x04, 0x06, 0x05, 0xA0


def detached(signature: bytes, certificate: bytes) -> bytes:
    """Return the CMS file (DER) of an RSASSA-PKCS1-v1_5 / SHA-256 signature and its signer's certificate.

    Raises ValueError when the certificate cannot be read.
    """
    signer = x509.load_der_x509_certificate(certificate)
    serial = signer.serial_number
    whose = _tlv(SEQUENCE, signer.issuer.public_bytes(), _integer(serial))
    info = _tlv(
        SEQUENCE,
        _integer(1),
        whose,
        _algorithm(SHA256),
        _algorithm(RSA_ENCRYPTION),
        _tlv(OCTETS, signature),
    )
    signed = _tlv(
        SEQUENCE,
        _integer(1),
        _tlv(SET, _algorithm(SHA256)),
        _tlv(SEQUENCE, _oid(DATA)),
        _tlv(EXPLICIT_0, certificate),
        _tlv(SET, info),
    )
    return _tlv(SEQUENCE, _oid(SIGNED_DATA), _tlv(EXPLICIT_0, signed))


def _tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def _integer(value: int) -> bytes:
    return _tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    return _tlv(OID, b"".join(_base128(part) for part in (40 * first + second, *rest)))


def _base128(value: int) -> bytes:
    groups: Iterable[int] = [value & 0x7F]
    while value := value >> 7:
        groups = [0x80 | value & 0x7F, *groups]
    return bytes(groups)


def _algorithm(dotted: str) -> bytes:
    return _tlv(SEQUENCE, _oid(dotted), _tlv(NULL))
