"""The door through which a disaster system or mail gateway starts a prepared notice."""

from __future__ import annotations

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from webapp.errors import Forbidden, InvalidInput
from webapp.messaging import prepared, triggers
from webapp.web.guards import signed_callback
from webapp.web.services import services

blueprint = Blueprint("notices", __name__)


@blueprint.post("/notices")
@signed_callback
def start() -> Response:
    """Start one; 404 while no key is set, 400 for a wrong signature or a notice that may not be sent."""
    keys = triggers.keys_of(services().settings.plug_options.get("notice_key", ""))
    if not keys:
        abort(404)
    if (request.content_length or 0) > triggers.LARGEST:
        abort(413)
    raw = request.get_data(cache=False)
    headers = request.headers
    try:
        call = triggers.check(
            raw, headers.get(triggers.TIMESTAMP, ""), headers.get(triggers.SIGNATURE, ""), keys
        )
        with services().database.transaction() as session:
            notices = prepared.load(services().settings.city_dir)
            number = triggers.start(session, call, notices, services().city).id
    except (Forbidden, InvalidInput) as error:
        return Response(str(error), 400, mimetype="text/plain")
    return Response(f"broadcast {number}", 202, mimetype="text/plain")
