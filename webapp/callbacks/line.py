"""The door for LINE: verified on the raw bytes, kept, answered at once; the worker does the rest."""

from __future__ import annotations

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from webapp.messaging import webhook
from webapp.web.guards import signed_callback
from webapp.web.services import services

blueprint = Blueprint("line", __name__)
MOST_BYTES = 1_048_576


@blueprint.post("/line")
@signed_callback
def events() -> Response:
    """Take events. 400 for a wrong signature, 404 while LINE is switched off."""
    line = services().line
    if line is None:
        abort(404)
    if (request.content_length or 0) > MOST_BYTES:
        abort(413)
    raw = request.get_data(cache=False)
    if not webhook.is_signed(raw, request.headers.get("x-line-signature", ""), line.webhook_secrets):
        return Response("signature", 400, mimetype="text/plain")
    with services().database.transaction() as session:
        webhook.take(session, raw)
    return Response("ok", mimetype="text/plain")
