"""What the card simulator asks of an authorization request: the published rules of デジタル認証アプリ."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping

PRINTABLE = re.compile(r"[\x20-\x7e]{1,255}")
CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,128}")
SCOPES = {"openid", "name", "address", "birthdate", "gender", "sign"}


class Refused(Exception):
    """A request that the provider refuses; ``redirect`` tells whether the client may be told."""

    def __init__(self, error: str, why: str, *, redirect: bool = True) -> None:
        super().__init__(why)
        self.error, self.why, self.redirect = error, why, redirect


def check_authorize(
    asked: Mapping[str, str],
    clients: Container[str],
    accepts_redirect: Callable[[str], bool],
    is_open: Callable[[str], bool],
) -> None:
    """Raise Refused for a request that breaks a rule; ``is_open`` knows the signing transactions."""
    if asked.get("client_id", "") not in clients:
        raise Refused("invalid_client", "client_id is not registered", redirect=False)
    if not accepts_redirect(asked.get("redirect_uri", "")):
        raise Refused("invalid_request", "redirect_uri is not registered", redirect=False)
    if asked.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type must be code")
    scopes = asked.get("scope", "").split()
    if "openid" not in scopes or not SCOPES.issuperset(scopes):
        raise Refused("invalid_scope", "scope must hold openid and known scopes only")
    for name in ("state", "nonce"):
        if not PRINTABLE.fullmatch(asked.get(name, "")):
            raise Refused("invalid_request", f"{name} is required")
    if not CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        raise Refused("invalid_request", "code_challenge is required")
    if asked.get("code_challenge_method") != "S256":
        raise Refused("invalid_request", "code_challenge_method must be S256")
    if "sign" in scopes and not is_open(asked.get("sign_transaction_id", "")):
        raise Refused("invalid_request", "sign_transaction_id is unknown, used or over")
