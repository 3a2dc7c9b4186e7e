"""The front page."""

from flask import Blueprint, render_template

from webapp.resident import shelves
from webapp.web.guards import public
from webapp.web.services import services

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public
def home() -> str:
    """Search, what people look for most, life scenes, categories."""
    city = services().city
    used = {definition.category for definition in shelves.offered()}
    scenes = {key for definition in shelves.offered() for key in definition.life_scenes}
    return render_template(
        "resident/home_home.html",
        popular=shelves.popular(),
        categories=[shelf for shelf in city.categories if shelf.key in used],
        life_scenes=[shelf for shelf in city.life_scenes if shelf.key in scenes],
    )
