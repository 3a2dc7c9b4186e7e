"""The public API's own description, for whoever builds on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify

from webapp.web import open_api
from webapp.web.guards import public
from webapp.web.services import services

blueprint = Blueprint("api_description", __name__)


@blueprint.get("/api/openapi.json")
@public
@open_api.described("This document (OpenAPI 3.1)", dict[str, Any])
def openapi() -> Response:
    """Return the document of what the routes are just now."""
    title = f"{services().city.name} open data"
    answer = jsonify(open_api.document(current_app, title=title, server=services().settings.base_url))
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
