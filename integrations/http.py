"""The one way out: every call to another machine goes through this client.

Explicit timeouts, no redirects, a size limit, no proxies or passwords from the environment, and a guard
against requests to inner addresses: names are resolved, checked, and the checked address is the one
connected to (so a name that changes its answer gains nothing).
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0
MOST_BYTES = 1_000_000


class CallFailed(Exception):
    """The other machine gave no usable answer."""


class TimedOut(CallFailed):
    """No answer in time. Whether the other side acted is unknown."""


class TooLarge(CallFailed):
    """The answer is larger than allowed."""


class NotAllowed(CallFailed):
    """The address is one this client does not speak to; nothing was sent."""


@dataclass(frozen=True)
class Answer:
    """What came back. ``headers`` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; raises ValueError when it is none."""
        return json.loads(self.body.decode("utf-8"))

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Http:
    """A client for one counterpart.

    ``hosts``: names it may speak to (``host`` or ``host:port``); None allows any public host.
    ``inner``: allow private and loopback addresses, for the sandboxes on this very machine.
    """

    def __init__(
        self,
        *,
        hosts: Iterable[str] | None = None,
        inner: bool = False,
        read_seconds: float = READ_SECONDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)
        self._inner = inner
        self._timeout = (CONNECT_SECONDS, read_seconds)
        self._most_bytes = most_bytes

    def get(self, url: str, **options: Any) -> Answer:
        """Send a GET; see ``call``."""
        return self.call("GET", url, **options)

    def post(self, url: str, **options: Any) -> Answer:
        """Send a POST; see ``call``."""
        return self.call("POST", url, **options)

    def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        json_body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and return any answer, whatever its status; raises CallFailed."""
        self._check(url)
        try:
            # A fresh session each time: no cookies are kept, nothing is shared between threads.
            with (
                session(inner=self._inner) as client,
                client.request(
                    method,
                    url,
                    params=params,
                    data=form if form is not None else body,
                    json=json_body,
                    headers=dict(headers or {}),
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                content = self._read(response)
                lower = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, lower, content)
        except requests.Timeout as error:
            raise TimedOut(f"{method} {_bare(url)}: no answer in time") from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise CallFailed(f"{method} {_bare(url)}: {type(error).__name__}") from error

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and self._inner):
            raise NotAllowed(f"{parts.scheme or 'no scheme'} is not spoken")
        if parts.username or parts.password or not parts.hostname:
            raise NotAllowed("an address needs a host and carries no password")
        if self._hosts is not None and parts.netloc.lower() not in self._hosts:
            raise NotAllowed(f"{parts.netloc} is not on the list")

    def _read(self, response: requests.Response) -> bytes:
        parts, size = [], 0
        for part in response.iter_content(65536):
            size += len(part)
            if size > self._most_bytes:
                raise TooLarge(f"more than {self._most_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


def session(*, inner: bool = False) -> requests.Session:
    """Return a guarded ``requests`` session, for libraries that want one (set timeouts there yourself)."""
    client = requests.Session()
    client.trust_env = False
    adapter = _GuardedAdapter(inner=inner)
    client.mount("https://", adapter)
    client.mount("http://", adapter)
    return client


def is_inner(address: str) -> bool:
    """Tell whether an IP address is anything but a public unicast one (mapped and scoped ones included)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if embedded is not None and is_inner(str(embedded)):
            return True
    return not ip.is_global or ip.is_multicast


class _ChecksAddress:
    """Mixed into urllib3's connections: resolve, check every address, connect to a checked one."""

    _dns_host: str

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or any(is_inner(address) for address in addresses):
            raise NotAllowed(f"{name} leads to an inner address")
        self._dns_host = addresses[0]
        try:
            return super()._new_conn()  # type: ignore[misc,no-any-return]  # urllib3's own, next in line
        finally:
            self._dns_host = name  # TLS still checks the certificate against the name


class _GuardedHTTP(_ChecksAddress, HTTPConnection):
    pass


class _GuardedHTTPS(_ChecksAddress, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, *, inner: bool) -> None:
        self._inner = inner
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        if not self._inner:
            self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"  # a query may hold secrets; logs do not
