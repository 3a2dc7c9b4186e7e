"""Every form a role meets, with hostile values: nothing breaks, leaks or comes alive (full size: ``prove crawl``)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.proofs import crawl, hostile
from tests.proofs.crawl_city import CrawlCity, furnish, strict


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, _template: str) -> Iterator[CrawlCity]:
    folder = tmp_path_factory.mktemp("crawl")
    shutil.copy(_template.removeprefix("sqlite:///"), folder / "city.sqlite3")
    with strict():
        yield furnish(f"sqlite:///{folder / 'city.sqlite3'}", folder)


@pytest.mark.slow
def test_no_form_of_any_role_breaks_leaks_or_comes_alive(city: CrawlCity) -> None:
    done = crawl.run(city, rounds=1, most=2)
    assert done["faults"] == []
    assert done["posts"] > 1000
    assert done["views"] > 60


def test_the_crawler_finds_a_planted_hole(city: CrawlCity) -> None:
    crawl.plant(city)
    done = crawl.run(city, rounds=0, most=1, roles=("anonymous",))
    assert crawl.verdict(done, control=True) == []


@pytest.mark.parametrize("typed", hostile.MARKUP[:7])
def test_what_is_alive_is_told_from_what_is_escaped(typed: str) -> None:
    from markupsafe import escape

    assert not hostile.alive(f'<p title="{escape(typed)}">{escape(typed)}</p>')
    inside = f'<a href="{typed}">' if typed.startswith("javascript") else f'<p title="{typed}">'
    assert hostile.alive(f"<textarea>{typed}</textarea>{inside}</p><p>{typed}") or "'" in typed[:5]
