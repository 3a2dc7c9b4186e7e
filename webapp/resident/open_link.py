"""The door of links in LINE messages. The page behind it asks who is there; the link proves nothing."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from webapp.messaging import one_time_links
from webapp.web import guards
from webapp.web.services import services
from webapp.web.transaction import begin_writing, db

blueprint = Blueprint("open_link", __name__)


@blueprint.get("/l/<token>")
@guards.public
def follow(token: str) -> Response:
    """Lead to the page that the message was about."""
    link = one_time_links.find(db(), token)
    if link.name in one_time_links.ONCE and request.method == "GET":  # a HEAD only looks
        begin_writing()
        link = one_time_links.use(db(), token)
    return redirect(services().links[link.name](**link.args))
