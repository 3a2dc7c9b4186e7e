"""How often Python looks for garbage: a process that answers requests makes much that is dropped at once."""

from __future__ import annotations

import gc

YOUNGEST = 20_000
"""New objects before a look; Python's own 700 looks several times in every transaction."""


def settle() -> None:
    """Call once after everything is loaded: what stands now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, 20, 20)
