"""Doors for the load balancer: is the process alive, can it work."""

from __future__ import annotations

from flask import Blueprint, Response

from webapp.web.guards import public
from webapp.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def alive() -> Response:
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@public
def ready() -> Response:
    if not services().database.answers():
        return Response("database\n", status=503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")
