"""Files in a bucket that speaks S3: a cloud's, or MinIO and the like in the city's own rooms.

Path-style addresses, signed requests, no redirects, a limit of size. Each object carries the SHA-256 of its
bytes, and what comes back is compared with it. The bucket must be private; nobody gets an address of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from integrations.http import Answer, CallFailed, Http, TooLarge
from integrations.storage.keys import checked
from integrations.storage.sigv4 import Credentials, signed
from webapp.ports.storage import MissingFile, StorageError

if TYPE_CHECKING:
    from integrations.catalogue import Ground

MOST_BYTES = 64 * 1024 * 1024
READ_SECONDS = 30.0
TRIES = 2
"""Every call may be repeated: the same bytes under the same key are the same object."""
DIGEST = "x-amz-meta-sha256"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class S3Storage:
    """One bucket, below a prefix."""

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        credentials: Credentials,
        *,
        now: Callable[[], datetime],
        prefix: str = "",
        inner: bool = False,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """``inner`` allows an address of the city's own network. Raises ValueError for unsafe settings."""
        parts = urlsplit(endpoint)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ValueError("MADOGUCHI_S3_ENDPOINT must begin with https://")
        if not BUCKET.fullmatch(bucket) or parts.path.strip("/") or parts.query:
            raise ValueError("MADOGUCHI_S3_BUCKET is no bucket's name, or the endpoint holds a path")
        self._base, self._host = f"{parts.scheme}://{parts.netloc}", parts.netloc
        self._root = f"/{bucket}/" + (checked(prefix) + "/" if prefix else "")
        self._credentials, self._now = credentials, now
        is_here = inner or parts.hostname in LOOPBACK
        self._http = Http(hosts=[self._host], inner=is_here, read_seconds=read_seconds, most_bytes=MOST_BYTES)

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """See StoragePort."""
        headers = {"content-type": content_type, DIGEST: hashlib.sha256(data).hexdigest()}
        self._expect(self._call("PUT", key, data, headers), key, 200)

    def get(self, key: str) -> bytes:
        """See StoragePort; bytes that are not those that were put are a StorageError."""
        answer = self._call("GET", key)
        if answer.status == 404 and b"<Code>NoSuchBucket<" not in answer.body:
            raise MissingFile(key)
        self._expect(answer, key, 200)
        kept = answer.headers.get(DIGEST)
        if kept is not None and kept != hashlib.sha256(answer.body).hexdigest():
            raise StorageError(f"s3: {key} came back changed")
        return answer.body

    def delete(self, key: str) -> None:
        """See StoragePort."""
        answer = self._call("DELETE", key)
        if answer.status != 404 or b"<Code>NoSuchBucket<" in answer.body:
            self._expect(answer, key, 200, 204)

    def exists(self, key: str) -> bool:
        """See StoragePort."""
        answer = self._call("HEAD", key)
        if answer.status == 404:
            return False
        self._expect(answer, key, 200)
        return True

    def _call(
        self, method: str, key: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        path = self._root + checked(key)
        for tries_left in reversed(range(TRIES)):
            given = signed(self._credentials, method, self._host, path, headers or {}, body, self._now())
            try:
                answer = self._http.call(method, self._base + path, body=body or None, headers=given)
            except TooLarge as error:
                raise StorageError(f"s3: {key} is larger than {MOST_BYTES} bytes") from error
            except CallFailed as error:
                if not tries_left:
                    raise StorageError(f"s3: {error}") from error
                continue
            if answer.status < 500 or not tries_left:
                return answer
        raise AssertionError("the last try returns or raises")

    def _expect(self, answer: Answer, key: str, *good: int) -> None:
        if answer.status not in good:
            code = re.search(rb"<Code>(\w{1,40})</Code>", answer.body)
            why = code[1].decode() if code else "no reason given"
            raise StorageError(f"s3: {key} answered {answer.status}, {why}")


def build(ground: Ground) -> S3Storage:
    """Build the plug ``s3`` of the catalogue from ``MADOGUCHI_S3_…`` (docs/operations.md)."""
    options = ground.options
    region = options.get("s3_region", "us-east-1")
    return S3Storage(
        options["s3_endpoint"],
        options["s3_bucket"],
        Credentials(options["s3_access_key"], options["s3_secret_key"], region),
        now=ground.now,
        prefix=options.get("s3_prefix", ""),
        inner=options.get("s3_inner") == "yes",
    )
