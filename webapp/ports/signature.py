"""The sockets for electronic signatures: one plug gets them made, another judges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from webapp.ports.identity import Begun

Outcome = Literal["valid", "valid_revocation_unknown", "invalid"]


@dataclass(frozen=True)
class Signed:
    """What comes back: RSASSA-PKCS1-v1_5, SHA-256, over the document; and the signer's certificate (DER)."""

    signature: bytes
    certificate: bytes


@dataclass(frozen=True)
class SignerClaims:
    """What the certificate says about the person. ``birth`` is None when month or day is unknown."""

    name: str
    address: str
    birth: date | None
    gender: str
    name_substituted: bool = False
    address_substituted: bool = False


@dataclass(frozen=True)
class Check:
    """One check: ``ok`` is None when it could not be made."""

    code: str
    ok: bool | None
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """The judgement. Without a revocation list nothing may be called ``valid``."""

    outcome: Outcome
    checks: tuple[Check, ...]
    signer: SignerClaims | None = None
    issuer: str = ""
    fingerprint: str = ""
    revocation: Literal["good", "revoked", "not_checked"] = "not_checked"
    revocation_as_of: datetime | None = None
    simulated: bool = False

    @property
    def failed(self) -> list[str]:
        """The codes of the checks that failed."""
        return [check.code for check in self.checks if check.ok is False]


@dataclass(frozen=True)
class SignatureBegun:
    """A started signature: the provider's transaction, and where to send the browser."""

    transaction_id: str
    begun: Begun


class SignatureProvider(Protocol):
    """A plug that gets a document signed. Both methods call the provider: hold no transaction open."""

    id: str

    def sign_begin(self, digest: bytes, *, redirect_uri: str) -> SignatureBegun:
        """Register the SHA-256 digest of a document; raises a subclass of IdentityRefused."""
        ...

    def sign_complete(
        self,
        params: Mapping[str, str],
        *,
        state: str,
        secrets: Mapping[str, str],
        transaction_id: str,
        redirect_uri: str,
    ) -> Signed:
        """Fetch the signature of this very transaction; raises a subclass of IdentityRefused."""
        ...


class SignatureVerifier(Protocol):
    """A plug that judges signatures, here or at a platform provider's."""

    def verify(self, document: bytes, signed: Signed, *, at: datetime) -> Verdict:
        """Judge the signature over exactly this document as of ``at``."""
        ...


@dataclass(frozen=True)
class Anchor:
    """A trusted CA certificate (DER), and its latest revocation list where there is one."""

    certificate: bytes
    revocation_list: bytes | None = None
    simulated: bool = False
    policies: frozenset[str] = field(default_factory=frozenset)
