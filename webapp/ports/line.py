"""Socket for a LINE official account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from webapp.ports.delivery import Outcome
from webapp.ports.identity import Begun


class LineUnavailable(Exception):
    """LINE did not answer a question (timeout, 5xx, reset); asking again later may help."""


class LineRefused(Exception):
    """LINE answered a question with a refusal (4xx); asking again will not help."""


@dataclass(frozen=True)
class Quota:
    """Messages of this month; ``limit`` is None when the plan has no cap."""

    limit: int | None
    used: int

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)


@dataclass(frozen=True)
class Content:
    """A photo or file somebody sent in the chat."""

    data: bytes
    type: str


class LineLogin(Protocol):
    """Finds out which LINE account belongs to somebody who is signed in here. It proves nothing else."""

    @property
    def page_origins(self) -> tuple[str, ...]:
        """Origins of LINE's pages, which a form of ours may lead to."""

    def begin(self, redirect_uri: str) -> Begun:
        """Return where to send the browser; speaks to nobody."""

    def complete(
        self, params: Mapping[str, str], *, state: str, secrets: Mapping[str, str], redirect_uri: str
    ) -> str:
        """Check what the browser brought back and return the LINE user id.

        Raises Cancelled, ProviderDown, ProtocolBroken (webapp.ports.identity).
        """


class LinePort(Protocol):
    """Speaks to LINE. ``request`` is the JSON body, sent as it is on every attempt."""

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Channel secrets that may sign webhooks; two while one is being replaced."""

    @property
    def login(self) -> LineLogin | None:
        """LINE Login, when the city has a channel for it."""

    def push(self, request: bytes, retry_key: str) -> Outcome:
        """Send to one user. 409 with an accepted request id counts as accepted."""

    def multicast(self, request: bytes, retry_key: str) -> Outcome:
        """Send the same messages to 1-500 users."""

    def reply(self, reply_token: str, messages: list[dict[str, Any]]) -> Outcome:
        """Answer an event while its token is young; has no retry key and costs no quota."""

    def validate(self, messages: list[dict[str, Any]]) -> list[str]:
        """Ask LINE whether it would take these messages; returns its complaints."""

    def quota(self) -> Quota:
        """Read quota and consumption. Raises LineUnavailable."""

    def is_friend(self, user_id: str) -> bool:
        """Tell whether this user can be reached now. Raises LineUnavailable."""

    def link_token(self, user_id: str) -> str:
        """Issue an account-link token (10 minutes, one use). Raises LineUnavailable, LineRefused."""

    def link_address(self, link_token: str, nonce: str) -> str:
        """Return where LINE finishes an account link."""

    def content(self, message_id: str) -> Content:
        """Fetch what somebody sent. Raises LineUnavailable, LineRefused (gone)."""

    def install_menu(self, alias: str, menu: dict[str, Any], image: bytes) -> bool:
        """Make ``alias`` stand for this rich menu with its PNG; False when it does already.

        ``menu["name"]`` begins with the alias and changes with the content; older menus of the alias
        are deleted. Raises LineUnavailable, LineRefused.
        """

    def show_menu(self, user_ids: Sequence[str] | None, alias: str) -> None:
        """Show a rich menu to 1-500 users, or to everyone who has no own. Raises as above."""
