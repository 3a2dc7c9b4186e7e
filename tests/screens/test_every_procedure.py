"""Every procedure of the library opens page by page, filled and empty, in every language."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.counter import counter, sign_in
from webapp.audit import Actor
from webapp.form_engine import cases
from webapp.form_engine.load import folders, load_definition
from webapp.intake import drafts

FORMS = Path(__file__).resolve().parents[2] / "forms"
ACTOR = Actor("visitor", None, "申請者")


@pytest.mark.drawn
@pytest.mark.parametrize("folder", list(folders([FORMS])), ids=lambda folder: folder.name)
def test_every_page_opens_in_every_language(folder: Path, database_url: str, tmp_path: Path) -> None:
    definition = load_definition(folder)
    app = counter(database_url, tmp_path, definition)
    client = app.test_client()
    resident_id = sign_in(app, client)
    given = cases.load(folder) if (folder / "cases.yaml").exists() else None
    filled = cases.answers_of(given, given.cases[0]) if given else {}
    for answers in ({}, filled):
        with app.extensions["madoguchi"].database.transaction() as session:
            draft = drafts.start(
                session, definition, drafts.Owner(resident_id), lang="ja", actor=ACTOR, answers=dict(answers)
            )
            token = draft.token
        for page in definition.pages:
            for lang in ("ja", "easy", "en"):
                shown = client.get(f"/apply/{token}/pages/{page.key}?lang={lang}&mend=1")
                assert shown.status_code in (200, 302), f"{page.key} {lang}"
        for lang in ("ja", "easy", "en"):
            assert client.get(f"/apply/{token}/check?lang={lang}").status_code == 200
