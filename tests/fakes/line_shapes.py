"""Make LINE's description look inside messages: a discriminated base becomes a choice of its children."""

from __future__ import annotations

import copy
from typing import Any

PREFIX = "#/components/schemas/"


def deepen(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the description with every discriminated base turned into ``oneOf`` of tagged children."""
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
        schemas[name] = {"oneOf": [{"$ref": reference} for reference in mapping.values()]}
    return spec


def _tag(child: dict[str, Any], base: str, tag_name: str, tag: str) -> None:
    parts = child.setdefault("allOf", [])
    for part in parts:
        if part.get("$ref") == PREFIX + base:
            part["$ref"] = f"{PREFIX}{base}Own"
    parts.append({"type": "object", "required": [tag_name], "properties": {tag_name: {"enum": [tag]}}})
    if child.get("required"):
        parts.append({"type": "object", "required": child.pop("required")})
