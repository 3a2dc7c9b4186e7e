"""Every form as every role, with hostile values: no 500, no leak, nothing stored comes back as markup."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.proofs import hostile
from tests.proofs.crawl_city import CrawlCity, furnish, strict
from tests.proofs.crawler import Crawler, Found
from webapp.identity.permissions import ROLES
from webapp.web.guards import guard_of, public

WALKERS = ("anonymous", "resident", *ROLES)


def prove(url: str, *, control: bool) -> dict[str, Any]:
    """Crawl at full size; the control plants a view that answers with what was typed."""
    with tempfile.TemporaryDirectory() as folder, strict():
        city = furnish(url, Path(folder))
        if control:
            plant(city)
        if control:
            return run(city, rounds=1, most=1)
        return run(city, rounds=4, most=3, texts=(*hostile.TEXTS, *hostile.HUGE))


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """Return what failed; a control that was not found is a failure too."""
    if control:
        return (
            [] if any("/help" in fault for fault in result["faults"]) else ["the planted hole was not found"]
        )
    return list(result["faults"])


def run(
    city: CrawlCity,
    *,
    rounds: int,
    most: int,
    texts: tuple[str, ...] = hostile.TEXTS,
    roles: tuple[str, ...] = WALKERS,
) -> dict[str, Any]:
    """Attack as every role, then look at everything as every role."""
    found = Found()
    for role in roles:
        crawler = Crawler(city, role, found, rounds, most, texts=texts)
        crawler.walk()
        crawler.ask_everywhere()
    for role in roles:
        Crawler(city, role, found, rounds, most).look()
    views = {view for _, view, _ in found.forms}
    return {
        "roles": len(roles),
        "pages": found.pages,
        "posts": found.posts,
        "forms": len(found.forms),
        "views": len(views),
        "views_without_form_seen": sorted(posting_views(city) - views),
        "faults": list(dict.fromkeys(found.faults)),
    }


def posting_views(city: CrawlCity) -> set[str]:
    """Return every view that takes a POST of a person."""
    app = city.app
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    return {
        name for name in posts if (guard := guard_of(app.view_functions[name])) and guard.kind != "callback"
    }


def plant(city: CrawlCity) -> None:
    """Put a hole into the help page: it answers with what was asked for."""
    from flask import request

    view = public(lambda: f"<!doctype html><title>x</title>{request.args.get('q', '')}")
    city.app.view_functions["resident.information.help"] = view
