"""A procedure walked through the real engine: all pairs of values that matter, then what is unseen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import islice, product
from typing import Any

from webapp.conditions.model import Condition
from webapp.form_engine.compiled import compiled
from webapp.form_engine.condition_references import paths_of
from webapp.form_engine.desk import resolve
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.fields import Group
from webapp.form_engine.limits import TOKYO
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Outcome, Person
from webapp.form_engine.pairwise import pairwise
from webapp.form_engine.paths import plain
from webapp.form_engine.samples import Values, boundary_values
from webapp.form_engine.sites import Site, sites_of
from webapp.form_engine.situation import Situation

MAX_PAIRWISE_ROWS = 400
MAX_SEARCH = 1500
NOON = time(12, 0)
PERSON = "(person)"
CHANNEL = "(channel)"
TODAY = "(today)"


@dataclass
class Walk:
    """What a walk saw. A branch is a condition being true, or being false."""

    rows: int = 0
    seen: dict[int, set[bool]] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    unanswerable: set[str] = field(default_factory=set)

    @property
    def branches(self) -> int:
        return 2 * len(self.sites)

    @property
    def covered(self) -> int:
        return sum(len(branches) for branches in self.seen.values())

    def never_true(self) -> list[Site]:
        """Conditions that no tried combination made true."""
        return [site for number, site in enumerate(self.sites) if True not in self.seen[number]]


def walk(definition: Definition, today: date) -> Walk:
    """Run the definition through pairs of values and, for branches still unseen, a directed search."""
    context = Context(today, datetime.combine(today, NOON, TOKYO), _card_person(), "web")
    sites = sites_of(definition)
    result = Walk(sites=sites, seen={number: set() for number in range(len(sites))})
    values = boundary_values(definition, sites, context)
    values.update(_surroundings(definition, sites, today))
    base = {path: options[0] for path, options in values.items()}
    matter = [path for path in values if path in _mattering(definition, sites) and len(values[path]) > 1]
    _try(definition, base, context, result)
    for row in islice(pairwise([values[path] for path in matter]), MAX_PAIRWISE_ROWS):
        chosen = {path: values[path][number] for path, number in zip(matter, row, strict=True)}
        _try(definition, {**base, **chosen}, context, result)
    for number, site in enumerate(sites):
        for wanted in (True, False):
            if wanted not in result.seen[number]:
                _search(definition, site, number, wanted, base, values, context, result)
    return result


def _search(
    definition: Definition, site: Site, number: int, wanted: bool, base: dict[str, Any], values: Values,
    context: Context, result: Walk,
) -> None:  # fmt: skip
    needed = _closure(definition, site)
    factors = [path for path in values if path in needed]
    for chosen in islice(product(*(values[path] for path in factors)), MAX_SEARCH):
        _try(definition, {**base, **dict(zip(factors, chosen, strict=True))}, context, result)
        if wanted in result.seen[number]:
            return


def _try(definition: Definition, chosen: dict[str, Any], context: Context, result: Walk) -> None:
    result.rows += 1
    today = chosen.get(TODAY, context.today)
    here = replace(
        context, today=today, now=datetime.combine(today, NOON, TOKYO),
        person=chosen.get(PERSON), channel=chosen.get(CHANNEL, "web"),
    )  # fmt: skip
    outcome = evaluate(definition, build_answers(definition, chosen), here)
    _note_fields(outcome, result)
    situation = Situation(here, compiled(definition).shared)
    situation.answers = dict(outcome.answers)
    situation.when_asked_for_fee(lambda: outcome.fee.total if outcome.fee else None)
    for number, site in enumerate(result.sites):
        if len(result.seen[number]) < 2 and _is_reached(site, outcome):
            for rows in _rows_at(site.prefix, outcome.answers):
                result.seen[number].add(site.test(situation, rows))


def _note_fields(outcome: Outcome, result: Walk) -> None:
    result.pages.update(page.key for page in outcome.pages)
    for path, state in outcome.fields.items():
        if state.visible:
            name = plain(path)
            result.shown.add(name)
            if (
                state.required
                and state.field.type in ("radio", "select", "multiselect")
                and not state.options
            ):
                result.unanswerable.add(name)


def _is_reached(site: Site, outcome: Outcome) -> bool:
    """A rule of a question counts only where the question itself is shown, its own show_if apart."""
    if not site.owner or site.where[-1] == "show_if":
        return True
    return any(state.visible and plain(path) == site.owner for path, state in outcome.fields.items())


def _rows_at(prefix: str, answers: Any) -> Iterator[tuple[dict[str, Any], ...]]:
    stacks: list[tuple[dict[str, Any], ...]] = [()]
    for key in [part for part in prefix.split(".") if part]:
        stacks = [
            (*stack, row) for stack in stacks for row in ((stack[-1] if stack else answers).get(key) or ())
        ]
    yield from stacks


def build_answers(definition: Definition, chosen: dict[str, Any]) -> dict[str, Any]:
    """Answers from values by plain path; every group gets its least rows, at least one, all alike."""
    return {
        f.key: value
        for page in definition.pages
        for f in page.fields
        if (value := _value(f, f.key, chosen)) is not None
    }


def _value(field: Any, path: str, chosen: dict[str, Any]) -> Any:
    if not isinstance(field, Group):
        return chosen.get(path)
    columns = {c.key: v for c in field.fields if (v := _value(c, f"{path}.{c.key}", chosen)) is not None}
    rows = chosen.get(path, max(1, field.min_rows))
    return [{"id": f"r{n}", **columns} for n in range(1, rows + 1)] or None


def _surroundings(definition: Definition, sites: list[Site], today: date) -> Values:
    people = [_card_person(), None, Person(level="account", kind="group", is_resident_of_city=False)]
    people += [
        Person(level="account", is_resident_of_city=True, acts_for=who) for who in _named(sites, "acts_for")
    ]
    people += [replace(_card_person(), registered=frozenset({key})) for key in _named(sites, "registered")]
    found: Values = {
        PERSON: people,
        CHANNEL: ["web", "counter", "paper"],
        TODAY: [today, *_days(definition, sites)],
    }
    for path, group in definition.walk():
        if isinstance(group, Group):
            numbers = {max(1, group.min_rows), group.min_rows, *_counts(path, sites)}
            found[path] = sorted((n for n in numbers if 0 <= n <= group.max_rows + 1), key=lambda n: n == 0)
    return found


def _counts(path: str, sites: list[Site]) -> Iterator[int]:
    for site in sites:
        for condition in site.condition.walk():
            if condition.count is not None and resolve(condition.count, site.prefix) == path:
                for name in ("at_least", "at_most", "more_than", "less_than", "is_"):
                    wanted = getattr(condition, name)
                    if isinstance(wanted, int | float):
                        yield from (max(0, int(wanted) - 1), int(wanted), int(wanted) + 1)


def _named(sites: list[Site], fact: str) -> list[str]:
    """The values that conditions compare a fact about the person with."""
    wanted: list[str] = []
    for site in sites:
        for c in site.condition.walk():
            if c.person == fact:
                wanted += [str(v) for v in [*(c.in_ or ()), c.is_] if v is not None]
    return list(dict.fromkeys(wanted))


def _days(definition: Definition, sites: list[Site]) -> list[date]:
    """Fixed days that periods, valid lines and comparisons with today name."""
    texts: list[str | date | None] = []
    trees = [*(site.condition for site in sites), *definition.conditions.values()]
    for condition in (c for tree in trees for c in tree.walk() if c.date is not None):
        texts += [d if isinstance(d, str) else d.of for d in condition.days()]
    if definition.window:
        texts += [p.from_ for p in definition.window.periods] + [p.until for p in definition.window.periods]
    days = []
    for text in texts:
        day = text if isinstance(text, date) else None
        if isinstance(text, str) and text[:1].isdigit():
            day = date.fromisoformat(text)
        if day is not None:
            days += [day - timedelta(days=1), day, day + timedelta(days=1)]
    return list(dict.fromkeys(days))


def _mattering(definition: Definition, sites: list[Site]) -> set[str]:
    """Paths that some condition or fee asks about."""
    found = {PERSON, CHANNEL, TODAY}
    for site in sites:
        found |= _asked(site.condition, site.prefix)
    for condition in definition.conditions.values():
        found |= _asked(condition, "")
    found |= {route.area for route in definition.routing if route.area}
    return found


def _asked(condition: Condition, prefix: str) -> set[str]:
    found = set()
    for path in paths_of(condition):
        full = resolve(path, prefix)
        found |= {full, full.rpartition(".")[0]}
    for outer in condition.walk():
        if outer.where is not None:
            inner = f"{resolve(outer.count or '', prefix)}."
            found |= {resolve(path, inner) for path in paths_of(outer.where)}
    return found


def _closure(definition: Definition, site: Site) -> set[str]:
    """The paths a condition depends on, and those their own visibility depends on."""
    asked = _outside(site.condition, definition)
    todo = list(
        _asked(site.condition, site.prefix)
        | ({site.owner} if site.owner and site.where[-1] != "show_if" else set())
    )
    for condition in site.condition.walk():
        if condition.shared is not None and condition.shared in definition.conditions:
            todo += _asked(definition.conditions[condition.shared], "")
    while todo:
        path = todo.pop()
        if path and path not in asked:
            asked.add(path)
            known = definition.fields.get(path)
            if known is not None and known.show_if is not None:
                todo += _asked(known.show_if, path.rpartition(".")[0] + "." if "." in path else "")
            page = definition.page_of.get(path.partition(".")[0])
            if page is not None and page.show_if is not None:
                todo += _asked(page.show_if, "")
    return asked


def _outside(condition: Condition, definition: Definition) -> set[str]:
    found = set()
    for inner in condition.walk():
        found |= {PERSON} if inner.person else set()
        found |= {CHANNEL} if inner.channel else set()
        found |= {TODAY} if inner.date is not None else set()
        if inner.shared is not None and inner.shared in definition.conditions:
            found |= _outside(definition.conditions[inner.shared], definition)
    return found


def _card_person() -> Person:
    address = {
        "prefecture": "見本県",
        "city": "みほん市",
        "town": "中央",
        "block": "1-2-3",
        "postal": "6000001",
    }
    return Person(
        level="signed", name="見本花子", name_kana="ミホン　ハナコ", birth=date(1990, 4, 1), address=address,
        is_resident_of_city=True,
    )  # fmt: skip
