"""Every form a role meets, with hostile values: nothing breaks, leaks or comes alive (full size: ``prove crawl``).

One whole round on SQLite, which refuses here what PostgreSQL would (``strict``); the proof goes round both.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.proofs import crawl, hostile
from tests.proofs.crawl_city import furnish, strict
from tests.proofs.crawl_town import CrawlCity


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, _template: str) -> Iterator[CrawlCity]:
    folder = tmp_path_factory.mktemp("crawl")
    shutil.copy(_template.removeprefix("sqlite:///"), folder / "city.sqlite3")
    with strict():
        yield furnish(f"sqlite:///{folder / 'city.sqlite3'}", folder)


@pytest.mark.slow
def test_no_form_of_any_role_breaks_leaks_or_comes_alive(city: CrawlCity) -> None:
    done = crawl.run(city, rounds=2, most=1)
    assert crawl.verdict(done, control=False) == []
    assert done["posts"] > 1000
    assert done["views"] == done["views_in_all"] - len(crawl.WITHOUT_FORM)


def test_the_crawler_finds_a_planted_hole(city: CrawlCity) -> None:
    crawl.plant(city)
    done = crawl.run(city, rounds=0, most=1, walkers=("anonymous",))
    assert crawl.verdict(done, control=True) == []


def test_a_view_that_no_form_leads_to_is_told() -> None:
    result = {"views_without_form_seen": ["staff.nowhere.post"], "texts_unmet": {"text": 2}}
    assert crawl.unmet(result) == [
        "staff.nowhere.post: no form was met",
        "text fields have not met 2 of the texts",
    ]


@pytest.mark.parametrize("typed", hostile.MARKUP[:7])
def test_what_is_alive_is_told_from_what_is_escaped(typed: str) -> None:
    from markupsafe import escape

    assert not hostile.alive(f'<p title="{escape(typed)}">{escape(typed)}</p>')
    inside = f'<a href="{typed}">' if typed.startswith("javascript") else f'<p title="{typed}">'
    assert hostile.alive(f"<textarea>{typed}</textarea>{inside}</p><p>{typed}") or "'" in typed[:5]


@pytest.mark.parametrize(
    "page",
    ["<script>if (a < 2) zz7(1)</script>", '<p title="a > b" onclick="zz7(1)">', "<svg/onload=zz7(1)>"],
)
def test_what_is_alive_is_found_behind_other_signs(page: str) -> None:
    assert hostile.alive(page)
    assert not hostile.alive('<p title="a > b">onclick="zz7(1)"</p><script src="a.js"></script><p>zz7(1)</p>')
