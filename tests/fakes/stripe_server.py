"""A stateful fake of Stripe over real HTTP: the same paths, objects, keys, signed webhooks, and faults.

The adapter talks to it through the real stripe library. Switches: ``faults`` decides per request what goes
wrong; ``webhooks`` decides per event whether it is lost, doubled, late, wrongly signed or old.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.stripe_payers import ApiError
from tests.fakes.stripe_state import State
from tests.fakes.stripe_webhooks import Endpoint, post, signed

KEY = "sk_test_fake"
WORDS = {"card": "カードで支払う", "paypay": "PayPayで支払う", "konbini": "コンビニで後で払う"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is what some trials do; anything else is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@dataclass
class FakeStripe:
    """The server. ``endpoints`` are where events go; with ``deliver`` they go to a function instead."""

    endpoints: list[Endpoint] = field(default_factory=list)
    deliver: Callable[[bytes, dict[str, str]], Any] | None = None
    faults: Callable[[str, str], str | None] = lambda method, path: None
    """500_before, 500_after, drop_before, drop_after, 429, slow, or None."""
    webhooks: Callable[[dict[str, Any]], list[str]] = lambda event: ["send"]
    """What happens to an event: a list of send, late, forged, stale; empty means it is lost."""
    honour_keys: bool = True
    state: State = field(default_factory=State)
    log: list[tuple[str, str, str | None, int]] = field(default_factory=list)
    _keys: dict[str, tuple[str, int, bytes] | None] = field(default_factory=dict)

    def __enter__(self) -> FakeStripe:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake._serve(self, "GET")

            def do_POST(self) -> None:
                fake._serve(self, "POST")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.state.base = self.url
        self.state.emit = self._emit
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- requests ----------------------------------------------------------------------------

    def _serve(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
        if parts.path.startswith("/c/pay/"):
            return self._page(handler, method, parts.path.rpartition("/")[2], body)
        fault = self.faults(method, parts.path)
        if fault == "drop_before":
            return self._drop(handler)
        if fault in ("500_before", "429"):
            code = 500 if fault == "500_before" else 429
            return self._answer(
                handler, code, error(code, "a fault", "api_error" if code == 500 else "rate_limit")
            )
        if fault == "slow":
            time.sleep(0.3)
        key = handler.headers.get("Idempotency-Key")
        caller = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        status, answer = self._once(method, parts.path, parts.query, body, key, caller)
        self.log.append((method, parts.path, key, status))
        if fault == "drop_after":
            return self._drop(handler)
        if fault == "500_after":
            return self._answer(handler, 500, error(500, "a fault after the effect", "api_error"))
        return self._answer(handler, status, answer)

    def _once(
        self, method: str, path: str, query: str, body: str, key: str | None, caller: str
    ) -> tuple[int, bytes]:
        """Same key and body: the same answer; another body: 400; still running: 409. 5xx are not kept."""
        if method != "POST" or key is None or not self.honour_keys:
            return self._act(method, path, query, body, caller)
        print_of = hashlib.sha256(f"{path}\n{body}".encode()).hexdigest()
        with self.state.lock:
            if key in self._keys:
                known = self._keys[key]
                if known is None:
                    return 409, error(409, "a request with this key is running", "idempotency_error")
                if known[0] != print_of:
                    return 400, error(400, "this key was used with other parameters", "idempotency_error")
                return known[1], known[2]
            self._keys[key] = None
        status, answer = self._act(method, path, query, body, caller)
        with self.state.lock:
            self._keys[key] = (print_of, status, answer)
        return status, answer

    def _act(self, method: str, path: str, query: str, body: str, caller: str) -> tuple[int, bytes]:
        given = nested(parse_qsl(query if method == "GET" else body, keep_blank_values=True))
        try:
            with self.state.lock:
                self.state.caller = caller
                made = self._route(method, path, given)
                return 200, json.dumps(made).encode()
        except ApiError as wrong:
            return wrong.status, error(wrong.status, wrong.message, wrong.kind, wrong.code)

    def _route(self, method: str, path: str, given: dict[str, Any]) -> dict[str, Any]:
        state = self.state
        expand = list((given.get("expand") or {}).values())
        if (method, path) == ("POST", "/v1/checkout/sessions"):
            return state.create_session(given)
        if (method, path) == ("GET", "/v1/checkout/sessions"):
            return listing(
                row for row in state.sessions.values() if row["payment_intent"] == given["payment_intent"]
            )
        if (method, path) == ("POST", "/v1/refunds"):
            return state.create_refund(given)
        if (method, path) == ("GET", "/v1/refunds"):
            return listing(
                row for row in state.refunds.values() if row["payment_intent"] == given["payment_intent"]
            )
        if (method, path) == ("GET", "/v1/events"):
            return listing(reversed(state.events))
        if (method, path) == ("GET", "/v1/balance_transactions"):
            between = given["available_on"]
            rows = (
                row
                for row in state.balance.values()
                if int(between["gte"]) <= row["available_on"] < int(between["lt"])
            )
            return listing(row | {"source": state.charges[row["source"]]} for row in rows)
        found = re.fullmatch(
            r"/v1/(checkout/sessions|payment_intents|refunds|charges)/(\w+)(/expire|/cancel)?", path
        )
        if found is None:
            raise ApiError(404, f"Unrecognized request URL ({method}: {path})")
        kind, thing_id, verb = found.groups()
        if state.owner.get(thing_id, state.caller) != state.caller:
            raise ApiError(404, f"No such {kind}: {thing_id}", "resource_missing")
        if kind == "checkout/sessions":
            row = state.session(thing_id)
            return self._expanded(state.end_session(row) if verb else row, expand)
        table = {"payment_intents": state.intents, "refunds": state.refunds, "charges": state.charges}[kind]
        if thing_id not in table:
            raise ApiError(404, f"No such {kind}: {thing_id}", "resource_missing")
        if not verb:
            return table[thing_id]
        return state.call_off_refund(thing_id) if kind == "refunds" else self._cancel(table[thing_id])

    def _cancel(self, intent: dict[str, Any]) -> dict[str, Any]:
        if intent["status"] in ("succeeded", "canceled"):
            raise ApiError(
                400, f"cannot cancel a {intent['status']} intent", "payment_intent_unexpected_state"
            )
        intent["status"], intent["next_action"] = "canceled", None
        self.state.say("payment_intent.canceled", intent)
        return intent

    def _expanded(self, row: dict[str, Any], expand: list[str]) -> dict[str, Any]:
        row = dict(row)
        if any(path.startswith("payment_intent") for path in expand) and row["payment_intent"]:
            intent = dict(self.state.intents[row["payment_intent"]])
            charge = self.state.charges.get(intent["latest_charge"] or "")
            if charge is not None:
                balance = self.state.balance[charge["balance_transaction"]]
                intent["latest_charge"] = charge | {"balance_transaction": balance}
            row["payment_intent"] = intent
        return row

    def _page(self, handler: BaseHTTPRequestHandler, method: str, session_id: str, body: str) -> None:
        row = self.state.sessions[session_id]
        if method == "POST":
            choice = dict(parse_qsl(body))["choice"]
            if choice == "konbini":
                self.state.take_slip(session_id)
            elif choice != "cancel":
                self.state.pay(session_id, choice)
            where = row["cancel_url"] if choice == "cancel" else row["success_url"]
            handler.send_response(303)
            handler.send_header("Location", where)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        ends = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["expires_at"]))
        buttons = "".join(
            f'<p><button name="choice" value="{kind}">{WORDS[kind]}</button></p>'
            for kind in row["payment_method_types"]
        )
        page = (
            '<!doctype html><html lang="ja"><title>模擬Stripe</title><main>'
            f"<h1>{row['amount_total']:,}円</h1>"
            f"<p>{html.escape(ends)}まで</p><form method=post>{buttons}"
            '<p><button name="choice" value="cancel">やめる</button></p></form></main></html>'
        ).encode()
        self._answer(handler, 200, page, "text/html; charset=utf-8")

    @staticmethod
    def _answer(
        handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "application/json"
    ) -> None:
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(len(body)))
            handler.send_header("Request-Id", "req_fake")
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            pass  # the client was killed: that is what some trials do

    @staticmethod
    def _drop(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.connection.close()

    # -- webhooks ----------------------------------------------------------------------------

    def signed(self, event: dict[str, Any], fate: str = "send") -> tuple[bytes, dict[str, str]]:
        """The bytes and headers of an event, rightly signed unless its fate says otherwise."""
        return signed(event, fate)

    def _emit(self, event: dict[str, Any]) -> None:
        owner = self.state.owner.get(event["data"]["object"]["id"])
        for fate in self.webhooks(event):
            if self.deliver is not None:
                self.deliver(*signed(event, fate))
                continue
            for endpoint in self.endpoints:
                if endpoint.key in (None, owner):
                    threading.Thread(target=post, args=(event, fate, endpoint), daemon=True).start()


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Stripe's form encoding: ``a[0][b]=c`` as dicts (lists too, by their index)."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        keys = re.findall(r"[^\[\]]+", name)
        if name.endswith("[]"):
            keys.append(str(len(tree.get(keys[0], {}))))
        place = tree
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = value
    return tree


def listing(rows: Any) -> dict[str, Any]:
    return {"object": "list", "url": "/v1/list", "has_more": False, "data": list(rows)}


def error(status: int, message: str, kind: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"type": kind, "message": message, "code": code}}).encode()
