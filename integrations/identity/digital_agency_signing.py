"""Getting a document signed through デジタル認証アプリ.

The shape is published, the names of the JSON fields are not: they are in one table here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from integrations.http import Answer, CallFailed, Http
from integrations.identity.relying_party import RelyingParty
from webapp.ports.identity import ProtocolBroken, ProviderDown
from webapp.ports.signature import SignatureBegun, Signed

FIELDS = {
    "hash": "hash",
    "transaction": "sign_transaction_id",
    "signature": "signature",
    "certificate": "certificate",
}


class DigitalAgencySigning:
    """The plug for signatures; ``url`` is the address of ``/sign-transactions``."""

    id = "digital_agency"

    def __init__(self, party: RelyingParty, http: Http, url: str) -> None:
        self._party = party
        self._http = http
        self._url = url

    def sign_begin(self, digest: bytes, *, redirect_uri: str) -> SignatureBegun:
        """Register the digest and return where to send the browser."""
        token = self._party.client_credentials("sign")
        answer = self._call(
            "POST",
            self._url,
            token,
            json_body={FIELDS["hash"]: base64.b64encode(digest).decode()},
        )
        key = str(_body(answer).get(FIELDS["transaction"], ""))
        if answer.status not in (200, 201) or not 0 < len(key) <= 64:
            raise ProtocolBroken("sign_transaction", str(answer.status))
        begun = self._party.begin(
            redirect_uri=redirect_uri, scopes=("openid", "sign"), sign_transaction_id=key
        )
        return SignatureBegun(key, begun)

    def sign_complete(
        self,
        params: Mapping[str, str],
        *,
        state: str,
        secrets: Mapping[str, str],
        transaction_id: str,
        redirect_uri: str,
    ) -> Signed:
        """Trade the code and fetch the signature with the token of this very flow."""
        verified = self._party.complete(params, state=state, secrets=secrets, redirect_uri=redirect_uri)
        answer = self._call("GET", f"{self._url}/{transaction_id}/result", verified.access_token)
        if answer.status != 200:
            raise ProtocolBroken("sign_result", str(answer.status))
        body = _body(answer)
        try:
            return Signed(
                base64.b64decode(body[FIELDS["signature"]], validate=True),
                base64.b64decode(body[FIELDS["certificate"]], validate=True),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise ProtocolBroken("sign_result") from error

    def _call(
        self, method: str, url: str, token: str, *, json_body: Mapping[str, str] | None = None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = self._http.call(method, url, headers=headers, json_body=json_body)
        except CallFailed as error:
            raise ProviderDown(str(error)) from error
        if answer.status >= 500:
            raise ProviderDown(f"{url} answers {answer.status}")
        return answer


def _body(answer: Answer) -> Mapping[str, str]:
    try:
        body = answer.json()
    except ValueError as error:
        raise ProtocolBroken("sign_not_json") from error
    if not isinstance(body, dict):
        raise ProtocolBroken("sign_not_json")
    return body
