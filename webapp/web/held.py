"""What someone typed into a page whose session had ended: kept, and offered to be sent again.

A POST that meets an expired session is put into the (new) session on the server, bound to whoever
held the old one; after sign-in a page shows it with one button. Files cannot be kept: the page says so.
"""

from __future__ import annotations

from typing import Any

from flask import g, request, url_for

from webapp.web import sessions

KEY = "held_post"
MOST_CHARACTERS = 400_000
NOT_KEPT = ("csrf_token", "password", "code")


def hold_request(side: str) -> str:
    """Keep the POST of this request; returns the local path to go on with after sign-in."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    mine = sessions.current()
    typed = typed_values()
    if sum(len(name) + len(value) for name, value in typed) > MOST_CHARACTERS:
        return url_for(f"{side}.sign_in.sign_in")
    was, g.held_now = mine.expired, True
    mine[KEY] = {
        "path": request.full_path.rstrip("?"),
        "typed": [list(pair) for pair in typed],
        "files": sorted(name for name, file in request.files.items() if file.filename),
        "owner": [was.resident_id, was.staff_id],
    }
    return url_for(f"{side}.sign_in.send_again")


def typed_values() -> list[tuple[str, str]]:
    """Return every name and value of this request's form, secrets excepted."""
    return [
        (name, value)
        for name, values in request.form.lists()
        for value in values
        if not name.endswith(NOT_KEPT)
    ]


def kept() -> dict[str, Any] | None:
    """Return what was kept, if it belongs to the person who has signed in now."""
    mine = sessions.current()
    post: dict[str, Any] | None = mine.get(KEY)
    if post is None:
        return None
    resident_id, staff_id = post["owner"]
    is_theirs = resident_id in (None, mine.holder.resident_id) and staff_id in (None, mine.holder.staff_id)
    return post if is_theirs else None


def sent() -> None:
    """Drop what was kept once this request has sent it: the view has it, or shows it with its mistakes."""
    mine = sessions.current()
    if request.method != "POST" or KEY not in mine or g.get("held_now"):
        return
    if mine[KEY]["path"] == request.full_path.rstrip("?"):
        del mine[KEY]
