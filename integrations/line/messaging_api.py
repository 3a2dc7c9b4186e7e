"""LINE's Messaging API through the official SDK (line-bot-sdk v3).

The SDK is imported when the plug is built, so a city without LINE does not pay for it. Every call has
explicit timeouts, because the SDK has none of its own. Sends go through the SDK's transport with the
frozen JSON, not through its models: a model of another SDK version could write other bytes, and a
retry key must never meet a different body.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from integrations.line import menus
from integrations.line.answers import classify
from integrations.line.buckets import Buckets
from webapp.ports.delivery import Outcome
from webapp.ports.line import Content, LineRefused, LineUnavailable, Quota

if TYPE_CHECKING:
    from webapp.ports.line import LineLogin

log = logging.getLogger(__name__)
API = "https://api.line.me"
DATA_API = "https://api-data.line.me"
LARGEST_CONTENT = 20 * 1024 * 1024


@dataclass(frozen=True)
class Channel:
    """The channel's token, LINE's hosts (others only in tests) and timeouts in seconds."""

    token: str
    host: str = API
    data_host: str = DATA_API
    connect_s: float = 3.0
    read_s: float = 10.0
    share: float = 1.0
    secrets: tuple[str, ...] = ()


class MessagingApiLine:
    """See LinePort."""

    def __init__(self, channel: Channel, login: LineLogin | None = None) -> None:
        from linebot.v3.messaging import ApiClient, ApiException, Configuration
        from urllib3.exceptions import HTTPError

        self._channel = channel
        self._login = login
        self._timeout = (channel.connect_s, channel.read_s)
        configuration = Configuration(host=None, access_token=channel.token)
        configuration.retries = False
        configuration.connection_pool_maxsize = 16
        self._client = ApiClient(configuration)
        self._api_error: type[Exception] = ApiException
        self._network_error: type[Exception] = HTTPError
        self._buckets = Buckets(channel.share)

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> MessagingApiLine:
        """Read ``MADOGUCHI_LINE_TOKEN``, ``_LINE_SECRET`` (two by comma while rotating), those of LINE Login
        and, for several worker processes, ``MADOGUCHI_LINE_RATE_SHARE`` (0.5 for two).
        """
        from integrations.line.login import LineLoginClient

        return cls(
            Channel(
                token=options["line_token"],
                host=options.get("line_host", API),
                data_host=options.get("line_data_host", DATA_API),
                share=float(options.get("line_rate_share", "1")),
                secrets=tuple(part for part in options.get("line_secret", "").split(",") if part),
            ),
            LineLoginClient.from_options(options),
        )

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """See LinePort."""
        return self._channel.secrets

    @property
    def login(self) -> LineLogin | None:
        """See LinePort."""
        return self._login

    def push(self, request: bytes, retry_key: str) -> Outcome:
        """See LinePort."""
        return self._send("push", json.loads(request), retry_key)

    def multicast(self, request: bytes, retry_key: str) -> Outcome:
        """See LinePort."""
        return self._send("multicast", json.loads(request), retry_key)

    def reply(self, reply_token: str, messages: list[dict[str, Any]]) -> Outcome:
        """See LinePort. No retry key: LINE refuses it here; the token works once."""
        return self._send("reply", {"replyToken": reply_token, "messages": messages}, None)

    def validate(self, messages: list[dict[str, Any]]) -> list[str]:
        """See LinePort."""
        outcome = self._send("validate/push", {"messages": messages}, None)
        return [outcome.detail] if outcome.result == "rejected" else []

    def quota(self) -> Quota:
        """See LinePort."""
        limit = self._ask("GET", "/v2/bot/message/quota")
        used = self._ask("GET", "/v2/bot/message/quota/consumption")
        return Quota(limit.get("value") if limit.get("type") == "limited" else None, int(used["totalUsage"]))

    def is_friend(self, user_id: str) -> bool:
        """See LinePort."""
        try:
            self._ask("GET", f"/v2/bot/profile/{user_id}")
        except LineRefused:
            return False
        return True

    def link_token(self, user_id: str) -> str:
        """See LinePort."""
        return str(self._ask("POST", f"/v2/bot/user/{user_id}/linkToken")["linkToken"])

    def link_address(self, link_token: str, nonce: str) -> str:
        """See LinePort (developers.line.biz, linking accounts)."""
        query = urlencode({"linkToken": link_token, "nonce": nonce})
        return f"https://access.line.me/dialog/bot/accountLink?{query}"

    def content(self, message_id: str) -> Content:
        """See LinePort."""
        answer = self._call("GET", f"/v2/bot/message/{message_id}/content", host=self._channel.data_host)
        if len(answer.data) > LARGEST_CONTENT:
            raise LineRefused("content too large")
        return Content(bytes(answer.data), str(answer.getheader("content-type") or ""))

    def install_menu(self, alias: str, menu: dict[str, Any], image: bytes) -> bool:
        """See LinePort."""

        def upload(menu_id: str) -> None:
            path = f"/v2/bot/richmenu/{menu_id}/content"
            self._call("POST", path, body=image, host=self._channel.data_host, content_type="image/png")

        return menus.install(self._ask, upload, alias, menu)

    def show_menu(self, user_ids: Sequence[str] | None, alias: str) -> None:
        """See LinePort."""
        menus.show(self._ask, user_ids, alias)

    def _send(self, kind: str, body: dict[str, Any], retry_key: str | None) -> Outcome:
        self._buckets.take(kind)
        started = time.monotonic()
        try:
            answer = self._request("POST", f"/v2/bot/message/{kind}", body, retry_key=retry_key)
            outcome = classify(answer.status, dict(answer.getheaders() or {}), "")
        except self._api_error as error:
            outcome = self._classify_error(error)
        except (self._network_error, OSError) as error:
            outcome = Outcome("retry", type(error).__name__)
        if outcome.detail.startswith("429"):
            self._buckets.hurt(kind)
        took = int((time.monotonic() - started) * 1000)
        log.info("line %s %s %s %s %d ms", kind, outcome.result, outcome.detail, outcome.provider_ref, took)
        return outcome

    @staticmethod
    def _classify_error(error: Any) -> Outcome:
        if not error.status:
            return Outcome("retry", "tls")
        body = error.body.decode("utf-8", "replace") if isinstance(error.body, bytes) else error.body or ""
        return classify(int(error.status), dict(error.headers or {}), body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._call(method, path, body=body)
        data = json.loads(answer.data or b"{}")
        if not isinstance(data, dict):
            raise LineUnavailable("not an object")
        return data

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        host: str = "",
        content_type: str = "application/json",
    ) -> Any:
        self._buckets.take("default")
        try:
            return self._request(method, path, body, host=host, content_type=content_type)
        except self._api_error as error:
            status = int(getattr(error, "status", 0) or 0)
            if 400 <= status < 500 and status != 429:
                raise LineRefused(str(status)) from error
            raise LineUnavailable(str(status)) from error
        except (self._network_error, OSError) as error:
            raise LineUnavailable(type(error).__name__) from error

    def _request(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        retry_key: str | None = None,
        host: str = "",
        content_type: str = "application/json",
    ) -> Any:
        headers = {"Authorization": f"Bearer {self._channel.token}", "Content-Type": content_type}
        if retry_key is not None:
            headers["X-Line-Retry-Key"] = retry_key
        return self._client.rest_client.request(
            method,
            (host or self._channel.host) + path,
            headers=headers,
            body=body,
            _request_timeout=self._timeout,
        )
