"""The door of links in LINE messages. The page behind it asks who is there; the link proves nothing."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from webapp.errors import NotFound
from webapp.messaging import one_time_links
from webapp.web import guards, sessions
from webapp.web.services import services
from webapp.web.transaction import begin_writing, db

blueprint = Blueprint("open_link", __name__)
TALK = "talk"
"""Session key: the LINE account whose chat led here, and the procedure it may hear about."""


@blueprint.get("/l/<token>")
@guards.public
def follow(token: str) -> Response:
    """Lead to the page that the message was about."""
    link = one_time_links.find(db(), token)
    if link.name not in services().links:
        raise NotFound(f"link {link.name}")
    if request.method == "GET":  # a HEAD only looks
        begin_writing()
        if link.name in one_time_links.ONCE:
            link = one_time_links.use(db(), token)
        one_time_links.opened(db(), link)
        if "line_user_id" in link.args:
            sessions.current()[TALK] = {"user_id": link.args["line_user_id"], "slug": link.args["slug"]}
    return redirect(services().links[link.name](**link.args))
