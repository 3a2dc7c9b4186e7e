"""Every form as every role, with hostile values: no 500, no leak, nothing stored comes back as markup."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from tests.proofs import hostile
from tests.proofs.crawl_city import furnish, strict
from tests.proofs.crawl_found import Found
from tests.proofs.crawl_town import CrawlCity
from tests.proofs.crawl_typing import Typist
from tests.proofs.crawler import Crawler
from webapp.web.guards import guard_of, public

AT_ONCE = True
WITHOUT_FORM: dict[str, str] = {}
"""Views of people that take a POST and have no form in any page, with the reason."""


def prove(url: str, *, control: bool) -> dict[str, Any]:
    """Crawl at full size; the control plants a view that answers with what was typed."""
    with tempfile.TemporaryDirectory() as folder, strict():
        city = furnish(url, Path(folder))
        if control:
            plant(city)
            return run(city, rounds=1, most=1, walkers=("anonymous",))
        texts = (*hostile.TEXTS, *hostile.HUGE, *hostile.BYTES)
        return run(city, rounds=2, most=1, texts=texts, thoroughly=True)


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """Return what failed; a control that was not found is a failure too."""
    if control:
        return (
            [] if any("/help" in fault for fault in result["faults"]) else ["the planted hole was not found"]
        )
    return [*result["faults"], *unmet(result)]


def unmet(result: dict[str, Any]) -> list[str]:
    """Return which views no form led to, and which were expected to have none and have one."""
    missing = set(result["views_without_form_seen"])
    return [
        *(f"{view}: no form was met" for view in sorted(missing - WITHOUT_FORM.keys())),
        *(f"{view}: has a form after all" for view in sorted(WITHOUT_FORM.keys() - missing)),
        *(f"{kind} fields have not met {left} of the texts" for kind, left in result["texts_unmet"].items()),
    ]


def run(
    city: CrawlCity,
    *,
    rounds: int,
    most: int,
    texts: tuple[str | bytes, ...] = hostile.TEXTS,
    walkers: tuple[str, ...] = (),
    thoroughly: bool = False,
) -> dict[str, Any]:
    """Attack as every walker, then look at everything as every walker.

    ``rounds``: hostile posts for each form; ``most``: pages of one view beside those the city names;
    ``thoroughly``: until every kind of field has met every text, and what one of several walkers could ask
    for and look at is asked for and looked at by each.
    """
    started = time.perf_counter()
    found = Found(Typist(texts))
    crawlers = [Crawler(city, name, found, rounds, most) for name in walkers or city.walkers]
    for crawler in crawlers:
        crawler.walk()
        crawler.ask_everywhere(again=thoroughly)
    for crawler in crawlers if thoroughly else ():
        crawler.make_up()
    for crawler in crawlers:
        crawler.look(again=thoroughly)
    everything, left = posting_views(city), found.typist.kinds()
    return {
        "walkers": len(crawlers),
        "pages": found.pages,
        "posts": found.posts,
        "forms": len(found.forms),
        "views": len(found.views & everything),
        "views_in_all": len(everything),
        "views_without_form_seen": [] if walkers else sorted(everything - found.views),
        "kinds_of_field": len(left),
        "texts": len(texts),
        "texts_unmet": {kind: number for kind, number in left.items() if number and thoroughly},
        "seconds": round(time.perf_counter() - started),
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
