"""Few rows in which every pair of values of any two factors meets at least once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

Factor = Sequence[object]


def pairwise(factors: Sequence[Factor]) -> Iterator[tuple[int, ...]]:
    """Yield rows of value numbers, one per factor; deterministic, greedy."""
    if not factors:
        yield ()
        return
    sizes = [len(factor) for factor in factors]
    open_pairs = {
        (a, i, b, j)
        for a, b in combinations(range(len(sizes)), 2)
        for i in range(sizes[a])
        for j in range(sizes[b])
    }
    if len(sizes) == 1:
        yield from ((i,) for i in range(sizes[0]))
        return
    while open_pairs:
        row = _row(sizes, open_pairs)
        for a, b in combinations(range(len(sizes)), 2):
            open_pairs.discard((a, row[a], b, row[b]))
        yield tuple(row)


def _row(sizes: list[int], open_pairs: set[tuple[int, int, int, int]]) -> list[int]:
    a, i, b, j = min(open_pairs)
    row: dict[int, int] = {a: i, b: j}
    for factor in range(len(sizes)):
        if factor not in row:
            row[factor] = max(range(sizes[factor]), key=lambda v: (_gain(row, factor, v, open_pairs), -v))
    return [row[factor] for factor in range(len(sizes))]


def _gain(row: dict[int, int], factor: int, value: int, open_pairs: set[tuple[int, int, int, int]]) -> int:
    gain = 0
    for other, chosen in row.items():
        pair = (other, chosen, factor, value) if other < factor else (factor, value, other, chosen)
        gain += pair in open_pairs
    return gain
