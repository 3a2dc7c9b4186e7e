"""The socket for proof of identity: what a plug must do, and every way it may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from webapp.ports.signature import SignatureProvider, SignatureVerifier


Kind = Literal["person", "group"]


class Level(IntEnum):
    """How strongly someone is known; a higher level includes the lower ones."""

    ANONYMOUS = 0
    CONTACT = 10
    ACCOUNT = 20
    CARD = 30
    SIGNED = 40

    @classmethod
    def from_key(cls, key: str) -> Level:
        """Return the level a procedure names (``none``, ``contact``, ``account``, ``card``, ``signed``)."""
        return cls.ANONYMOUS if key == "none" else cls[key.upper()]

    @property
    def key(self) -> str:
        """The word used in definitions."""
        return "none" if self is Level.ANONYMOUS else self.name.lower()


@dataclass(frozen=True)
class Assertion:
    """What a provider says about a person. The person is (issuer, subject) and nothing else.

    ``name`` and ``address`` are as asserted: one string, no split, variants kept.
    ``birth`` is None when the register has no full date. ``gender`` is "1", "2", "9" or "".
    ``revocation`` is ``good``, ``not_checked`` or ``unknown``.
    """

    provider: str
    issuer: str
    subject: str
    level: Level
    authenticated_at: datetime
    name: str = ""
    address: str = ""
    birth: date | None = None
    gender: str = ""
    acr: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset()
    name_substituted: bool = False
    address_substituted: bool = False
    revocation: str = "not_checked"
    simulated: bool = False
    protected: bool = False
    """支援措置, as a register says it: デジタル認証アプリ does not, sample cards and a city's plug can."""
    email: str = ""
    kind: Kind = "person"
    """``group``: a company or an association; its people are not told apart."""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Want:
    """What a sign-in is for: the level, and which of the four attributes may be asked.

    ``fresh``: the person must prove themselves anew although the provider may still know them.
    """

    level: Level = Level.CARD
    attributes: frozenset[str] = frozenset({"name", "address", "birthdate", "gender"})
    fresh: bool = False


@dataclass(frozen=True)
class Begun:
    """A started flow: send the browser to ``redirect_to``; keep ``state`` and ``secrets`` on the server."""

    redirect_to: str
    state: str
    secrets: Mapping[str, str]


class IdentityRefused(Exception):
    """Base of all refusals. ``code`` names the check that failed; it is shown to nobody but the log."""

    code = "refused"


class Cancelled(IdentityRefused):
    """The person stopped at the provider."""

    code = "cancelled"


class Insufficient(IdentityRefused):
    """The proof is genuine and too weak for what is wanted."""

    code = "insufficient"


class CardRefused(IdentityRefused):
    """The provider refused the card: expired, revoked, or the PIN is wrong or locked (``reason``)."""

    code = "card_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderDown(IdentityRefused):
    """The provider does not answer, or answers that it is not available; trying later helps."""

    code = "provider_down"


class ProtocolBroken(IdentityRefused):
    """An answer breaks the protocol: nothing in it is believed. ``code`` says which rule."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class LostBrowser(IdentityRefused):
    """The answer came to a browser that never started: private browsing, or another app's browser."""

    code = "lost_browser"


class IdentityProvider(Protocol):
    """A plug that proves who someone is by sending the browser away and getting it back.

    ``begin`` speaks to nobody. ``complete`` calls the provider: no transaction may be open around it.
    """

    id: str
    label: str
    """What it is called on the button."""
    kind: Kind
    level: Level
    """The strongest level it can prove at sign-in."""
    page_origins: tuple[str, ...]
    """Origins of its pages, which the browser must be allowed to go to after our form."""
    simulated: bool
    signing: SignatureProvider | None
    verifier: SignatureVerifier | None

    def begin(self, want: Want, *, redirect_uri: str) -> Begun:
        """Start a flow; raises ProviderDown when the plug is not configured."""
        ...

    def complete(
        self,
        params: Mapping[str, str],
        *,
        state: str,
        secrets: Mapping[str, str],
        want: Want,
        redirect_uri: str,
    ) -> Assertion:
        """Check the answer of the browser and fetch the person; raises a subclass of IdentityRefused."""
        ...
