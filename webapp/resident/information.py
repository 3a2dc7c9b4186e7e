"""Pages of the city's own words: privacy, accessibility, terms, contact, what cannot be done online, help."""

from collections import defaultdict

from flask import Blueprint, render_template, request

from webapp.chat import open_questions
from webapp.city import NotOnline, TextPage
from webapp.resident import frequent_questions
from webapp.web.guards import public
from webapp.web.languages import lang
from webapp.web.services import services
from webapp.web.transaction import afterwards

blueprint = Blueprint("information", __name__)


@blueprint.get("/privacy")
@public
def privacy() -> str:
    return _text_page(services().city.pages["privacy"])


@blueprint.get("/accessibility")
@public
def accessibility() -> str:
    return _text_page(services().city.pages["accessibility"])


@blueprint.get("/terms")
@public
def terms() -> str:
    return _text_page(services().city.pages["terms"])


@blueprint.get("/contact")
@public
def contact() -> str:
    """Every department with its telephone number and hours."""
    return render_template("resident/information_contact.html", departments=services().city.departments)


@blueprint.get("/not-online")
@public
def not_online() -> str:
    """What cannot be done here, by category, and what to do instead."""
    city = services().city
    shelves: dict[str, list[NotOnline]] = defaultdict(list)
    for entry in city.not_online:
        shelves[entry.category].append(entry)
    partly = [d for d in services().library.values() if d.online.status != "full"]
    return render_template(
        "resident/information_not_online.html",
        shelves=[(shelf, shelves[shelf.key]) for shelf in city.categories if shelf.key in shelves],
        partly=partly,
    )


@blueprint.get("/help")
@public
def help() -> str:
    """Frequent questions, with a search that answers as the chat does and collects what it cannot."""
    question = request.args.get("q", "").strip()[:100]
    answers = frequent_questions.found(question) if question else None
    if answers == []:
        words, spoken = question, lang()
        afterwards(lambda session: open_questions.collect(session, words, channel="web", lang=spoken))
    return render_template(
        "resident/information_help.html",
        question=question,
        answers=answers,
        groups=frequent_questions.by_group(),
        offered=services().library.keys(),
    )


def _text_page(page: TextPage) -> str:
    return render_template("resident/information_text.html", page=page)
