"""Changing a form.yaml without losing anything: comments, order, quotes and anchors stay."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML

Where = tuple[str | int, ...]


def edited(text: str, changes: Mapping[Where, Any]) -> str:
    """Return ``text`` with the values at some places replaced; None takes a key away.

    Raises KeyError or IndexError for a place whose surroundings do not exist.
    """
    yaml = YAML(typ="rt")
    yaml.version = (1, 2)
    yaml.preserve_quotes = True
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(text)
    for where, value in changes.items():
        _put(tree, where, value)
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue().removeprefix("%YAML 1.2\n---\n")


def _put(tree: Any, where: Sequence[str | int], value: Any) -> None:
    holder = tree
    for part in where[:-1]:
        holder = holder[part]
    if value is None:
        del holder[where[-1]]
    else:
        holder[where[-1]] = value
