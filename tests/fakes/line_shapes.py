"""LINE's own description of its bodies, made to look inside messages.

The description is not part of this repository. ``LINE_OPENAPI_DIR`` names a folder with
``messaging-api.yml``; else ``shared/line-openapi`` beside the repository is taken. Without either the
fakes run all the same, and a warning says that nothing was compared.
"""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

PREFIX = "#/components/schemas/"
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "line-openapi"
BODIES = {
    "push": "PushMessageRequest",
    "multicast": "MulticastRequest",
    "reply": "ReplyMessageRequest",
    "validate/push": "ValidateMessageRequest",
    "richmenu": "RichMenuRequest",
}
Check = Callable[[str, dict[str, Any]], list[str]]


class NotComparedWithLine(UserWarning):
    """The run says nothing about the shape that LINE itself describes."""


def complaints(kind: str, body: dict[str, Any]) -> list[str]:
    """Return what LINE's description has against a body of ``kind`` (a key of BODIES)."""
    check = official()
    return [] if check is None else check(BODIES[kind], body)


def official() -> Check | None:
    """The check against LINE's description; None, with a warning, where there is none."""
    named = os.environ.get("LINE_OPENAPI_DIR")
    file = Path(named or BESIDE) / "messaging-api.yml"
    if not file.is_file() and not named:
        say = "LINE's official description was NOT used: name its folder in LINE_OPENAPI_DIR"
        warnings.warn(say, NotComparedWithLine, stacklevel=2)
        return None
    return _load(file)


@lru_cache(maxsize=1)
def _load(file: Path) -> Check:
    from jsonschema import Draft202012Validator
    from ruamel.yaml import YAML

    components = deepen(YAML(typ="safe").load(file))["components"]

    @lru_cache
    def validator(name: str) -> Draft202012Validator:
        return Draft202012Validator({"$ref": f"{PREFIX}{name}", "components": components})

    return lambda name, body: [error.message[:200] for error in validator(name).iter_errors(body)]


def deepen(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the description with every discriminated base leading, by its tag, to one child."""
    schemas = spec["components"]["schemas"]
    bases = {
        name: schema
        for name, schema in schemas.items()
        if isinstance(schema, dict) and schema.get("discriminator", {}).get("mapping")
    }
    for name, base in bases.items():
        tag_name, mapping = base["discriminator"]["propertyName"], base["discriminator"]["mapping"]
        own = copy.deepcopy(base)
        del own["discriminator"]
        schemas[f"{name}Own"] = own
        for tag, reference in mapping.items():
            _tag(schemas[reference.removeprefix(PREFIX)], name, tag_name, tag)
        schemas[name] = {
            "type": "object",
            "required": [tag_name],
            "properties": {tag_name: {"enum": list(mapping)}},
            "allOf": [
                {
                    "if": {"properties": {tag_name: {"const": tag}}, "required": [tag_name]},
                    "then": {"$ref": reference},
                }
                for tag, reference in mapping.items()
            ],
        }
    return spec


def _tag(child: dict[str, Any], base: str, tag_name: str, tag: str) -> None:
    parts = child.setdefault("allOf", [])
    for part in parts:
        if part.get("$ref") == PREFIX + base:
            part["$ref"] = f"{PREFIX}{base}Own"
    parts.append({"type": "object", "required": [tag_name], "properties": {tag_name: {"enum": [tag]}}})
    if child.get("required"):
        parts.append({"type": "object", "required": child.pop("required")})
