"""The public API asked with what its own description allows, and with what it does not: schemathesis.

No server error, every answer as the document says, nothing accepted that the document refuses.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import schemathesis
from flask import Flask, jsonify
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from tests.fakes.whole_city import whole_city

EXAMPLES = 120


def prove(url: str, *, control: bool) -> dict[str, Any]:
    """Ask every operation ``EXAMPLES`` times in each mode; the control breaks one of them."""
    with tempfile.TemporaryDirectory() as folder:
        app = whole_city(url, Path(folder))
        if control:
            break_one(app)
        return run(app, examples=40 if control else EXAMPLES, number=Random().getrandbits(32))


def verdict(result: dict[str, Any], *, control: bool) -> list[str]:
    """Return what failed: failures, or a broken operation that was not found."""
    if control:
        return [] if any("api_index" in line for line in result["failures"]) else ["the fault was not found"]
    return list(result["failures"])


def run(app: Flask, *, examples: int, number: int) -> dict[str, Any]:
    """Ask every operation; ``number`` seeds the generators."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    asked, failures, operations = 0, list[str](), 0
    real = real_arguments(app)
    for result in schema.get_all_operations():
        operation = result.ok()
        operations += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and not operation.query:
                continue  # any text is a possible name: there is nothing to break
            for complaint, count in _ask(operation, mode, examples, number, real):
                asked += count
                failures += [f"{operation.label} {mode.value}: {complaint}"] if complaint else []
    return {"operations": operations, "requests": asked, "seed": number, "failures": failures}


def _ask(
    operation: Any, mode: GenerationMode, examples: int, number: int, real: dict[str, list[str]]
) -> list[tuple[str, int]]:
    count, choose = 0, Random(number)

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        nonlocal count
        count += 1
        if mode is GenerationMode.POSITIVE and case.path_parameters and count % 4:
            case.path_parameters = {name: choose.choice(real[name]) for name in case.path_parameters}
        case.call_and_validate()

    try:
        ask()
    except (FailureGroup, AssertionError) as failed:
        told = " ".join(str(failed).split())[:160]
        return [(f"{operation.definition.raw.get('operationId')}: {told}", count)]
    return [("", count)]


def real_arguments(app: Flask) -> dict[str, list[str]]:
    """Return values that exist, so that not every answer is 404."""
    services = app.extensions["madoguchi"]
    rooms = {room.key for facility in services.facilities for room in facility.rooms}
    slugs = [facility.slug for facility in services.facilities] + list(services.library)
    return {"slug": slugs, "key": sorted(rooms)}


def break_one(app: Flask) -> None:
    """Let one operation answer what the document does not say."""
    broken: Callable[[], Any] = lambda: jsonify([{"id": 7}])  # noqa: E731
    guarded = app.view_functions["resident.facilities.api_index"]
    broken.__guard__, broken.__api__ = guarded.__guard__, guarded.__api__  # type: ignore[attr-defined]
    app.view_functions["resident.facilities.api_index"] = broken
