"""Templates share the site's own names, and one that gets names of its own keeps them to itself."""

from flask import Flask
from jinja2 import DictLoader

from webapp.web.compiled_templates import OneSetOfGlobals


def environment(**files: str) -> OneSetOfGlobals:
    return OneSetOfGlobals(Flask("plain"), loader=DictLoader(files))


def test_a_name_given_to_the_site_later_reaches_what_is_loaded_already() -> None:
    env = environment(page="{{ word }}")
    env.globals["word"] = "one"
    page = env.get_template("page")
    assert page.render() == "one"
    env.globals["word"] = "two"
    assert page.render() == "two"


def test_names_of_one_template_do_not_reach_another() -> None:
    env = environment(a="{{ word }}", b="{{ word }}")
    env.globals["word"] = "all"
    assert env.get_template("a", globals={"word": "mine"}).render() == "mine"
    assert env.get_template("b").render() == "all"
