"""Samples of what a use can be: both sides of every boundary a file names, every choice, every yes and no."""

from collections.abc import Iterator, Sequence
from itertools import product

from webapp.booking.rules import Question
from webapp.tariff.facts import Fact, Facts, Range, Wanted, When

Conditions = When | list[When]
MOST = 4000


def combinations(
    conditions: Sequence[Conditions], questions: Sequence[Question], without: frozenset[str] = frozenset()
) -> Iterator[Facts]:
    """Every mixture of the facts that the conditions name; beyond MOST of them the rest is left out."""
    values = _values(conditions, questions)
    names = sorted(set(values) - without)
    for number, mixture in enumerate(product(*(values[name] for name in names))):
        if number >= MOST:
            return
        yield dict(zip(names, mixture, strict=True))


def in_words(facts: Facts) -> str:
    """「where ticket is 1000, day is weekend」, empty where nothing is asked."""
    said = ", ".join(f"{name} is {value}" for name, value in facts.items())
    return f"where {said}" if said else ""


def _values(conditions: Sequence[Conditions], questions: Sequence[Question]) -> dict[str, list[Fact]]:
    found: dict[str, set[Fact]] = {}
    for condition in conditions:
        for one in condition if isinstance(condition, list) else [condition]:
            for name, wanted in one.items():
                found.setdefault(name, set()).update(_around(wanted))
    for question in questions:
        if question.key in found and question.kind == "choice":
            found[question.key] = set(question.choices)
    return {name: sorted(values, key=str) for name, values in found.items()}


def _around(wanted: Wanted) -> Iterator[Fact]:
    if isinstance(wanted, Range):
        bounds = (wanted.at_least, wanted.above, wanted.at_most, wanted.below)
        yield 0
        for bound in bounds:
            if bound is not None:
                yield from (near for near in (bound - 1, bound, bound + 1) if near >= 0)
    elif isinstance(wanted, bool):
        yield from (True, False)
    elif isinstance(wanted, list):
        yield from (None, *wanted)
    else:
        yield from (None, wanted)
