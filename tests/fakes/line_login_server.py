"""LINE Login over real HTTP: the sandbox's own desk on a port, which can be made to lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from integrations.line.login_desk import MOUNT, LoginDesk
from integrations.line.phone import Phones
from integrations.line.sandbox import SandboxLine


class LyingDesk(LoginDesk):
    """Changes the claims, or signs in another way."""

    spoil: Callable[[dict[str, Any]], Any] | None = None
    sign: Callable[[dict[str, Any]], str] | None = None

    def claims(self, user_id: str, nonce: str) -> dict[str, Any]:
        claims = super().claims(user_id, nonce)
        if self.spoil is not None:
            self.spoil(claims)
        return claims

    def id_token(self, claims: dict[str, Any]) -> str:
        return super().id_token(claims) if self.sign is None else self.sign(claims)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        return


@contextmanager
def running(line: SandboxLine) -> Iterator[tuple[str, LyingDesk]]:
    """Serve the desk; yields the address to use as ``base_url`` and the desk."""
    desk = LyingDesk(line)
    phones = Phones(line, lambda _body, _signature: 200, desk)

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = MOUNT, environ["PATH_INFO"].removeprefix(MOUNT)
        return phones(environ, start_response)

    server: WSGIServer = make_server("127.0.0.1", 0, mounted, handler_class=_Quiet)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", desk
    finally:
        server.shutdown()
        server.server_close()
