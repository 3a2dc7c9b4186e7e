"""Rendering a template of templates/documents into a tagged PDF (PDF/UA-1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webapp import clock
from webapp.documents.glyphs import FONTS, missing, texts_of
from webapp.errors import InvalidInput, NotFound

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "documents"


class Unprintable(InvalidInput):
    """The text holds characters that the fonts cannot show; ``characters`` names them."""

    def __init__(self, characters: list[str]) -> None:
        shown = "、".join(f"「{char}」(U+{ord(char):04X})" for char in characters)
        super().__init__(
            f"no glyph for {shown}",
            say=f"文書の書体にない文字があります: {shown}。"
            "別の文字に直すか、ファイルを添えて交付してください。",
        )
        self.characters = characters


def templates() -> list[str]:
    """Return the names of the templates; names that begin with ``_`` are parts of others."""
    return sorted(path.stem for path in TEMPLATES.glob("*.typ") if not path.stem.startswith("_"))


def render(template: str, data: Mapping[str, Any]) -> bytes:
    """Return the PDF of ``template`` filled with ``data``.

    ``data`` is plain JSON; what each template expects stands at its top. The result is tagged, carries
    title and language, and holds only fonts of the repository.
    Raises NotFound for an unknown template, Unprintable when a character has no glyph.
    """
    path = TEMPLATES / f"{template}.typ"
    if template.startswith("_") or not path.is_file():
        raise NotFound(f"no document template {template}")
    absent = missing(texts_of(dict(data)))
    if absent:
        raise Unprintable(absent)
    import typst  # 30 MB of compiler: only the processes that write letters load it

    made = typst.compile(
        str(path),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=datetime.fromtimestamp(int(clock.now().timestamp()), tz=UTC),
    )
    assert isinstance(made, bytes)
    return made
