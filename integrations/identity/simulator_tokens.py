"""The tokens of the card simulator, good ones and every broken one a tester may ask for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from integrations.identity.cards import BY_KEY, Card


@dataclass(frozen=True)
class Grant:
    """What a code or an access token stands for."""

    card: str
    client_id: str
    nonce: str
    scope: str
    fault: str = ""
    transaction: str = ""


def subject_of(card: Card, client_id: str) -> str:
    """Return the pairwise subject: another client sees another one."""
    return hashlib.sha256(f"madoguchi-simulator:{client_id}:{card.key}".encode()).hexdigest()[:32]


def id_token(grant: Grant, issuer: str, access_token: str, key: ECKey) -> str:
    """Return the ID token, broken as ``grant.fault`` says."""
    now, fault = int(time.time()), grant.fault
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subject_of(BY_KEY[grant.card], grant.client_id),
        "aud": grant.client_id,
        "exp": now + 300,
        "iat": now,
        "auth_time": now,
        "nonce": grant.nonce,
        "acr": "aal3 crl",
        "at_hash": _at_hash(access_token),
        "simulated": True,
    }
    claims.update(_broken_claims(fault, grant.client_id, now))
    for missing in {"missing_at_hash": "at_hash", "missing_acr": "acr"}.get(fault, "").split():
        del claims[missing]
    return _signed(claims, fault, key)


def userinfo(grant: Grant) -> dict[str, Any]:
    """Return the four attributes that the scope names, in the service's own formats."""
    card = BY_KEY[grant.card]
    person: dict[str, Any] = {"sub": subject_of(card, grant.client_id)}
    values = {
        "name": card.name,
        "address": card.address,
        "birthdate": card.birthdate,
        "gender": card.gender,
    }
    person.update({scope: values[scope] for scope in grant.scope.split() if scope in values})
    if card.protected:
        person["protected"] = True  # no published claim: only the sample cards say so
    if grant.fault == "swapped_userinfo":
        person["sub"] = subject_of(BY_KEY["taro" if card.key != "taro" else "hanako"], grant.client_id)
    if grant.fault == "missing_name":
        person.pop("name", None)
    if grant.fault == "bad_birthdate":
        person["birthdate"] = "昭和63年4月"
    return person


def _broken_claims(fault: str, client_id: str, now: int) -> dict[str, Any]:
    table: dict[str, dict[str, Any]] = {
        "wrong_issuer": {"iss": "https://issuer.invalid"},
        "wrong_audience": {"aud": "somebody-else"},
        "two_audiences": {"aud": [client_id, "somebody-else"]},
        "wrong_azp": {"azp": "somebody-else"},
        "wrong_nonce": {"nonce": "another-nonce"},
        "expired_token": {"exp": now - 120, "iat": now - 300},
        "future_token": {"iat": now + 3600, "exp": now + 7200},
        "old_token": {"iat": now - 86400},
        "not_yet_valid": {"nbf": now + 3600},
        "empty_subject": {"sub": ""},
        "wrong_at_hash": {"at_hash": _at_hash("another token")},
        "low_acr": {"acr": "aal2"},
    }
    return table.get(fault, {})


def _signed(claims: dict[str, Any], fault: str, key: ECKey) -> str:
    kid = str(key.kid)
    if fault == "alg_none":
        return f"{_part({'alg': 'none', 'kid': kid})}.{_part(claims)}."
    if fault == "alg_hs256":
        signed = f"{_part({'alg': 'HS256', 'kid': kid})}.{_part(claims)}"
        mac = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    if fault == "alg_rs256":
        return jwt.encode(
            {"alg": "RS256", "kid": kid}, claims, RSAKey.generate_key(2048), algorithms=["RS256"]
        )
    if fault == "unknown_key":
        return jwt.encode(
            {"alg": "ES256", "kid": "nobody-knows-this-key"}, claims, _stranger(), algorithms=["ES256"]
        )
    if fault == "bad_signature":
        return jwt.encode({"alg": "ES256", "kid": kid}, claims, _stranger(), algorithms=["ES256"])
    good = jwt.encode({"alg": "ES256", "kid": kid}, claims, key, algorithms=["ES256"])
    if fault == "critical_header":
        return f"{_part({'alg': 'ES256', 'kid': kid, 'crit': ['exp'], 'exp': 1})}.{good.split('.', 1)[1]}"
    return good.replace(".", "") if fault == "garbled_id_token" else good


def _at_hash(access_token: str) -> str:
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _stranger() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "nobody-knows-this-key"})
