"""Looking at a file that was put into a draft."""

from flask import Blueprint, Response

from webapp.intake import files
from webapp.intake.models import StoredFile
from webapp.intake.sniffing import SHOWN_INLINE
from webapp.resident import desk
from webapp.web.downloads import disposition
from webapp.web.guards import visitor_or_resident
from webapp.web.services import services
from webapp.web.transaction import close, db

blueprint = Blueprint("apply_files", __name__)
SANDBOX = "default-src 'none'; img-src 'self' data:; object-src 'self'; style-src 'unsafe-inline'; sandbox"


@blueprint.get("/apply/<token>/files/<file_id>")
@visitor_or_resident
def show(token: str, file_id: str) -> Response:
    opened = desk.open_desk(token)
    return send(files.find(db(), file_id, draft_id=opened.draft.id))


def send(row: StoredFile) -> Response:
    """The bytes of a file: pictures and PDF in the page, everything else as a download; never as HTML."""
    close()  # the store may be far away: nothing stays open meanwhile
    data = services().storage.get(row.storage_key)
    response = Response(data, mimetype=row.sniffed_type)
    way = "inline" if row.sniffed_type in SHOWN_INLINE else "attachment"
    response.headers["Content-Disposition"] = disposition(way, row.name)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-store"
    return response
