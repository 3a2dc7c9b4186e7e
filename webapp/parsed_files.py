"""Parsed data files, remembered by the hash of their text.

A changed file is always parsed anew, and a damaged or missing memory is only a loss of time.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import ruamel.yaml

_folder: Path | None = None
_SHAPE = f"1:{ruamel.yaml.__version__}"  # raise it when yaml_source makes other plain data of a text


def remember_in(folder: Path | None) -> None:
    """Remember parsed texts in ``folder`` from now on; None remembers nothing."""
    global _folder
    _folder = folder


def find(text: str) -> Any:
    """Return the plain data of ``text``, or None when it is not remembered."""
    place = _place(text)
    try:
        return None if place is None else json.loads(place.read_bytes())
    except (OSError, ValueError):
        return None


def keep(text: str, data: Any) -> None:
    """Remember ``data``; what JSON would change (keys that are numbers) is not kept."""
    place = _place(text)
    if place is None:
        return
    written = json.dumps(data, ensure_ascii=False)
    if json.loads(written) != data:
        return
    being_written = place.with_suffix(f".{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        being_written.write_text(written, encoding="utf-8")
        being_written.replace(place)
    except OSError:
        pass  # a folder that cannot be written costs time at the next start, nothing else


def _place(text: str) -> Path | None:
    if _folder is None:
        return None
    return _folder / f"{hashlib.sha256(f'{_SHAPE}:{text}'.encode()).hexdigest()}.json"
