"""/.well-known/security.txt: whom to tell about a weakness (RFC 9116)."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response

from webapp import clock
from webapp.web.guards import public
from webapp.web.services import services

blueprint = Blueprint("security_contact", __name__)


@blueprint.get("/.well-known/security.txt")
@public
def security_txt() -> Response:
    """Name the contact; it expires before anyone could rely on an old one."""
    city, base = services().city, services().settings.base_url
    ends = (clock.now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    mail = city.front_desk.email
    contacts = [f"Contact: mailto:{mail}"] if mail else []
    contacts.append(f"Contact: tel:+81-{city.tel.removeprefix('0')}")
    lines = [
        *contacts,
        f"Expires: {ends}",
        "Preferred-Languages: ja, en",
        f"Canonical: {base}/.well-known/security.txt",
        f"Policy: {base}/terms",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
