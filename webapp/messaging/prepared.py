"""Prepared notices (CITY_DIR/prepared.yaml): words for emergencies, written in quiet times."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from webapp.messaging.broadcasts import Draft
from webapp.yaml_source import Text, read, validate


class Prepared(BaseModel):
    """One prepared notice; ``trigger``: staff may approve it beforehand for signed calls from outside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    name: str
    topic: str
    lane: Literal["emergency", "bulk"] = "bulk"
    title: Text
    body: Text
    url: str = ""
    trigger: bool = False

    def draft(self, areas: tuple[str, ...] = ()) -> Draft:
        """Return it as a draft for these areas."""
        return Draft(self.topic, self.title, self.body, self.url, areas, lane=self.lane)


class PreparedNotices(BaseModel):
    """The whole of prepared.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notices: list[Prepared] = []

    def get(self, key: str) -> Prepared | None:
        return next((one for one in self.notices if one.key == key), None)


def load(folder: Path) -> PreparedNotices:
    """Read ``folder/prepared.yaml``; none is no error. Raises SourceErrors."""
    path = folder / "prepared.yaml"
    return validate(read(path), PreparedNotices) if path.exists() else PreparedNotices()
