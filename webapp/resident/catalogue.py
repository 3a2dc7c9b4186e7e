"""The catalogue: search, shelves, the page of one procedure, and the same as JSON."""

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import BaseModel, Field
from typing_extensions import TypedDict  # pydantic reads the library's own from Python 3.12 on

from webapp import clock
from webapp.applications import budget
from webapp.calendar.business import city_hall
from webapp.city import NotOnline, Shelf
from webapp.errors import NotFound
from webapp.form_engine.model import Definition
from webapp.resident import shelves
from webapp.resident.before_you_start import card
from webapp.web import ruby
from webapp.web.display import url_if
from webapp.web.guards import public
from webapp.web.languages import lang
from webapp.web.open_api import asked, described
from webapp.web.services import services
from webapp.web.transaction import db
from webapp.yaml_source import Lang

blueprint = Blueprint("catalogue", __name__)
LONGEST_QUESTION = 100


class CatalogueEntry(TypedDict):
    """A procedure on its shelf; texts by language. ``identity``: how strongly one must prove who one is."""

    slug: str
    title: dict[str, str]
    summary: dict[str, str]
    kind: str
    category: str
    life_scenes: list[str]
    department: str
    identity: str
    online: str
    minutes: int
    url: str


class Catalogue(TypedDict):
    """Every procedure that is offered."""

    procedures: list[CatalogueEntry]


class ProcedureEntry(CatalogueEntry):
    """A procedure with everything its page says, in one language."""

    who: str
    needs: list[str]
    fee: list[str]
    processing: str | None
    law: list[str]
    purpose_of_use: str
    retention: str | None
    version: str


class Language(BaseModel):
    """The language of texts that exist in one only."""

    lang: Lang = Field("ja", description="ja, easy (やさしい日本語) or en")


@blueprint.get("/procedures")
@public
def search() -> str:
    """Everything, or what answers `?q=`."""
    question = request.args.get("q", "").strip()[:LONGEST_QUESTION]
    found = shelves.found(question) if question else []
    return render_template(
        "resident/catalogue_search.html",
        question=question,
        found=[thing for thing in found if isinstance(thing, Definition)],
        not_online=[thing for thing in found if isinstance(thing, NotOnline)],
        shelves=_shelves_in_use(services().city.categories),
        title=_("「%(question)s」の検索結果", question=question) if question else _("手続きを探す"),
    )


@blueprint.get("/procedures/categories/<key>")
@public
def category(key: str) -> str:
    """The procedures of one category."""
    shelf = services().city.category(key)
    if shelf is None:
        raise NotFound(f"category {key}")
    entries = [entry for entry in services().city.not_online if entry.category == key]
    return _shelf_page(shelf, shelves.in_category(key), entries)


@blueprint.get("/procedures/life-scenes/<key>")
@public
def life_scene(key: str) -> str:
    """The procedures of one life scene."""
    shelf = services().city.life_scene(key)
    if shelf is None:
        raise NotFound(f"life scene {key}")
    return _shelf_page(shelf, shelves.in_life_scene(key), [])


@blueprint.get("/procedures/<slug>")
@public
def procedure(slug: str) -> str:
    """「はじめる前に」: what one procedure asks of people."""
    definition = _offered(slug)
    ruby.uses(definition)
    city = services().city
    return render_template(
        "resident/catalogue_procedure.html",
        definition=definition,
        card=card(
            definition,
            lang(),
            city_hall(city.holidays),
            budget_left=budget.left(db(), definition, clock.today()),
        ),
        category=city.category(definition.category),
        department=city.departments.get(definition.department, city.front_desk),
        start_url=url_if("resident.apply.start", slug=slug),
        can_start=definition.online.status != "none",
    )


@blueprint.get("/api/procedures")
@public
@described("The catalogue of procedures: stable slugs and deep links", Catalogue)
def all_as_json() -> Response:
    """The catalogue for a city's app: stable slugs and deep links."""
    return jsonify(procedures=[_entry(definition) for definition in shelves.offered()])


@blueprint.get("/api/procedures/<slug>")
@public
@described("One procedure with everything its page says", ProcedureEntry, query=Language)
def one_as_json(slug: str) -> Response:
    """One procedure with everything its page says."""
    asked(Language)
    return jsonify(_whole(_offered(slug)))


def _shelf_page(shelf: Shelf, procedures: list[Definition], entries: list[NotOnline]) -> str:
    return render_template(
        "resident/catalogue_shelf.html", shelf=shelf, procedures=procedures, not_online=entries
    )


def _shelves_in_use(all_shelves: list[Shelf]) -> list[tuple[Shelf, list[Definition]]]:
    pairs = [(shelf, shelves.in_category(shelf.key)) for shelf in all_shelves]
    return [(shelf, procedures) for shelf, procedures in pairs if procedures]


def _offered(slug: str) -> Definition:
    definition = services().library.get(slug)
    if definition is None:
        raise NotFound(f"procedure {slug}")
    return definition


def _entry(definition: Definition) -> CatalogueEntry:
    return {
        "slug": definition.slug,
        "title": definition.title.model_dump(exclude_none=True),
        "summary": definition.summary.model_dump(exclude_none=True),
        "kind": definition.kind,
        "category": definition.category,
        "life_scenes": definition.life_scenes,
        "department": definition.department,
        "identity": definition.identity.level,
        "online": definition.online.status,
        "minutes": definition.minutes,
        "url": url_for("resident.catalogue.procedure", slug=definition.slug, _external=True),
    }


def _whole(definition: Definition) -> ProcedureEntry:
    about = card(definition, lang(), city_hall(services().city.holidays))
    return {
        **_entry(definition),
        "who": about.who,
        "needs": [text for text, _note in about.needs],
        "fee": about.fee,
        "processing": about.processing,
        "law": about.laws,
        "purpose_of_use": about.purpose,
        "retention": about.retention,
        "version": definition.version,
    }
