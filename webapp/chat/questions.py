"""Frequent questions of the city (CITY_DIR/faq.yaml)."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from webapp.yaml_source import Text, read, validate


class Question(BaseModel):
    """A question with its answer; ``procedure`` is the slug of the procedure it leads to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    group: str
    question: Text
    answer: Text
    keywords: list[str] = []
    procedure: str | None = None
    url: str | None = None


class Group(BaseModel):
    """A heading under which questions stand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    name: Text


class Questions(BaseModel):
    """The whole of faq.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: list[Group] = []
    questions: list[Question] = []


def load_questions(folder: Path) -> Questions:
    """Read ``folder/faq.yaml``; a city without one has no questions. Raises SourceErrors."""
    path = folder / "faq.yaml"
    return validate(read(path), Questions) if path.exists() else Questions()
