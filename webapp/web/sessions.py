"""Flask's session, kept in the database: one cookie for residents, another for staff.

The cookie holds a random token. Signing in or changing the level gives a new token and ends the old one.
"""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any, cast

from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.exc import OperationalError

from webapp import clock
from webapp.identity import sessions as store
from webapp.identity import visits
from webapp.identity.models import Staff, WebSession
from webapp.web import maintenance, transaction
from webapp.web.services import services

COOKIES = {"resident": "madoguchi", "staff": "madoguchi_staff"}
LEFT = "left_behind"
GOES_ALONG = ("own:", "enter:")
"""Keys of a session by which its holder goes on after signing in again: a draft, a paper being entered."""
NO_SESSION = ("/static/", "/callbacks/", "/healthz", "/readyz", "/sandbox/")


class ServerSession(dict[str, Any], SessionMixin):
    """The data of one browser, and who holds it."""

    def __init__(self, side: str, token: str | None = None, row: WebSession | None = None) -> None:
        super().__init__(copy.deepcopy(row.data) if row else {})
        self.side = side
        self.token = token if row else None
        self.row_id = row.id if row else None
        self.loaded: dict[str, Any] = copy.deepcopy(dict(self))
        self.holder = store.Holder()
        if row:
            self.holder = store.Holder(row.resident_id, row.staff_id, row.level, row.authenticated_at)
        self.seen_at: datetime | None = row.seen_at if row else None
        self.rotate = False
        self.ended = False
        self.failure: OperationalError | None = None
        """Why the session could not be read; the request then ends with the page of a busy database."""
        self.is_over = False
        """A cookie came whose session has ended."""
        self.expired = store.Holder()
        """Who held the session that has just expired, so that what was typed goes back to them only."""

    @property
    def signed_in(self) -> bool:
        return self.holder.resident_id is not None or self.holder.staff_id is not None


def current() -> ServerSession:
    """Return this browser's session."""
    return cast(ServerSession, session._get_current_object())  # type: ignore[attr-defined]


def sign_in_resident(resident_id: int, level: int, authenticated_at: datetime | None = None) -> None:
    """Make this browser the resident's, with a new token. What a visitor had begun stays in the session."""
    _become(
        store.Holder(resident_id=resident_id, level=level, authenticated_at=authenticated_at or clock.now())
    )


def sign_in_staff(staff: Staff) -> None:
    """Make this browser the staff member's, with a new token."""
    _become(store.Holder(staff_id=staff.id, authenticated_at=clock.now()))


def sign_out() -> None:
    """End this browser's session on the server and in the browser."""
    mine = current()
    mine.clear()
    mine.holder, mine.ended = store.Holder(), True


def forget_holder() -> None:
    """Make this browser nobody's, with a new token; what is in the session now stays."""
    _become(store.Holder())


def own(kind: str, token: str) -> None:
    """Remember that this browser may open something (``own("draft", draft.token)``)."""
    session[f"own:{kind}:{token}"] = 1


def owns(kind: str, token: str) -> bool:
    """Tell whether ``own`` was called for it in this browser."""
    return f"own:{kind}:{token}" in session


def disown(kind: str, token: str) -> None:
    """Forget it again."""
    session.pop(f"own:{kind}:{token}", None)


def owned(kind: str) -> list[str]:
    """Return the tokens of everything of a kind that this browser may open."""
    prefix = f"own:{kind}:"
    return [key[len(prefix) :] for key in session if key.startswith(prefix)]


def _left_behind(row: WebSession) -> dict[str, Any]:
    """What a session that ended could open: kept until the same person signs in at this browser again."""
    owned = {key: value for key, value in row.data.items() if key.startswith(GOES_ALONG)}
    holder = [row.resident_id, row.staff_id]
    if not owned or not any(holder) or store.VISIT in row.data:
        return {}
    return {LEFT: {"holder": holder, "owned": owned}}


def _become(holder: store.Holder) -> None:
    mine = current()
    left = mine.pop(LEFT, None)
    if left is not None and left["holder"] == [holder.resident_id, holder.staff_id]:
        mine.update(left["owned"])
    mine.holder, mine.rotate, mine.ended = holder, True, False
    mine.pop("csrf_token", None)


class DatabaseSessions(SessionInterface):
    """Loads and stores ServerSession."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure

    def open_session(self, app: Flask, request: Request) -> ServerSession | None:
        side = "staff" if request.path == "/staff" or request.path.startswith("/staff/") else "resident"
        token = request.cookies.get(self.cookie_name(side))
        if not token or request.path.startswith(NO_SESSION) or maintenance.is_closed(request.path):
            return ServerSession(side)
        try:
            return self._load(side, token)
        except OperationalError as error:
            unreadable = ServerSession(side)
            unreadable.failure = error
            return unreadable

    def _load(self, side: str, token: str) -> ServerSession:
        with services().database.reading() as reading:
            row = store.find(reading, token, side)
            if row is not None and store.is_alive(row, clock.now()):
                return ServerSession(side, token, row)
            empty = ServerSession(side)
            empty.is_over = True
            if row is not None:
                empty.expired = store.Holder(row.resident_id, row.staff_id, row.level)
                empty.update({**visits.left_of(reading, row), **_left_behind(row)})
            return empty

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        mine = cast(ServerSession, session)
        response.vary.add("Cookie")
        transaction.close()  # SQLite has one writer: the request's own session must not hold the lock.
        if mine.ended:
            self._end(mine, response)
        elif mine.token is None or mine.rotate:
            if mine or mine.signed_in:
                self._create(mine, response)
        else:
            self._keep(mine)

    def cookie_name(self, side: str) -> str:
        """``__Host-`` binds the cookie to this very host; browsers take it over https only."""
        return ("__Host-" if self._secure else "") + COOKIES[side]

    def _create(self, mine: ServerSession, response: Response) -> None:
        from flask import request

        with services().database.transaction() as writing:
            if mine.token:
                store.end(writing, mine.token)
            device = request.user_agent.string
            row, mine.token = store.create(writing, mine.side, mine, mine.holder, device=device)
            mine.row_id = row.id
        response.set_cookie(
            self.cookie_name(mine.side),
            mine.token,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )

    def _keep(self, mine: ServerSession) -> None:
        assert mine.token is not None
        changed = {k: v for k, v in mine.items() if k not in mine.loaded or mine.loaded[k] != v}
        removed = set(mine.loaded) - set(mine)
        if changed or removed:
            with services().database.transaction() as writing:
                store.merge(writing, mine.token, changed, removed)
        elif mine.seen_at and clock.now() - mine.seen_at > store.TOUCH_EVERY:
            with services().database.transaction() as writing:
                store.touch(writing, mine.token)

    def _end(self, mine: ServerSession, response: Response) -> None:
        if mine.token:
            with services().database.transaction() as writing:
                store.end(writing, mine.token)
        response.delete_cookie(self.cookie_name(mine.side), path="/", secure=self._secure, httponly=True)
        response.headers["Clear-Site-Data"] = '"cache"'


def install(app: Flask, *, secure: bool) -> None:
    """Use the database for Flask's session; ``secure`` when the site is reached by https."""
    app.session_interface = DatabaseSessions(secure=secure)

    @app.before_request
    def _stop_without_session() -> None:
        if (failure := current().failure) is not None:
            raise failure
