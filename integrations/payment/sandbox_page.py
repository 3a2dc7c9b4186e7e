"""The sandbox provider's pages: a small WSGI application, mounted under /sandbox/payment.

``/pay/<id>`` is what the payer sees; ``/`` lists everything, so that late money, repeated callbacks and
answered refund mails can be tried. 模擬 stands on every screen; nothing needs JavaScript.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from integrations.payment.sandbox import TOKYO, SandboxPayment
from integrations.payment.sandbox_store import body_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WORDS = {
    "open": "支払い待ち",
    "pending": "コンビニの入金待ち",
    "paid": "支払い済み",
    "failed": "失敗",
    "expired": "期限切れ",
}
REFUND_WORDS = {
    "succeeded": "完了",
    "requires_action": "振込先の登録待ち",
    "failed": "失敗",
    "canceled": "取り消し",
    "pending": "処理中",
}
HEADINGS = {
    "open": "画面を閉じてください",
    "pending": "コンビニで支払ってください",
    "paid": "支払いは終わっています",
    "failed": "支払えませんでした",
    "expired": "期限を過ぎました",
}


class SandboxPages:
    """The WSGI application over one sandbox plug."""

    def __init__(self, plug: SandboxPayment) -> None:
        self._plug = plug
        self._pages = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
        )
        self._routes = Map(
            [
                Rule("/pay/<payment>", methods=["GET"], endpoint=self._show),
                Rule("/pay/<payment>", methods=["POST"], endpoint=self._choose),
                Rule("/", methods=["GET"], endpoint=self._list),
                Rule("/", methods=["POST"], endpoint=self._trial),
            ]
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            endpoint, values = self._routes.bind_to_environ(environ).match()
            response = endpoint(Request(environ), **values)
        except HTTPException as error:
            response = error.get_response(environ)
        return response(environ, start_response)  # type: ignore[no-any-return]  # werkzeug types it as Any

    def _show(self, _request: Request, payment: str) -> Response:
        row = self._row(payment)
        if row["status"] != "open":
            return self._state(row)
        deadline = self._clock(row["expires_at"])
        return self._page("pay.html", order=body_of(row), deadline=deadline)

    def _choose(self, request: Request, payment: str) -> Response:
        row = self._row(payment)
        order = body_of(row)
        choice = request.form.get("choice", "")
        if choice == "cancel":
            return redirect(order["cancel_url"], 303)
        if choice == "never":
            return self._state(row)
        if choice in ("card", "paypay"):
            self._plug.pay(payment, "card" if choice == "card" else "paypay")
        elif choice == "silent":
            self._pay_silently(payment)
        elif choice == "fail":
            self._plug.fail(payment)
        elif choice == "konbini":
            self._plug.take_slip(payment)
            return redirect(request.url, 303)
        elif choice == "konbini_paid":
            self._plug.pay(payment, "konbini")
        return redirect(order["return_url"], 303)

    def _state(self, row: dict[str, Any]) -> Response:
        return self._page(
            "state.html",
            heading=HEADINGS[row["status"]],
            order=body_of(row),
            slip=row["slip"] if row["status"] == "pending" else None,
            until=self._clock(row["pending_until"]),
            back=body_of(row)["return_url"],
        )

    def _list(self, _request: Request) -> Response:
        rows = self._plug.store.all("SELECT * FROM payment ORDER BY rowid DESC LIMIT 50")
        entries = []
        for row in rows:
            refunds = self._plug.store.all("SELECT * FROM refund WHERE payment_id = ?", row["id"])
            entries.append(
                row
                | {"title": body_of(row)["title"], "word": WORDS[row["status"]]}
                | {"until": self._clock(row["pending_until"])}
                | {"refunds": [refund | {"word": REFUND_WORDS[refund["status"]]} for refund in refunds]}
            )
        return self._page("list.html", entries=entries)

    def _trial(self, request: Request) -> Response:
        choice, payment = request.form.get("choice"), request.form.get("payment", "")
        if choice == "bank":
            self._plug.give_bank_details(request.form.get("refund", ""))
        elif choice == "returned":
            self._plug.return_refund(request.form.get("refund", ""))
        elif choice == "konbini_paid":
            self._plug.pay(self._row(payment)["id"], "konbini")
        elif choice == "announce":
            self._plug.announce(self._row(payment)["id"], "payment.repeated")
        return redirect(request.url, 303)

    def _pay_silently(self, payment: str) -> None:
        """The money moves and nobody is told: reconciliation has to find it."""
        now = self._plug.now().isoformat()
        with self._plug.store.writing() as db:
            db.execute(
                "UPDATE payment SET status = 'paid', method = 'card', paid_at = ?"
                " WHERE id = ? AND status = 'open'",
                (now, payment),
            )

    def _row(self, payment: str) -> dict[str, Any]:
        row = self._plug.store.one("SELECT * FROM payment WHERE id = ?", payment)
        if row is None:
            raise NotFound
        return row

    @staticmethod
    def _clock(text: str | None) -> str:
        return f"{datetime.fromisoformat(text).astimezone(TOKYO):%Y年%-m月%-d日 %H:%M}" if text else ""

    def _page(self, name: str, **values: Any) -> Response:
        nonce = secrets.token_urlsafe(12)
        body = self._pages.get_template(name).render(nonce=nonce, **values)
        policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
        return Response(body, mimetype="text/html", headers={"Content-Security-Policy": policy})
