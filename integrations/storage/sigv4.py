"""AWS Signature Version 4 of one request with its whole body, as S3 and what speaks like it want it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

ALGORITHM = "AWS4-HMAC-SHA256"
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Credentials:
    """Who signs, and for which region. The secret is in no ``repr``."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str


def signed(
    credentials: Credentials,
    method: str,
    host: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    at: datetime,
) -> dict[str, str]:
    """Return all headers of the request, the signature over every one of them among them.

    ``path`` holds only characters that need no quoting; there is no query.
    """
    stamp = at.astimezone(UTC).strftime(STAMP)
    digest = hashlib.sha256(body).hexdigest()
    given = {name.lower(): value.strip() for name, value in headers.items()}
    given |= {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = sorted(given)
    lines = [method, path, "", *(f"{name}:{given[name]}" for name in names), "", ";".join(names), digest]
    scope = f"{stamp[:8]}/{credentials.region}/s3/aws4_request"
    request = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    to_sign = "\n".join([ALGORITHM, stamp, scope, request])
    signature = hmac.digest(_key(credentials, stamp[:8]), to_sign.encode(), "sha256").hex()
    given["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope},"
        f"SignedHeaders={';'.join(names)},Signature={signature}"
    )
    return given


def _key(credentials: Credentials, day: str) -> bytes:
    """Return the key of a day, region and service, which is good for nothing else."""
    key = b"AWS4" + credentials.secret_key.encode()
    for part in (day, credentials.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
