"""A small S3 on a real socket. It takes a request apart by itself and believes no signature it cannot make again.

Written from the published rules of Signature Version 4, not from our signer: it starts from the raw request.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SKEW = 900


@dataclass
class FakeS3:
    """One bucket. ``faults`` decides per method what goes wrong: 503, drop, changed, redirect, or None."""

    bucket: str = "mihon-files"
    access_key: str = "AKIDMIHON"
    secret_key: str = "a-secret-of-the-test"
    region: str = "ap-northeast-1"
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Callable[[str], str | None] = lambda method: None
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def __enter__(self) -> FakeS3:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake.answer(self)

            def do_PUT(self) -> None:
                fake.answer(self)

            def do_DELETE(self) -> None:
                fake.answer(self)

            def do_HEAD(self) -> None:
                fake.answer(self)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        fault = self.faults(request.command)
        if fault == "drop":
            request.close_connection = True
            self.asked.append((request.command, request.path, 0))
            return
        status, code, sent, headers = self._judge(request, body, fault)
        if code:
            sent = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
        self.asked.append((request.command, request.path, status))
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(sent))}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(sent)

    def _judge(
        self, request: BaseHTTPRequestHandler, body: bytes, fault: str | None
    ) -> tuple[int, str, bytes, dict[str, str]]:
        if fault == "503":
            return 503, "SlowDown", b"", {}
        if fault == "redirect":
            return 307, "TemporaryRedirect", b"", {"Location": "http://127.0.0.1:1/elsewhere"}
        if why := self._refused(request, body):
            return 403, why, b"", {}
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket != self.bucket:
            return 404, "NoSuchBucket", b"", {}
        if request.command == "PUT":
            kept = {
                name.lower(): value
                for name, value in request.headers.items()
                if name.lower().startswith("x-amz-meta-")
            }
            self.objects[key] = (body, {**kept, "Content-Type": request.headers.get("Content-Type", "")})
            return 200, "", b"", {}
        if request.command == "DELETE":
            self.objects.pop(key, None)
            return 204, "", b"", {}
        if key not in self.objects:
            return 404, "NoSuchKey", b"", {}
        data, headers = self.objects[key]
        return 200, "", data[:-1] + b"?" if fault == "changed" else data, headers

    def _refused(self, request: BaseHTTPRequestHandler, body: bytes) -> str:
        """Why the request is not believed; empty when it is."""
        method, _, rest = request.headers.get("Authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if method != "AWS4-HMAC-SHA256" or not {"Credential", "SignedHeaders", "Signature"} <= parts.keys():
            return "AccessDenied"
        who, day, region, service, end = parts["Credential"].split("/")
        if (who, region, service, end) != (self.access_key, self.region, "s3", "aws4_request"):
            return "InvalidAccessKeyId"
        sent_at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs((self.now() - sent_at).total_seconds()) > SKEW or not request.headers["x-amz-date"].startswith(
            day
        ):
            return "RequestTimeTooSkewed"
        if request.headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
            return "XAmzContentSHA256Mismatch"
        covered = parts["SignedHeaders"].split(";")
        must = {"host", "x-amz-date"} | {n.lower() for n in request.headers if n.lower().startswith("x-amz-")}
        if not must <= set(covered):
            return "AccessDenied"
        path, _, query = request.path.partition("?")
        canonical = f"{request.command}\n{path}\n{query}\n"
        canonical += "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in covered)
        canonical += f"\n{parts['SignedHeaders']}\n{request.headers['x-amz-content-sha256']}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{day}/{region}/s3/aws4_request\n{hashed}"
        secret = ("AWS4" + self.secret_key).encode()
        for word in (day, region, service, end, text):
            secret = hmac.new(secret, word.encode(), hashlib.sha256).digest()
        return "" if hmac.compare_digest(secret.hex(), parts["Signature"]) else "SignatureDoesNotMatch"
