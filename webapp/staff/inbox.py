"""The inbox of an officer, and the door to the staff side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from webapp import clock
from webapp.audit import record
from webapp.casework import assign, deadline
from webapp.casework import inbox as cases
from webapp.casework.states import LIVES, state_of
from webapp.staff import desk, typed
from webapp.web.display import url_if
from webapp.web.guards import current_actor, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import afterwards, db

blueprint = Blueprint("inbox", __name__)

LIST = "inbox_list"
"""Under this name the session keeps what the inbox last showed: the case page leads on from there."""
CHANNELS = {"web": "オンライン", "counter": "窓口", "paper": "郵送・紙", "phone": "電話", "line": "LINE"}
_HOMES = (
    ("booking.read", "staff.timeline.timeline"),
    ("payment.read", "staff.payments.overview"),
    ("statistics.read", "staff.statistics.show"),
    ("staff.manage", "staff.accounts.accounts"),
)


@blueprint.get("/")
@staff_required("staff.home")
def home() -> Response:
    if staff_scope("case.read"):
        return redirect(url_for("staff.inbox.inbox"), code=303)
    for permission, endpoint in _HOMES:
        if staff_scope(permission) and (url := url_if(endpoint)):
            return redirect(url, code=303)
    return Response(render_template("staff/inbox_home.html"))


@blueprint.get("/inbox")
@staff_required("case.read")
def inbox() -> str:
    wish = wish_of(request.args)
    found = cases.find(db(), wish)
    query = request.query_string.decode()
    if session.get(LIST, "") != query:
        session[LIST] = query
    if wish.text:
        actor = current_actor()
        # The words searched for are personal; that there was a search, and how much it showed, is not.
        afterwards(
            lambda later: record(
                later,
                actor,
                "case.search",
                object_kind="inbox",
                object_id=wish.view,
                details={"found": found.total},
            )
        )
    return render_template(
        "staff/inbox_inbox.html",
        wish=wish,
        found=found,
        views=cases.VIEWS,
        sorts=cases.SORTS,
        kinds={key: life.label.ja for key, life in LIVES.items()},
        procedures=_procedures(wish),
        statuses=_statuses(),
        channels=CHANNELS,
        departments=_departments(wish),
        colleagues=assign.colleagues(db(), _scope_departments(wish)),
        state_of=state_of,
        is_late=deadline.is_late,
        today=clock.today(),
        department_name=desk.department_name,
        page_url=lambda number: _url(page=number),
        url=_url,
        query=query,
    )


def wish_of(args: Mapping[str, str]) -> cases.Wish:
    """Read what an officer wants to see from an address (or from the hidden copy of one)."""
    me = desk.officer()
    return cases.Wish(
        scope=staff_scope("case.read"),
        view=args.get("view", "open"),
        mine=(me.id, *assign.stands_in_for(db(), me)),
        text=args.get("q", "").strip()[:200],
        kind=args.get("kind", ""),
        slug=args.get("slug", ""),
        status=args.get("status", ""),
        department=args.get("department", ""),
        assignee=args.get("assignee", ""),
        channel=args.get("channel", ""),
        arrived_from=typed.choice_day(args.get("from")),
        arrived_to=typed.choice_day(args.get("to")),
        sort=args.get("sort", "due"),
        page=typed.number(args.get("page"), otherwise=1),
    )


def everything(wish: cases.Wish) -> cases.Wish:
    """Return the same wish without pages."""
    return replace(wish, page=1)


def _url(**changes: Any) -> str:
    """The inbox again with some choices changed; changing anything but the page goes to the first page."""
    kept = {key: value for key, value in request.args.items() if value and (key != "page")}
    kept.update({key: str(value) for key, value in changes.items()})
    return url_for("staff.inbox.inbox", **{key: value for key, value in kept.items() if value})  # type: ignore[arg-type]


def _statuses() -> dict[str, str]:
    return {key: state.staff for life in LIVES.values() for key, state in life.states.items()}


def _procedures(wish: cases.Wish) -> dict[str, str]:
    known = [services().library[slug] for slug in services().library]
    mine = [one for one in known if wish.scope.covers(department=one.department, procedure=one.slug)]
    return {one.slug: one.title.ja for one in mine}


def _departments(wish: cases.Wish) -> dict[str, str]:
    every = desk.departments()
    if wish.scope.everywhere:
        return every
    return {key: every.get(key, key) for key in sorted(wish.scope.departments)}


def _scope_departments(wish: cases.Wish) -> list[str]:
    return list(_departments(wish))
