"""How a process that answers requests behaves: when it looks for garbage, how long a thread may go on."""

from __future__ import annotations

import gc
import sys

YOUNGEST = 20_000
"""New objects before a look; Python's own 700 looks several times in every transaction."""

SWITCH_S = 0.0001
"""Seconds a thread may go on while another wants to. Requests wait for the database many times, and with
Python's own 0.005 each of these waits ends behind a thread that computes."""


def settle() -> None:
    """Call once after everything is loaded: what stands now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, 20, 20)
    sys.setswitchinterval(SWITCH_S)
