"""The door for payment providers' callbacks: verified on the raw bytes, kept, then the provider is asked."""

from flask import Blueprint, abort, request

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
def event(provider: str | None = None) -> tuple[str, int]:
    port = services().online_payment if provider is None else services().payment.get(provider)
    if port is None or not port.online:
        abort(404)
    if (request.content_length or 0) > MOST_BYTES:
        abort(413)
    raw = request.get_data(cache=False)
    database = services().database
    try:
        outcome = steps.take_event(
            database.transaction, port, raw, dict(request.headers), services().settle_handlers
        )
    except Unavailable:
        return "later", 503
    return outcome, REFUSED.get(outcome, 200)
