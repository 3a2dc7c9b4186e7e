"""Every text of a definition, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from webapp.form_engine.desk import Where
from webapp.yaml_source import Text


def texts_below(model: BaseModel) -> Iterator[tuple[Where, Any]]:
    """Yield every (path, Text) below a model, by the names used in files."""

    def walk(value: Any, where: Where) -> Iterator[tuple[Where, Any]]:
        if isinstance(value, Text):
            yield where, value
        elif isinstance(value, BaseModel):
            for name, info in type(value).model_fields.items():
                yield from walk(getattr(value, name), (*where, info.alias or name))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from walk(item, (*where, index))
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from walk(item, (*where, key))

    yield from walk(model, ())
