"""What a JPKI signing certificate says about a person: six otherNames below 1.2.392.200149.8.5.5."""

from __future__ import annotations

from cryptography import x509

from integrations.identity import normalise
from webapp.ports.signature import SignerClaims

ARC = "1.2.392.200149.8.5.5."
NAME, NAME_SUBSTITUTED, GENDER, BIRTH, ADDRESS, ADDRESS_SUBSTITUTED = (f"{ARC}{n}" for n in range(1, 7))
WANTED = {NAME, NAME_SUBSTITUTED, GENDER, BIRTH, ADDRESS, ADDRESS_SUBSTITUTED}


class BadNames(ValueError):
    """The otherNames are missing, repeated or malformed."""


def read(certificate: x509.Certificate) -> SignerClaims:
    """Return the four attributes; raises BadNames. Substituted characters are flagged, never guessed."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError) as error:
        raise BadNames("no subjectAltName") from error
    found: dict[str, str] = {}
    for other in extension.value.get_values_for_type(x509.OtherName):
        arc = other.type_id.dotted_string
        if arc in found:
            raise BadNames(f"{arc} stands twice")
        if arc in WANTED:
            found[arc] = utf8_string(other.value)
    if missing := {NAME, GENDER, BIRTH, ADDRESS} - found.keys():
        raise BadNames(f"{', '.join(sorted(missing))} is missing")
    return SignerClaims(
        name=found[NAME],
        address=found[ADDRESS],
        birth=normalise.birth(found[BIRTH]),
        gender=normalise.gender(found[GENDER]),
        name_substituted=_substituted(found[NAME], found.get(NAME_SUBSTITUTED, "")),
        address_substituted=_substituted(found[ADDRESS], found.get(ADDRESS_SUBSTITUTED, "")),
    )


def utf8_string(der: bytes) -> str:
    """Return the text of a DER UTF8String that fills ``der`` exactly; raises BadNames."""
    if len(der) < 2 or der[0] != 0x0C:
        raise BadNames("not a UTF8String")
    length, start = der[1], 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[2 : 2 + size], "big"), 2 + size
    if len(der) != start + length:
        raise BadNames("the length does not fit")
    try:
        return der[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadNames("not UTF-8") from error


def to_utf8_string(value: str) -> bytes:
    """Return the DER UTF8String of a text."""
    raw = value.encode()
    if len(raw) < 0x80:
        return bytes([0x0C, len(raw)]) + raw
    size = (len(raw).bit_length() + 7) // 8
    return bytes([0x0C, 0x80 | size]) + len(raw).to_bytes(size, "big") + raw


def _substituted(text: str, flags: str) -> bool:
    if flags and len(flags) != len(text):
        raise BadNames("flags and text differ in length")
    return "1" in flags
