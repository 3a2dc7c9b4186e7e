"""The language around the models: schema, shared parts, editing, adopting."""

import re
from pathlib import Path

import pytest

from webapp.form_engine.adopt import adopt
from webapp.form_engine.edit import edited
from webapp.form_engine.load import load_definition, load_library
from webapp.form_engine.procedures_page import page
from webapp.form_engine.schema import is_current
from webapp.yaml_source import SourceErrors, parse

ROOT = Path(__file__).resolve().parents[2]
FORMS = ROOT / "forms"


def test_the_schema_is_that_of_the_models() -> None:
    assert is_current(FORMS), "run: python3 dev.py flask forms schema"


def test_the_page_of_procedures_is_current() -> None:
    written = (ROOT / "docs" / "procedures.md").read_text(encoding="utf-8")
    assert written == page([FORMS]), "run: python3 dev.py flask forms page"


@pytest.mark.parametrize(
    "folder", [FORMS / slug for slug in ("juminhyo", "jido-club", "water-web")], ids=lambda f: f.name
)
def test_editing_keeps_everything_comments_included(folder: Path) -> None:
    text = (folder / "form.yaml").read_text(encoding="utf-8")
    again = edited(text, {})
    assert parse(again, name="x").data == parse(text, name="x").data
    comments = re.compile(r"(?:^|\s)(#.*)$", re.M)
    assert comments.findall(again) == comments.findall(text)
    assert edited(again, {}) == again


def test_an_edit_changes_only_its_place() -> None:
    text = "form: 1 # the version\ntitle: {ja: 古い, en: Old}\nretention: {years: 3}\n"
    changed = edited(text, {("title", "ja"): "新しい", ("retention", "years"): 5})
    assert changed == "form: 1 # the version\ntitle: {ja: 新しい, en: Old}\nretention: {years: 5}\n"


def test_a_city_changes_fee_and_department_but_no_question(tmp_path: Path) -> None:
    file = tmp_path / "adopted.yaml"
    file.write_text("procedures:\n  dog: {department: health}\n", encoding="utf-8")
    offered = adopt(load_library([FORMS]), file)
    assert list(offered) == ["dog"] and offered["dog"].department == "health"
    assert offered["dog"].pages == load_definition(FORMS / "dog").pages
    file.write_text("procedures:\n  dog: {pages: []}\n", encoding="utf-8")
    with pytest.raises(SourceErrors, match=r"adopted\.yaml:2:.*'pages'"):
        adopt(load_library([FORMS]), file)


def test_a_city_is_told_of_a_procedure_that_does_not_exist(tmp_path: Path) -> None:
    file = tmp_path / "adopted.yaml"
    file.write_text("procedures:\n  cat: {}\n", encoding="utf-8")
    with pytest.raises(SourceErrors, match="there is no procedure 'cat'"):
        adopt(load_library([FORMS]), file)
