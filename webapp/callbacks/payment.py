"""The door for payment providers' callbacks: verified on the raw bytes, kept, then the provider is asked."""

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from webapp.errors import Unavailable
from webapp.payment import steps
from webapp.web.guards import signed_callback
from webapp.web.services import services

blueprint = Blueprint("payment", __name__)

REFUSED = {"forged": 400, "stale": 400, "malformed": 400}
MOST_BYTES = 262_144


@blueprint.post("/payment")
@blueprint.post("/payment/<provider>")
@signed_callback
def event(provider: str | None = None) -> Response:
    online = [port for port in services().payment.values() if port.online and provider in (None, port.name)]
    if not online:
        abort(404)
    port = online[0]
    if (request.content_length or 0) > MOST_BYTES:
        abort(413)
    raw = request.get_data(cache=False)
    database = services().database
    try:
        outcome = steps.take_event(
            database.transaction, port, raw, dict(request.headers), services().settle_handlers
        )
    except Unavailable:
        return Response("later", 503, mimetype="text/plain")
    return Response(outcome, REFUSED.get(outcome, 200), mimetype="text/plain")
