"""The rounds of a proof: on each database, as it is and with its guard off; one by one, or two at once."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import ModuleType
from typing import Any

from webapp import db

KEYS = [("proof", bytes(range(32)))]


def each(
    module: ModuleType, runs: Sequence[tuple[str, bool]], urls: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield the result of each run (database, control) in order."""
    given = [(module.__name__, kind, control, url) for (kind, control), url in zip(runs, urls, strict=True)]
    if not getattr(module, "AT_ONCE", False):
        yield from (_prove(*one) for one in given)
        return
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_prove, *zip(*given, strict=True))


def _prove(name: str, kind: str, control: bool, url: str) -> dict[str, Any]:
    print(f"{name}: {kind}{' (negative control)' if control else ''} …", flush=True)
    db.use_keys(KEYS)
    result: dict[str, Any] = importlib.import_module(name).prove(url, control=control)
    return result
