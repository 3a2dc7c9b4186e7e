"""Every check an ID token must pass, each with its own refusal."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from integrations.identity.provider_keys import ProviderKeys
from webapp.ports.identity import Insufficient, ProtocolBroken

LEEWAY_SECONDS = 30
OLDEST_SECONDS = 600


@dataclass(frozen=True)
class Expected:
    """What this very sign-in expects of its token."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    algorithms: tuple[str, ...]
    required_acr: frozenset[str]
    required_claims: Mapping[str, str]
    require_at_hash: bool
    max_age: int | None


def check_id_token(
    token: str, expected: Expected, keys: ProviderKeys, now: float
) -> tuple[Mapping[str, Any], frozenset[str]]:
    """Return the claims and the acr tokens; raises ProtocolBroken with the rule's code, or Insufficient."""
    claims, algorithm = _verified_claims(token, expected.algorithms, keys)
    _check_parties(claims, expected)
    _check_times(claims, expected, now)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), expected.nonce.encode()):
        raise ProtocolBroken("nonce")
    _check_at_hash(claims, expected, algorithm)
    acr = frozenset(str(claims.get("acr", "")).split())
    if not expected.required_acr <= acr:
        raise Insufficient(f"acr {' '.join(sorted(acr)) or 'missing'}")
    return claims, acr


def _verified_claims(
    token: str, algorithms: tuple[str, ...], keys: ProviderKeys
) -> tuple[Mapping[str, Any], str]:
    header = _header(token)
    algorithm = header.get("alg")
    if algorithm not in algorithms:
        raise ProtocolBroken("algorithm")
    if "crit" in header or "b64" in header:
        raise ProtocolBroken("critical_header")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise ProtocolBroken("unknown_key")
    key = keys.find(key_id)
    is_right_kind = isinstance(key, ECKey) if str(algorithm).startswith("ES") else isinstance(key, RSAKey)
    if not is_right_kind:
        raise ProtocolBroken("key_kind")
    try:
        return jwt.decode(token, key, algorithms=[str(algorithm)]).claims, str(algorithm)
    except (JoseError, ValueError, TypeError) as error:
        raise ProtocolBroken("signature") from error


def _header(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 20_000:
        raise ProtocolBroken("malformed_id_token")
    try:
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (ValueError, RecursionError) as error:
        raise ProtocolBroken("malformed_id_token") from error
    if not isinstance(header, dict):
        raise ProtocolBroken("malformed_id_token")
    return header


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise ProtocolBroken("issuer")
    audience = claims.get("aud")
    if (audience if isinstance(audience, list) else [audience]) != [expected.client_id]:
        raise ProtocolBroken("audience")  # an extra audience is refused too: we trust no other party
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise ProtocolBroken("authorized_party")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise ProtocolBroken("subject")
    for name, value in expected.required_claims.items():
        if claims.get(name) != value:
            raise ProtocolBroken("required_claim", name)


def _check_times(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not _is_number(expires) or now >= expires + LEEWAY_SECONDS:
        raise ProtocolBroken("expired")
    if not _is_number(issued) or issued > now + LEEWAY_SECONDS or issued < now - OLDEST_SECONDS:
        raise ProtocolBroken("issued_at")
    if "nbf" in claims and (not _is_number(claims["nbf"]) or claims["nbf"] > now + LEEWAY_SECONDS):
        raise ProtocolBroken("not_yet_valid")
    if expected.max_age is not None:
        signed_in = claims.get("auth_time")
        if not _is_number(signed_in) or now - signed_in > expected.max_age + LEEWAY_SECONDS:
            raise ProtocolBroken("auth_time")


def _check_at_hash(claims: Mapping[str, Any], expected: Expected, algorithm: str) -> None:
    given = claims.get("at_hash")
    if given is None and not expected.require_at_hash:
        return
    right: bytes = create_half_hash(expected.access_token, algorithm)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), right):
        raise ProtocolBroken("at_hash")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
