"""Templates compiled once for all processes: half the work of the first requests after a start.

Jinja keeps the bytecode by the hash of a template's source, so a changed template is compiled anew.
The folder belongs to the application's user alone: what lies there is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import FileSystemBytecodeCache


class OneSetOfGlobals(Environment):
    """Templates share the environment's own globals where they have none of their own, and here none has.

    Jinja gives each template a chain of two mappings; every import of a file of macros then looks up all
    names in both, which was a tenth of a page with six imports.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


def install(app: Flask, folder: Path) -> None:
    """Keep compiled templates in ``folder``; without leave to write there nothing is kept."""
    env = app.jinja_env
    options = (env.trim_blocks, env.lstrip_blocks, sorted(env.extensions))
    place = folder / f"templates-{hashlib.sha256(repr(options).encode()).hexdigest()[:12]}"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return
    env.bytecode_cache = FileSystemBytecodeCache(str(place))
