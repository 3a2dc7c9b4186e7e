"""forms/form.schema.json: the language for editors, generated from the models."""

from __future__ import annotations

import json
from pathlib import Path

from webapp.form_engine.model import Definition

NAME = "form.schema.json"


def schema_text() -> str:
    """The schema as it is written; where ``use`` may stand nothing is required."""
    schema = Definition.model_json_schema(by_alias=True)
    schema["title"] = "madoguchi procedure"
    for part in schema.get("$defs", {}).values():
        if part.get("type") == "object" and "key" in part.get("properties", {}):
            part["properties"]["use"] = {
                "type": "string",
                "description": "a shared part, such as people/name",
            }
            part.pop("required", None)
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def is_current(forms: Path) -> bool:
    """Whether the file in ``forms`` says what the models say."""
    file = forms / NAME
    return file.exists() and file.read_text(encoding="utf-8") == schema_text()


def write(forms: Path) -> Path:
    """Write the file again."""
    file = forms / NAME
    file.write_text(schema_text(), encoding="utf-8")
    return file
