"""Templates compiled once for all processes: half the work of the first requests after a start.

Jinja keeps the bytecode by the hash of a template's source, so a changed template is compiled anew.
The folder belongs to the application's user alone: what lies there is run.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache


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
