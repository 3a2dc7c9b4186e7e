"""The one HTTP client refuses what it should not speak to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from integrations import http
from integrations.http import Http, NotAllowed, TimedOut, TooLarge


@pytest.fixture
def address() -> Iterator[str]:
    release = threading.Event()

    @Request.application
    def app(request: Request) -> Response:
        if request.path == "/redirect":
            return Response(status=302, headers={"Location": "http://127.0.0.1:1/"})
        if request.path == "/slow":
            release.wait(3)
        return Response("x" * (5000 if request.path == "/large" else 5))

    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    release.set()
    server.shutdown()


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
    ],
)
def test_inner_addresses_are_known_in_every_spelling(ip: str) -> None:
    assert http.is_inner(ip)


@pytest.mark.parametrize("ip", ["8.8.8.8", "203.104.209.1", "2001:4860:4860::8888"])
def test_public_addresses_are_public(ip: str) -> None:
    assert not http.is_inner(ip)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://localhost/"]
)
def test_a_public_client_does_not_call_inner_addresses(url: str) -> None:
    with pytest.raises(NotAllowed):
        Http().get(url)


def test_a_name_that_changes_its_answer_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["203.0.113.9", "127.0.0.1"])
    asked: list[str] = []

    def resolve(name: str, *_args: object, **_options: object) -> list[tuple[object, ...]]:
        asked.append(name)
        ip = name if name[0].isdigit() else next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443))]

    monkeypatch.setattr(http, "is_inner", _inner_except("203.0.113.9", http.is_inner))
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    connected: list[str] = []

    def connect(self: socket.socket, target: tuple[str, int]) -> None:
        connected.append(target[0])
        raise OSError("stop here")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(http.CallFailed):
        Http().get("https://rebinding.example/")
    assert connected == ["203.0.113.9"]
    assert asked.count("rebinding.example") == 1


@pytest.mark.parametrize(
    "url", ["http://example.jp/", "ftp://example.jp/", "file:///etc/passwd", "https://u:p@example.jp/"]
)
def test_only_plain_https_is_spoken(url: str) -> None:
    with pytest.raises(NotAllowed):
        Http().get(url)


def test_only_listed_hosts_are_called() -> None:
    with pytest.raises(NotAllowed):
        Http(hosts=["good.example"], inner=True).get("https://good.example.evil.example/")


def test_redirects_are_not_followed(address: str) -> None:
    assert Http(inner=True).get(f"{address}/redirect").status == 302


def test_a_large_answer_is_dropped(address: str) -> None:
    with pytest.raises(TooLarge):
        Http(inner=True, most_bytes=1000).get(f"{address}/large")


def test_a_slow_answer_is_not_waited_for(address: str) -> None:
    with pytest.raises(TimedOut):
        Http(inner=True, read_seconds=0.2).get(f"{address}/slow")


def _inner_except(allowed: str, real: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda ip: ip != allowed and real(ip)
