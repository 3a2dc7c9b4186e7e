"""Matching a rule's `when:` against what is known about a use."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

Fact = str | int | bool | None
Facts = Mapping[str, Fact]


class Range(BaseModel):
    """A number between bounds: at_least 以上, above 超, at_most 以下, below 未満."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_least: int | None = None
    above: int | None = None
    at_most: int | None = None
    below: int | None = None

    def holds(self, value: Fact) -> bool:
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


Wanted = Range | bool | int | str | list[str]
When = dict[str, Wanted]
"""fact -> wanted value, one of several values, or a range; all must hold. A list of such maps means "any"."""


def holds(when: "When | list[When]", facts: Facts) -> bool:
    """True when all entries hold; a list of such maps holds when any of them does; empty always holds."""
    if isinstance(when, list):
        return any(holds(one, facts) for one in when)
    return all(_fits(wanted, facts.get(name)) for name, wanted in when.items())


def names(when: "When | list[When]") -> set[str]:
    """The facts a rule asks for."""
    if isinstance(when, list):
        return {name for one in when for name in one}
    return set(when)


def _fits(wanted: Any, value: Fact) -> bool:
    if isinstance(wanted, Range):
        return wanted.holds(value)
    if isinstance(wanted, list):
        return value in wanted
    if isinstance(wanted, bool):
        return bool(value) is wanted
    return bool(value == wanted)
